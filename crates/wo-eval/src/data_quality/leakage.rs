//! Videos that a model knows from its training under another name: what it says of them is no figure.

use std::collections::HashMap;

use wo_clip::SplitVideo;
use wo_record::{Suspect, Video};

use crate::data_quality::duplicate_index::Alike;
use crate::data_quality::label_issues::duplicate;
use crate::judge::label_space::Answers;
use crate::judge::prediction::Prediction;
use crate::judge::video_name::name_of;

/// Those that were found, and what they are looked for among.
#[derive(Debug)]
pub(crate) struct Copies {
    /// What the model was trained and chosen on.
    seen_by_model: Alike,
    /// Names of those of its videos that came.
    names: HashMap<String, String>,
    found: Vec<Suspect>,
}

impl Copies {
    /// None yet, of these videos of the model.
    pub(crate) fn of(videos: &[SplitVideo]) -> Self {
        Self {
            seen_by_model: Alike::seen_by_model(videos),
            names: HashMap::new(),
            found: Vec::new(),
        }
    }

    /// Whether none can be found, since the model names no pictures.
    pub(crate) fn are_unknowable(&self) -> bool {
        self.seen_by_model.is_empty()
    }

    /// Takes note of the name of a video that the model was trained or chosen on.
    pub(crate) fn take_name(&mut self, video: &Video) {
        self.names.insert(video.video_id.clone(), name_of(video));
    }

    /// Whether the model knows the frames of a video that is new by its name. Gives what to say of it.
    pub(crate) fn find(&mut self, video: &Prediction, answers: &Answers) -> Option<String> {
        if video.seen {
            return None;
        }
        let hashes = &video.facts.hashes;
        let twin = self
            .seen_by_model
            .twin(&video.video_id, hashes, usize::MAX)?;
        let name = self.names.get(twin.video_id);
        let name = name.map_or(twin.video_id, String::as_str).to_owned();
        let what = format!(
            "most of its frames are those of {name}, which the model was trained or chosen on"
        );
        self.found.push(duplicate(video, answers, twin.part, name));
        Some(what)
    }

    /// All that were found.
    pub(crate) fn into_suspects(self) -> Vec<Suspect> {
        self.found
    }
}
