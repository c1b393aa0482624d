//! Leakage check: training videos that come back under another name.

use std::collections::HashMap;

use wo_clip::SplitVideo;
use wo_record::{Suspect, Video};

use crate::data_quality::duplicate_index::DuplicateIndex;
use crate::data_quality::label_issues::duplicate;
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::judge::video_name::name_of;

/// The duplicates found, and the index that is searched.
#[derive(Debug)]
pub(crate) struct LeakageCheck {
    /// What the model was trained and chosen on.
    seen_by_model: DuplicateIndex,
    /// The names of training videos in the input.
    names: HashMap<String, String>,
    found: Vec<Suspect>,
}

impl LeakageCheck {
    /// An index of the model's videos.
    pub(crate) fn of(videos: &[SplitVideo]) -> Self {
        Self {
            seen_by_model: DuplicateIndex::seen_by_model(videos),
            names: HashMap::new(),
            found: Vec::new(),
        }
    }

    /// Whether duplicates cannot be found, since the model has no hashes.
    pub(crate) fn has_no_hashes(&self) -> bool {
        self.seen_by_model.is_empty()
    }

    /// Records the name of a training video.
    pub(crate) fn take_name(&mut self, video: &Video) {
        self.names.insert(video.video_id.clone(), name_of(video));
    }

    /// Whether the model was trained on the frames of a renamed video. Returns the message.
    pub(crate) fn find(&mut self, video: &Prediction, space: &LabelSpace) -> Option<String> {
        if video.seen {
            return None;
        }
        let hashes = &video.facts.hashes;
        let found = self
            .seen_by_model
            .duplicate_of(&video.video_id, hashes, usize::MAX)?;
        let name = self.names.get(found.video_id);
        let name = name.map_or(found.video_id, String::as_str).to_owned();
        let what = format!(
            "most of its frames are those of {name}, which the model was trained or chosen on"
        );
        self.found.push(duplicate(video, space, found.part, name));
        Some(what)
    }

    /// All leaked videos, as suspects.
    pub(crate) fn into_suspects(self) -> Vec<Suspect> {
        self.found
    }
}
