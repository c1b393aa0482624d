//! `wo.json`: what a model stores about itself beyond CLIP's own files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wo_record::{BAD_FORM, Group, LearningCurve, Name, Video, group_of};

use crate::abstention::AbstentionPolicy;
use crate::model::pooling::Pooling;

/// A class: what a video can be judged to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Class {
    /// The exercise.
    pub exercise: Name,
    /// The label.
    pub label: Name,
    /// The faults, sorted; empty for good form, and for bad form with unknown faults.
    pub faults: Vec<Name>,
}

impl Class {
    /// The faults of a verdict: those of the most probable class with this exercise and label; empty unless the form is
    /// bad. Only classes that match the verdict count, so that it never names a fault of another exercise.
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

/// The split of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The weights were trained on it.
    Train,
    /// The epoch and other choices were made on it.
    Validation,
    /// It was held out.
    Test,
}

/// A video of the training run, and its split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitVideo {
    /// The video's id.
    pub video_id: String,
    /// Its group.
    pub group: Group,
    /// Its own person or source, if near-duplicates joined it to another group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_group: Option<Group>,
    /// Its split.
    pub split: Split,
    /// Its exercise.
    pub exercise: Name,
    /// Its label.
    pub label: Name,
    /// Its faults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Name>,
    /// Its camera angle, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub angle: Option<Name>,
    /// Its length, for the duration baseline.
    pub duration_ms: Option<f64>,
    /// Perceptual hashes of its frames, in hexadecimal, to recognize training frames.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<String>,
    /// What its frames are recognized by after they were mirrored, cropped or framed by bars. Older models have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
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
            fingerprint: None,
        }
    }
}

/// The content of `wo.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of `wo-train` that wrote it.
    pub version: String,
    /// The base model.
    pub init: String,
    /// The classes that it judges by.
    pub classes: Vec<Class>,
    /// The captions of each class, in the order of the classes.
    pub prompts: Vec<Vec<String>>,
    /// How the logits of frames become those of a video.
    #[serde(default)]
    pub pooling: Pooling,
    /// The head of a linear probe: a weight vector per class instead of its captions. Logits are the features of a
    /// frame times these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Vec<Vec<f32>>>,
    /// When it abstains, where there were videos to measure that on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<AbstentionPolicy>,
    /// The learning curve, where there were enough videos.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_curve: Option<LearningCurve>,
    /// All labelled videos of the run.
    pub videos: Vec<SplitVideo>,
    /// The hyperparameters of the run.
    pub arguments: serde_json::Value,
    /// Its metrics.
    pub metrics: BTreeMap<String, f64>,
    /// BLAKE3 of the weights and the optimizer state after the last step, to compare runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_hash: Option<String>,
}

impl Manifest {
    /// The split of `video` or its group; `None` if training had neither.
    pub fn split_of(&self, video: &Video) -> Option<Split> {
        self.known(video).map(|known| known.split)
    }

    /// The group of `video`, as joined in training.
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

    /// Whether the model was trained or chosen on `video` or another video of its group.
    pub fn has_seen(&self, video: &Video) -> bool {
        matches!(self.split_of(video), Some(Split::Train | Split::Validation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_abstention_policy_of_older_models_is_read() {
        let older = r#"{
            "version": "0.1.0", "init": "tiny", "classes": [], "prompts": [], "videos": [], "arguments": {}, "metrics": {},
            "trust": {
                "temperature": 1.5, "wanted_risk": 0.1, "threshold": 0.8, "n_groups": 12, "measured_on": "validation",
                "min_exercise_probability": 0.4, "min_sharpness": null, "min_brightness": null
            }
        }"#;
        let manifest: Manifest = serde_json::from_str(older).expect("an older wo.json");
        assert_eq!(manifest.trust.and_then(|it| it.threshold), Some(0.8));
    }

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
