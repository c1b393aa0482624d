//! What earlier runs knew of a video.

use std::path::PathBuf;

use wo_record::Video;

use crate::input::keys::Keys;
use crate::input::labels::Labels;

/// What earlier runs knew of a video.
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

/// What is said of a video.
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
