//! What becomes of the records that earlier runs left in a folder.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use wo_record::{Frame, Image, Record, RecordPath, Video};

use crate::labels::absolute;

/// What this run puts in the place of earlier records.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    replaced: HashSet<String>,
    updated: HashMap<String, Video>,
    tried: HashSet<PathBuf>,
    stored: HashSet<PathBuf>,
    /// The folders given, absolute.
    folders: Vec<PathBuf>,
    /// Whether what is gone from them goes too.
    prunes: bool,
    /// Videos and failed files that are gone and stay.
    n_gone: (usize, usize),
}

impl Merge {
    /// Of a run over these folders; with `prunes` it also takes away what belongs to files that are gone from them.
    pub(crate) fn of(folders: &[PathBuf], prunes: bool) -> Self {
        Self {
            folders: folders.iter().map(|path| absolute(path)).collect(),
            prunes,
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

    /// The video is as it was, but may lie elsewhere or belong to another group.
    pub(crate) fn updates(&mut self, video: &Video) {
        self.updated.insert(video.video_id.clone(), video.clone());
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

    /// Whether an earlier record stays.
    pub(crate) fn keeps(&mut self, record: &Record) -> bool {
        match record {
            Record::Begin(_) | Record::End(_) => false,
            Record::Video(video) => {
                let is_met = self.updated.contains_key(&video.video_id)
                    || self.replaced.contains(&video.video_id);
                if !is_met && self.is_gone(video.path.as_ref()) {
                    if self.prunes {
                        self.replaces(&video.video_id);
                    } else {
                        self.n_gone.0 += 1;
                    }
                }
                !self.replaced.contains(&video.video_id)
            }
            Record::Frame(frame) => !self.replaced.contains(&frame.video_id),
            Record::Error(failure) => {
                let path = failure.path.as_ref();
                let id = failure.video_id.as_ref();
                if path.is_some_and(|path| self.tried.contains(&absolute(path.as_path())))
                    || id.is_some_and(|id| self.replaced.contains(id))
                {
                    return false;
                }
                let is_gone = self.is_gone(path);
                self.n_gone.1 += usize::from(is_gone && !self.prunes);
                !(is_gone && self.prunes)
            }
            _ => true,
        }
    }

    /// True for a file of the folders given that is not there any more.
    fn is_gone(&self, path: Option<&RecordPath>) -> bool {
        let Some(path) = path.map(|path| absolute(path.as_path())) else {
            return false;
        };
        self.folders.iter().any(|folder| path.starts_with(folder)) && !path.exists()
    }

    /// Says what is gone and stays.
    pub(crate) fn say_gone(&self) {
        let (n_videos, n_failed) = self.n_gone;
        if n_videos + n_failed > 0 {
            wo_cli::warn!(
                "of files that are gone stay the frames of {n_videos} and the errors of {n_failed}\nhint: the same command with --prune takes them away"
            );
        }
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
