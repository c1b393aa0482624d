//! Leakage check: training videos that come back under another name.

use std::collections::HashMap;

use wo_clip::SplitVideo;
use wo_record::{Suspect, Video};

use crate::data_quality::duplicate_index::DuplicateIndex;
use crate::data_quality::label_issues::duplicate;
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::judge::video_name::name_of;
use crate::render::sentences::verdict::copied_in_words;

/// The duplicates found, and the index that is searched.
#[derive(Debug)]
pub(crate) struct LeakageCheck {
    /// What the model was trained and chosen on.
    seen_by_model: DuplicateIndex,
    /// The names of training videos in the input.
    names: HashMap<String, String>,
    found: Vec<Suspect>,
}

/// A new video that shows the frames of a training video.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leak {
    /// The name of the training video.
    pub(crate) name: String,
    /// The message.
    pub(crate) what: String,
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

    /// Whether the model was trained on the frames of a video under another name.
    pub(crate) fn find(&mut self, video: &Prediction, space: &LabelSpace) -> Option<Leak> {
        if video.seen {
            return None;
        }
        let found = self
            .seen_by_model
            .duplicate_of(&video.video_id, &video.facts, usize::MAX)?;
        let name = self.names.get(found.video_id);
        let name = name.map_or(found.video_id, String::as_str).to_owned();
        let suspect = duplicate(video, space, found.part, name.clone());
        self.found.push(suspect);
        let what = copied_in_words(&name);
        Some(Leak { name, what })
    }

    /// All leaked videos, as suspects.
    pub(crate) fn into_suspects(self) -> Vec<Suspect> {
        self.found
    }
}
