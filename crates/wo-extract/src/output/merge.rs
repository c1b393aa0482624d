//! Which records of earlier runs stay in a folder.

pub(super) mod gone;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use wo_record::{Frame, Image, Record, RecordPath, Video};

use crate::input::paths::absolute;
use crate::output::earlier::Earlier;
use gone::{Amount, UnmountedSign, in_doubt, is_gone};

/// Which frames and errors of missing files are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prune {
    /// Those of missing files, unless most videos are missing or an exercise's folder is empty.
    Gone,
    /// Those of all missing files.
    All,
}

/// Which earlier records this run replaces, updates or deletes.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    replaced: HashSet<String>,
    updated: HashMap<String, Video>,
    /// Videos whose labels in several places contradict each other.
    in_conflict: HashSet<String>,
    tried: HashSet<PathBuf>,
    stored: HashSet<PathBuf>,
    /// The given folders, absolute.
    folders: Vec<PathBuf>,
    /// Whether records of missing files are deleted.
    prune: Option<Prune>,
    /// Signs that the disk is missing and not the files.
    doubts: Vec<UnmountedSign>,
    /// Missing videos whose records are deleted.
    pruned: HashSet<String>,
    /// Records of missing files that are deleted.
    gone: Amount,
    /// Records of missing files that stay.
    left: Amount,
}

impl Merge {
    /// For a run over these folders; with `prune` it deletes the records of files missing from them.
    pub(crate) fn of(folders: &[PathBuf], prune: Option<Prune>) -> Self {
        Self {
            folders: folders.iter().map(|path| absolute(path)).collect(),
            prune,
            ..Self::default()
        }
    }

    /// Notes that the file at `path` was tried: an earlier error about it is outdated.
    pub(crate) fn tried(&mut self, path: &Path) {
        self.tried.insert(absolute(path));
    }

    /// Notes that the video was taken: its earlier records are outdated.
    pub(crate) fn replaces(&mut self, video_id: &str) {
        self.replaced.insert(video_id.to_owned());
    }

    /// Notes a video with contradicting labels: its frames are deleted, and the errors about its places stay.
    pub(crate) fn leaves_out(&mut self, video_id: &str) {
        self.replaces(video_id);
        self.in_conflict.insert(video_id.to_owned());
    }

    /// Notes a known video, which may have moved or belong to another group.
    pub(crate) fn updates(&mut self, video: &Video) {
        self.updated.insert(video.video_id.clone(), video.clone());
    }

    /// The video of an earlier run that this run found unchanged.
    pub(crate) fn updated(&self, video_id: &str) -> Option<&Video> {
        self.updated.get(video_id)
    }

    /// Whether this run wrote the image at `path`.
    pub(crate) fn has_stored(&self, path: &Path) -> bool {
        self.stored.contains(path)
    }

    /// Notes that this run wrote the image of the frame.
    pub(crate) fn stored(&mut self, frame: &Frame) {
        if let Image::File { path, .. } = &frame.image {
            self.stored.insert(path.as_path().to_owned());
        }
    }

    /// Whether a file lies in one of the given folders, so that this run looked for it.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        let path = absolute(path);
        self.folders.iter().any(|folder| path.starts_with(folder))
    }

    /// Decides, when all sources were seen, whether so much is missing that the disk may be unmounted.
    pub(crate) fn weigh(&mut self, videos: &HashMap<String, Earlier>) {
        let places: Vec<(PathBuf, bool)> = videos
            .iter()
            .filter_map(|(id, video)| Some((absolute(video.path.as_ref()?), self.has_met(id))))
            .collect();
        self.doubts = self
            .folders
            .iter()
            .filter_map(|folder| in_doubt(folder, &places))
            .collect();
    }

    /// Whether this run knows what becomes of a video.
    pub(super) fn has_met(&self, video_id: &str) -> bool {
        self.updated.contains_key(video_id) || self.replaced.contains(video_id)
    }

    /// Whether records of missing files are deleted.
    fn prunes(&self) -> bool {
        match self.prune {
            None => false,
            Some(Prune::Gone) => self.doubts.is_empty(),
            Some(Prune::All) => true,
        }
    }

    /// Whether records should have been deleted and stay, since the disk may be unmounted.
    pub(crate) fn has_refused(&self) -> bool {
        self.prune.is_some() && !self.left.is_nothing()
    }

    /// Whether an earlier record stays.
    pub(crate) fn keeps(&mut self, record: &Record) -> bool {
        match record {
            Record::Begin(_) | Record::End(_) => false,
            Record::Video(video) => {
                if !self.has_met(&video.video_id) && self.is_gone(video.path.as_ref()) {
                    self.meet_gone().videos += 1;
                    if self.prunes() {
                        self.pruned.insert(video.video_id.clone());
                        self.replaces(&video.video_id);
                    }
                }
                !self.replaced.contains(&video.video_id)
            }
            Record::Frame(frame) => {
                self.gone.frames += usize::from(self.pruned.contains(&frame.video_id));
                !self.replaced.contains(&frame.video_id)
            }
            Record::Error(failure) => {
                let path = failure.path.as_ref();
                let id = failure.video_id.as_ref();
                if path.is_some_and(|path| self.tried.contains(&absolute(path.as_path())))
                    || id.is_some_and(|id| self.outdates_errors_of(id))
                {
                    return false;
                }
                // What has no id never was a video, wherever it lay.
                let never_was = id.is_none() && self.prune.is_some();
                let is_nowhere = path.is_some_and(|path| is_gone(path.as_path()));
                if !(self.is_gone(path) || never_was && is_nowhere) {
                    return true;
                }
                self.meet_gone().errors += 1;
                !self.prunes()
            }
            _ => true,
        }
    }

    /// Whether this run has a newer result for a video.
    fn outdates_errors_of(&self, video_id: &str) -> bool {
        self.replaced.contains(video_id) && !self.in_conflict.contains(video_id)
    }

    /// The counter for a record of a missing file.
    fn meet_gone(&mut self) -> &mut Amount {
        if self.prunes() {
            &mut self.gone
        } else {
            &mut self.left
        }
    }

    /// Whether a file of the given folders is missing.
    fn is_gone(&self, path: Option<&RecordPath>) -> bool {
        path.is_some_and(|path| self.covers(path.as_path()) && is_gone(&absolute(path.as_path())))
    }

    /// Reports which records of missing files stay, and which were deleted.
    pub(crate) fn say_gone(&self) {
        if !self.gone.is_nothing() {
            wo_cli::warn!("--prune deletes what missing files left: {}", self.gone);
        }
        if self.left.is_nothing() {
            return;
        }
        let left = self.left.staying();
        if self.doubts.is_empty() {
            wo_cli::warn!(
                "{left}";
                "the same command with --prune deletes it"
            );
            return;
        }
        let doubts: Vec<String> = self.doubts.iter().map(ToString::to_string).collect();
        wo_cli::warn!(
            "{left}: {}, so their disk may be unmounted, or wo-extract ran in another folder before",
            doubts.join("; ");
            "the same command with --prune=all deletes it anyway"
        );
    }

    /// An earlier record updated by this run; for a video also its number of frames.
    pub(crate) fn renewed(&self, record: &Record, n_frames: Option<u32>) -> Option<Record> {
        let Record::Video(earlier) = record else {
            return None;
        };
        let mut renewed = earlier.clone();
        if let Some(now) = self.updated.get(&earlier.video_id) {
            renewed.path.clone_from(&now.path);
            renewed.source_id.clone_from(&now.source_id);
            renewed.person_id.clone_from(&now.person_id);
            renewed.angle.clone_from(&now.angle);
        }
        if renewed.n_frames.is_some() {
            renewed.n_frames = n_frames.or(renewed.n_frames);
        }
        (renewed != *earlier).then_some(Record::Video(renewed))
    }
}
