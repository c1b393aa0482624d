//! What becomes of the records that earlier runs left in a folder.

pub(super) mod gone;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use wo_record::{Frame, Image, Record, RecordPath, Video};

use crate::input::paths::absolute;
use crate::output::earlier::Earlier;
use gone::{Amount, Doubt, in_doubt, is_gone};

/// What of files that are no longer there is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prune {
    /// What is gone, unless most videos are or an exercise's folder is empty: then their disk may be missing.
    Gone,
    /// All that is not there.
    All,
}

/// What this run puts in the place of earlier records.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    replaced: HashSet<String>,
    updated: HashMap<String, Video>,
    /// Videos of which different things are said in several places.
    in_conflict: HashSet<String>,
    tried: HashSet<PathBuf>,
    stored: HashSet<PathBuf>,
    /// The folders given, absolute.
    folders: Vec<PathBuf>,
    /// Whether what is gone from them is to go too.
    prune: Option<Prune>,
    /// Why it looks as if files were not gone, but their disk.
    doubts: Vec<Doubt>,
    /// Videos that are gone and go from the records.
    pruned: HashSet<String>,
    /// What goes with files that are gone.
    gone: Amount,
    /// What stays of files that are gone.
    left: Amount,
}

impl Merge {
    /// Of a run over these folders; with `prune` it also takes away what belongs to files that are gone from them.
    pub(crate) fn of(folders: &[PathBuf], prune: Option<Prune>) -> Self {
        Self {
            folders: folders.iter().map(|path| absolute(path)).collect(),
            prune,
            ..Self::default()
        }
    }

    /// The file at `path` was tried: an earlier error about it is out of date.
    pub(crate) fn tried(&mut self, path: &Path) {
        self.tried.insert(absolute(path));
    }

    /// The video was taken: its earlier records are out of date.
    pub(crate) fn replaces(&mut self, video_id: &str) {
        self.replaced.insert(video_id.to_owned());
    }

    /// Different things are said of the video: what is there under one label goes, and its other places stay in the records.
    pub(crate) fn leaves_out(&mut self, video_id: &str) {
        self.replaces(video_id);
        self.in_conflict.insert(video_id.to_owned());
    }

    /// The video is as it was, but may lie elsewhere or belong to another group.
    pub(crate) fn updates(&mut self, video: &Video) {
        self.updated.insert(video.video_id.clone(), video.clone());
    }

    /// A video of an earlier run that this one met and left as it was.
    pub(crate) fn updated(&self, video_id: &str) -> Option<&Video> {
        self.updated.get(video_id)
    }

    /// Whether the picture at `path` is one of this run.
    pub(crate) fn has_stored(&self, path: &Path) -> bool {
        self.stored.contains(path)
    }

    /// The picture of the frame is one of this run.
    pub(crate) fn stored(&mut self, frame: &Frame) {
        if let Image::File { path, .. } = &frame.image {
            self.stored.insert(path.as_path().to_owned());
        }
    }

    /// Whether a file is of the folders given, so that this run looked at it where it is there.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        let path = absolute(path);
        self.folders.iter().any(|folder| path.starts_with(folder))
    }

    /// Looks, when all sources were met, whether so much is gone that rather the disk of the videos may be.
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

    /// Whether what is gone goes.
    fn prunes(&self) -> bool {
        match self.prune {
            None => false,
            Some(Prune::Gone) => self.doubts.is_empty(),
            Some(Prune::All) => true,
        }
    }

    /// Whether something was to go and stays, since its disk may not be there.
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

    /// Whether this run knows better what came of a video.
    fn outdates_errors_of(&self, video_id: &str) -> bool {
        self.replaced.contains(video_id) && !self.in_conflict.contains(video_id)
    }

    /// Where something is counted that is gone.
    fn meet_gone(&mut self) -> &mut Amount {
        if self.prunes() {
            &mut self.gone
        } else {
            &mut self.left
        }
    }

    /// True for a file of the folders given that is not there any more.
    fn is_gone(&self, path: Option<&RecordPath>) -> bool {
        path.is_some_and(|path| self.covers(path.as_path()) && is_gone(&absolute(path.as_path())))
    }

    /// Says what is gone and stays, and what went.
    pub(crate) fn say_gone(&self) {
        if !self.gone.is_nothing() {
            wo_cli::warn!(
                "--prune takes away what files that are gone left: {}",
                self.gone
            );
        }
        if self.left.is_nothing() {
            return;
        }
        let left = self.left.staying();
        if self.doubts.is_empty() {
            wo_cli::warn!("{left}\nhint: the same command with --prune takes that away");
            return;
        }
        let doubts: Vec<String> = self.doubts.iter().map(ToString::to_string).collect();
        wo_cli::warn!(
            "{left}: {}, so that their disk may be missing, or this is not the folder in which wo-extract ran before\n\
             hint: the same command with --prune=all takes that away all the same",
            doubts.join("; ")
        );
    }

    /// An earlier record with what this run knows better; of a video also how many frames stay.
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
