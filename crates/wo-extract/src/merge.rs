//! What becomes of the records that earlier runs left in a folder.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use wo_record::{Frame, Image, Record, Video};

/// What this run puts in the place of earlier records.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    replaced: HashSet<String>,
    updated: HashMap<String, Video>,
    tried: HashSet<PathBuf>,
    stored: HashSet<PathBuf>,
    pruned: Vec<PathBuf>,
}

impl Merge {
    /// Of a run that also takes away the videos that are gone from these folders.
    pub(crate) fn pruning(folders: &[PathBuf]) -> Self {
        Self {
            pruned: folders.to_vec(),
            ..Self::default()
        }
    }

    /// The file at `path` was tried: an earlier error about it is out of date.
    pub(crate) fn tried(&mut self, path: &Path) {
        self.tried.insert(path.to_owned());
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
                if self.is_gone(video) {
                    self.replaces(&video.video_id);
                }
                !self.replaced.contains(&video.video_id)
            }
            Record::Frame(frame) => !self.replaced.contains(&frame.video_id),
            Record::Error(failure) => {
                !failure
                    .path
                    .as_ref()
                    .is_some_and(|path| self.tried.contains(path.as_path()))
                    && !failure
                        .video_id
                        .as_ref()
                        .is_some_and(|id| self.replaced.contains(id))
            }
            _ => true,
        }
    }

    /// True for a video of a pruned folder that this run did not meet.
    fn is_gone(&self, video: &Video) -> bool {
        let Some(path) = &video.path else {
            return false;
        };
        let path = path.as_path();
        !self.updated.contains_key(&video.video_id)
            && self.pruned.iter().any(|folder| path.starts_with(folder))
            && !path.exists()
    }

    /// An earlier record with what this run knows better.
    pub(crate) fn renewed(&self, record: &Record) -> Option<Record> {
        let Record::Video(earlier) = record else {
            return None;
        };
        let now = self.updated.get(&earlier.video_id)?;
        let renewed = Video {
            path: now.path.clone(),
            source_id: now.source_id.clone(),
            person_id: now.person_id.clone(),
            angle: now.angle.clone(),
            ..earlier.clone()
        };
        (renewed != *earlier).then_some(Record::Video(renewed))
    }
}
