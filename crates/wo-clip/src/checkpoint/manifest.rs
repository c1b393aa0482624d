//! `wo.json`: what a model needs to know of itself beyond CLIP's own files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wo_record::{BAD_FORM, Group, LearningCurve, Name, Video, group_of};

use crate::model::pooling::Pooling;
use crate::trust::Trust;

/// One thing that a video can be judged to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Class {
    /// The exercise.
    pub exercise: Name,
    /// The label.
    pub label: Name,
    /// The faults, sorted; none for good form, and for bad form of which no more is known.
    pub faults: Vec<Name>,
}

impl Class {
    /// The faults that a verdict names: those of the most probable class of bad form in the exercise that it names; none
    /// where it calls the form another. Only classes that fit the verdict count, so that it never names a fault of another
    /// exercise.
    pub fn faults_of<'a>(
        classes: &'a [Self],
        probabilities: &[f64],
        exercise: &Name,
        label: &Name,
    ) -> &'a [Name] {
        if label.as_str() != BAD_FORM {
            return &[];
        }
        classes
            .iter()
            .zip(probabilities)
            .filter(|(class, _)| class.label == *label && class.exercise == *exercise)
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map_or(&[], |(class, _)| &class.faults)
    }
}

/// Which part of the data a video was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The weights were fitted to it.
    Train,
    /// The epoch and other choices were made by it.
    Validation,
    /// Nothing was chosen by it.
    Test,
}

/// A video of the training run's input, and where it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitVideo {
    /// The video's id.
    pub video_id: String,
    /// What it was kept together with.
    pub group: Group,
    /// Its own person or source, where the group is another: near-duplicates joined the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_group: Option<Group>,
    /// Where it went.
    pub split: Split,
    /// Its exercise.
    pub exercise: Name,
    /// Its label.
    pub label: Name,
    /// Its faults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Name>,
    /// From where it was filmed, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub angle: Option<Name>,
    /// Its length, for the baseline that looks at nothing else.
    pub duration_ms: Option<f64>,
    /// Perceptual hashes of its frames, in hexadecimal, so that pictures that were trained on are known again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<String>,
}

impl SplitVideo {
    /// A video of which no more than this is known.
    pub fn new(
        video_id: impl Into<String>,
        group: Group,
        split: Split,
        exercise: Name,
        label: Name,
    ) -> Self {
        Self {
            video_id: video_id.into(),
            group,
            own_group: None,
            split,
            exercise,
            label,
            faults: Vec::new(),
            angle: None,
            duration_ms: None,
            hashes: Vec::new(),
        }
    }
}

/// The content of `wo.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of `wo-train` that wrote it.
    pub version: String,
    /// What the model was initialised from.
    pub init: String,
    /// The classes that it judges by.
    pub classes: Vec<Class>,
    /// The captions of each class, in the order of the classes.
    pub prompts: Vec<Vec<String>>,
    /// How frames become a video.
    #[serde(default)]
    pub pooling: Pooling,
    /// A weight vector for each class in place of what its captions say: logits are the features of a frame times these.
    /// Only a linear probe has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Vec<Vec<f32>>>,
    /// How far its word is to be taken, where there were videos to measure it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
    /// What more videos would bring, where there were enough to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_curve: Option<LearningCurve>,
    /// All labelled videos of the run's input.
    pub videos: Vec<SplitVideo>,
    /// The arguments of the run.
    pub arguments: serde_json::Value,
    /// Its last figures.
    pub metrics: BTreeMap<String, f64>,
    /// BLAKE3 of the weights and the state of the optimiser after the last step: two runs that did the same have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_hash: Option<String>,
}

impl Manifest {
    /// Where `video` or its group was in training: `None` when neither was there.
    pub fn split_of(&self, video: &Video) -> Option<Split> {
        self.known(video).map(|known| known.split)
    }

    /// The group of `video`: that which its own person or source was joined to in training, where it was.
    pub fn group_of(&self, video: &Video) -> Group {
        self.known(video)
            .map_or_else(|| group_of(video), |known| known.group.clone())
    }

    /// The video itself, else the last one of its group.
    fn known(&self, video: &Video) -> Option<&SplitVideo> {
        let group = group_of(video);
        let is_same = |known: &&SplitVideo| known.video_id == video.video_id;
        let is_kin =
            |known: &&SplitVideo| known.group == group || known.own_group.as_ref() == Some(&group);
        let mut videos = self.videos.iter();
        videos
            .clone()
            .find(is_same)
            .or_else(|| videos.rfind(is_kin))
    }

    /// Whether anything about the model was fitted to or chosen by `video` or another video of its group.
    pub fn has_seen(&self, video: &Video) -> bool {
        matches!(self.split_of(video), Some(Split::Train | Split::Validation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_was_joined_to_another_is_known() {
        let anna = || Group::of_text("person:anna");
        let video = |id: &str, own: Option<&str>| SplitVideo {
            own_group: own.map(Group::of_text),
            ..SplitVideo::new(
                id,
                anna(),
                Split::Validation,
                "squat".into(),
                "good_form".into(),
            )
        };
        let manifest = Manifest {
            version: String::new(),
            init: String::new(),
            classes: Vec::new(),
            prompts: Vec::new(),
            pooling: Pooling::default(),
            head: None,
            trust: None,
            learning_curve: None,
            videos: vec![video("a", None), video("b", Some("person:ben"))],
            arguments: serde_json::Value::Null,
            metrics: BTreeMap::new(),
            run_hash: None,
        };
        let of = |person: &str| Video {
            video_id: "new".to_owned(),
            person_id: Some(person.to_owned()),
            ..Video::default()
        };
        for person in ["anna", "ben"] {
            assert!(manifest.has_seen(&of(person)), "{person}");
            assert_eq!(manifest.group_of(&of(person)).as_str(), "person:anna");
        }
        assert_eq!(manifest.split_of(&of("clara")), None);
        assert_eq!(manifest.group_of(&of("clara")).as_str(), "person:clara");
    }
}
