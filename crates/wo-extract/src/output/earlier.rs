//! What the records of a folder say about earlier runs.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use wo_folder::{Corrections, DeletedByHand, DeletedFrames, RECORDS, for_each_line};
use wo_record::{Failure, Line, Record, Video, code};

use crate::input::keys::Keys;
use crate::input::labels::Labels;

/// What the records of a folder say of earlier runs.
#[derive(Debug, Default)]
pub(super) struct EarlierRecords {
    pub(super) videos: HashMap<String, Earlier>,
    /// The ids of files that failed.
    failed: HashSet<String>,
    /// By id: the places of videos that were excluded, since their labels contradict each other.
    conflicts: HashMap<String, Vec<PathBuf>>,
}

impl EarlierRecords {
    /// Reads the records of a folder. Frames that people deleted go from `deleted_frames` into the trash, or come back.
    pub(super) fn read(
        dir: &Path,
        corrections: &Corrections,
        deleted_frames: &mut DeletedFrames,
        by_hand: DeletedByHand,
    ) -> anyhow::Result<Self> {
        let mut earlier = Self::default();
        for_each_line(&dir.join(RECORDS), |line| {
            match &line.record {
                Ok(Record::Video(video)) => {
                    let id = video.video_id.clone();
                    earlier.videos.insert(id, Earlier::of(video));
                }
                Ok(Record::Frame(frame)) => {
                    let frame = frame.clone();
                    let video = earlier.videos.get_mut(&frame.video_id);
                    let path = video.as_ref().and_then(|video| video.path.clone());
                    let corrected = corrections.correct(&mut frame.clone(), path.as_deref(), None);
                    let is_gone = deleted_frames.meet(&frame, line, corrected.kept, by_hand);
                    if let Some(video) = video {
                        video.n_frames += u32::from(!is_gone);
                    }
                }
                Ok(Record::Error(failure)) => {
                    earlier.failed.extend(failure.video_id.clone());
                    if let Some((video_id, path)) = place_of_conflict(failure) {
                        earlier.conflicts.entry(video_id).or_default().push(path);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        for (video_id, frames) in deleted_frames.restored() {
            if let Some(video) = earlier.videos.get_mut(video_id) {
                video.n_frames += frames.len() as u32;
            }
        }
        Ok(earlier)
    }

    /// Whether an earlier run took the video.
    pub(super) fn has(&self, video_id: &str) -> bool {
        self.videos.contains_key(video_id) || self.failed.contains(video_id)
    }

    /// By id: the places of the videos that were excluded, since their labels contradict each other.
    pub(super) fn conflicts(&self) -> &HashMap<String, Vec<PathBuf>> {
        &self.conflicts
    }

    /// The places of a video that was excluded, since its labels contradict each other.
    pub(super) fn places_in_conflict(&self, video_id: &str) -> &[PathBuf] {
        self.conflicts.get(video_id).map_or(&[], Vec::as_slice)
    }
}

/// What earlier runs recorded about a video.
#[derive(Debug)]
pub(crate) struct Earlier {
    /// Where it lay.
    pub(crate) path: Option<PathBuf>,
    /// Its exercise and label.
    pub(crate) labels: Labels,
    /// Who is in it, and what else a split needs.
    pub(crate) keys: Keys,
    /// How many frames of it stay.
    pub(super) n_frames: u32,
}

impl Earlier {
    /// By its record.
    pub(super) fn of(video: &Video) -> Self {
        let (labels, keys) = said_of(video);
        Self {
            path: video.path.as_ref().map(|path| path.as_path().to_owned()),
            labels,
            keys,
            n_frames: 0,
        }
    }
}

/// The labels and keys of a video.
pub(crate) fn said_of(video: &Video) -> (Labels, Keys) {
    let labels = Labels {
        exercise: video.exercise.clone(),
        label: video.label.clone(),
    };
    let keys = Keys {
        person_id: video.person_id.clone(),
        source_id: video.source_id.clone(),
        angle: video.angle.clone(),
    };
    (labels, keys)
}

/// The id and the place of a video that was excluded, since its labels contradict each other.
fn place_of_conflict(failure: &Failure) -> Option<(String, PathBuf)> {
    let is_conflict = failure.code == code::LABEL_CONFLICT;
    let (id, path) = failure.video_id.as_ref().zip(failure.path.as_ref())?;
    is_conflict.then(|| (id.clone(), path.as_path().to_owned()))
}

/// The ids that the records of a folder name.
pub(super) fn ids_of_records(dir: &Path) -> anyhow::Result<HashSet<String>> {
    let mut ids = HashSet::new();
    for_each_line(&dir.join(RECORDS), |line| {
        ids.extend(video_id(&line));
        Ok(())
    })?;
    Ok(ids)
}

/// The id in the record of a video, or of a file that failed.
pub(super) fn video_id(line: &Line) -> Option<String> {
    match &line.record {
        Ok(Record::Video(video)) => Some(video.video_id.clone()),
        Ok(Record::Error(failure)) => failure.video_id.clone(),
        _ => None,
    }
}
