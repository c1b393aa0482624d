//! `wo.json`: what a model stores about itself beyond CLIP's own files.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};
use wo_record::{BAD_FORM, Base, Group, GroupBy, LearningCurve, Name, Video, keys_of};

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
    /// Its person and its source, as far as they are known. Older models have one of them, as `own_group`, and only where it
    /// is not the group.
    #[serde(
        default,
        alias = "own_group",
        deserialize_with = "one_or_several",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub keys: Vec<Group>,
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
            keys: Vec::new(),
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

    /// All that it is known by: its person, its source and its group.
    fn known_by(&self) -> impl Iterator<Item = &Group> {
        self.keys.iter().chain([&self.group])
    }

    /// Whether its person is known.
    pub fn has_person(&self) -> bool {
        self.has(Group::is_person)
    }

    /// Whether its source is known.
    pub fn has_source(&self) -> bool {
        self.has(Group::is_source)
    }

    /// Older models have only the group of most videos.
    fn has(&self, is_kind: fn(&Group) -> bool) -> bool {
        self.keys.iter().any(is_kind) || (self.keys.is_empty() && is_kind(&self.group))
    }

    /// Whether the model was trained or chosen on it.
    pub fn is_seen(&self) -> bool {
        self.split != Split::Test
    }
}

/// One group, or a list of them.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Group>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Groups {
        Several(Vec<Group>),
        One(Option<Group>),
    }
    Ok(match Groups::deserialize(deserializer)? {
        Groups::Several(groups) => groups,
        Groups::One(group) => group.into_iter().collect(),
    })
}

/// The content of `wo.json`.
// More than 12 fields: a file on disk is flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of `wo-train` that wrote it.
    pub version: String,
    /// The base model.
    pub init: String,
    /// Its commit and why it was taken. Older models do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
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
    /// By what groups are made. Older models do not say: theirs are made by person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_by: Option<GroupBy>,
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
    /// By what groups are made.
    pub fn group_by(&self) -> GroupBy {
        self.group_by.unwrap_or(GroupBy::Person)
    }

    /// What to keep in mind with each metric, for its base model, as a code.
    pub fn caution(&self) -> Option<&str> {
        self.base.as_ref()?.caution.as_deref()
    }

    /// By what the model knows `video`, if it was trained or chosen on it: the video itself, else a key that joins it to a
    /// video of training or validation.
    pub fn seen_by(&self, video: &Video) -> Option<Group> {
        let mut seen = self.videos.iter().filter(|it| it.is_seen());
        if seen.any(|it| it.video_id == video.video_id) {
            return Some(Group::of_video_id(&video.video_id));
        }
        let joining = self.group_by().joining(&keys_of(video), &video.video_id);
        self.seen_of(joining).into_iter().next()
    }

    /// Whether the model was trained or chosen on `video` or another video of its group.
    pub fn has_seen(&self, video: &Video) -> bool {
        self.seen_by(video).is_some()
    }

    /// The person or source of a held-out video that the model has seen, since its groups are not made by them.
    pub fn seen_keys(&self, video: &Video) -> Vec<Group> {
        self.seen_of(keys_of(video))
    }

    /// What joins `video` to others: its keys, and the groups of this model's videos that have one of them.
    pub fn joining(&self, video: &Video) -> Vec<Group> {
        let mut joining = self.group_by().joining(&keys_of(video), &video.video_id);
        let is_kin = |known: &&SplitVideo| {
            known.video_id == video.video_id
                || joining.contains(&known.group)
                || known.keys.iter().any(|key| joining.contains(key)) && {
                    let keys = self.group_by().joining(&known.keys, &known.video_id);
                    keys.iter().any(|key| joining.contains(key))
                }
        };
        let kin: BTreeSet<&Group> = self
            .videos
            .iter()
            .filter(is_kin)
            .map(|it| &it.group)
            .collect();
        let kin: Vec<Group> = kin.into_iter().cloned().collect();
        joining.extend(kin);
        joining
    }

    /// Those of the keys that a video of training or validation has.
    fn seen_of(&self, mut keys: Vec<Group>) -> Vec<Group> {
        let is_seen = |key: &Group| {
            let mut seen = self.videos.iter().filter(|it| it.is_seen());
            seen.any(|it| it.known_by().any(|known| known == key))
        };
        keys.retain(is_seen);
        keys
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

    fn manifest(group_by: Option<GroupBy>, videos: Vec<SplitVideo>) -> Manifest {
        Manifest {
            version: String::new(),
            init: String::new(),
            base: None,
            classes: Vec::new(),
            prompts: Vec::new(),
            pooling: Pooling::default(),
            head: None,
            trust: None,
            learning_curve: None,
            group_by,
            videos,
            arguments: serde_json::Value::Null,
            metrics: BTreeMap::new(),
            run_hash: None,
        }
    }

    fn trained(id: &str, group: &str, keys: &[&str], split: Split) -> SplitVideo {
        SplitVideo {
            keys: keys.iter().map(|key| Group::of_text(key)).collect(),
            ..SplitVideo::new(
                id,
                Group::of_text(group),
                split,
                "squat".into(),
                "good_form".into(),
            )
        }
    }

    fn video(person: Option<&str>, source: Option<&str>) -> Video {
        Video {
            video_id: "new".to_owned(),
            person_id: person.map(str::to_owned),
            source_id: source.map(str::to_owned),
            ..Video::default()
        }
    }

    #[test]
    fn a_person_who_was_joined_to_another_is_known() {
        let older = r#"[
            {"video_id": "a", "group": "person:anna", "split": "validation", "exercise": "squat", "label": "good_form",
             "duration_ms": null},
            {"video_id": "b", "group": "person:anna", "own_group": "person:ben", "split": "validation",
             "exercise": "squat", "label": "good_form", "duration_ms": null},
            {"video_id": "c", "group": "person:clara", "own_group": null, "split": "test", "exercise": "squat",
             "label": "good_form", "duration_ms": null}
        ]"#;
        let manifest = manifest(None, serde_json::from_str(older).expect("older videos"));
        let joining = |person: &str| -> Vec<String> {
            let joining = manifest.joining(&video(Some(person), None));
            joining.iter().map(ToString::to_string).collect()
        };
        for person in ["anna", "Ben"] {
            assert!(manifest.has_seen(&video(Some(person), None)), "{person}");
        }
        assert_eq!(joining("ben"), ["person:ben", "person:anna"]);
        for person in ["clara", "dora"] {
            assert!(!manifest.has_seen(&video(Some(person), None)), "{person}");
        }
        assert_eq!(joining("dora"), ["person:dora"]);
    }

    #[test]
    fn a_video_of_a_gym_of_training_is_seen_whoever_is_in_it() {
        let videos = || {
            let keys = ["person:anna", "source:gym 1"];
            let held_out = ["person:ben", "source:gym 2"];
            vec![
                trained("a", "person:anna", &keys, Split::Train),
                trained("b", "person:ben", &held_out, Split::Test),
            ]
        };
        for by in GroupBy::ALL {
            let manifest = manifest(Some(by), videos());
            let seen = |person, source| manifest.seen_by(&video(person, source)).map(String::from);
            // Nobody knows who it is, and she may be Anna.
            assert_eq!(
                seen(None, Some("Gym-1")).as_deref(),
                Some("source:gym1"),
                "{by}"
            );
            assert_eq!(
                seen(Some("Anna"), None).as_deref(),
                Some("person:anna"),
                "{by}"
            );
            assert!(seen(Some("anna"), Some("gym 1")).is_some(), "{by}");
            assert_eq!(seen(Some("ben"), Some("gym 2")), None, "{by}");
            assert_eq!(seen(Some("clara"), Some("gym 3")), None, "{by}");
            assert_eq!(seen(None, None), None, "{by}");
        }
        let of = |by| manifest(Some(by), videos());
        let in_the_gym = video(Some("clara"), Some("gym 1"));
        assert!(of(GroupBy::Both).has_seen(&in_the_gym));
        assert!(of(GroupBy::Source).has_seen(&in_the_gym));
        let by_person = of(GroupBy::Person);
        assert!(!by_person.has_seen(&in_the_gym));
        assert_eq!(
            by_person.seen_keys(&in_the_gym),
            [Group::of_text("source:gym1")]
        );
    }
}
