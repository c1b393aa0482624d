//! A prediction: what is kept of a judged video, without images.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use wo_record::{AbstainReason, Group, Name, RecordPath, UNCLEAR, Video, components};

use crate::judge::facts::Facts;
use crate::judge::label_space::{LabelSpace, TopPrediction};
use crate::judge::perturb::Perturbed;
use crate::judge::provenance::Provenance;
use crate::judge::region_features::RegionFeatures;

/// The true label of a video, as far as the model knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum GroundTruth {
    /// It has a label that the model knows. Indices into [`LabelSpace`].
    Scored {
        /// The true label.
        label: usize,
        /// The true exercise, where one is known.
        exercise: Option<usize>,
    },
    /// It has no label.
    Unlabelled,
    /// Its label is `unclear`.
    Unclear,
    /// The model has no class for this exercise or label.
    Unknown(Name),
}

impl GroundTruth {
    /// The true label of a video.
    pub(crate) fn of(video: &Video, space: &LabelSpace) -> Self {
        let Some(label) = video.label.as_ref().filter(|label| !label.is_empty()) else {
            return Self::Unlabelled;
        };
        let exercise = video
            .exercise
            .as_ref()
            .filter(|exercise| !exercise.is_empty());
        if let Some(unknown) = exercise.filter(|name| space.exercise(name).is_none()) {
            return Self::Unknown(unknown.clone());
        }
        if label.as_str() == UNCLEAR {
            return Self::Unclear;
        }
        match space.label(label) {
            Some(label) => Self::Scored {
                label,
                exercise: exercise.and_then(|name| space.exercise(name)),
            },
            None => Self::Unknown(label.clone()),
        }
    }
}

/// One frame of a video that was judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct FramePrediction {
    /// Its true label: its own, else that of the video. Absent where that cannot be right or wrong.
    pub(crate) true_label: Option<usize>,
    /// The top prediction for this frame.
    pub(crate) top: TopPrediction,
}

/// One video that was judged.
// More than 12 fields: each later stage reads another few of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Prediction {
    /// Its id.
    pub(crate) video_id: String,
    /// Its file.
    pub(crate) path: Option<RecordPath>,
    /// The probability of each label, uncalibrated.
    pub(crate) labels: Vec<f64>,
    /// The same after the model's temperature.
    pub(crate) calibrated: Vec<f64>,
    /// The probability of each exercise.
    pub(crate) exercises: Vec<f64>,
    /// The faults that it shows, where they are known.
    pub(crate) faults: Vec<Name>,
    /// The predicted faults.
    pub(crate) predicted_faults: Vec<Name>,
    /// The fold of a cross-validation that predicted it.
    pub(crate) fold: Option<u32>,
    /// Why the model abstains.
    pub(crate) reasons: Vec<AbstainReason>,
    /// Facts about the video that need no model.
    pub(crate) facts: Facts,
    /// Features of image regions, if computed.
    pub(crate) regions: Option<RegionFeatures>,
    /// What is predicted after each change, where that is wanted.
    pub(crate) perturbed: Vec<Perturbed>,
    /// The group that a bootstrap keeps together.
    pub(crate) group: Group,
    /// What groups are made of.
    pub(crate) provenance: Provenance,
    /// Whether the model was trained or chosen on the group.
    pub(crate) seen: bool,
    /// Its length.
    pub(crate) duration_ms: Option<f64>,
    /// The true label.
    pub(crate) ground_truth: GroundTruth,
    /// The top prediction.
    pub(crate) top: TopPrediction,
    /// Its frames.
    pub(crate) frames: Vec<FramePrediction>,
}

/// Makes one group of all predictions that something joins.
pub(crate) fn join_groups(predictions: &mut [Prediction]) {
    let joining = |it: &Prediction| {
        let all = std::iter::once(&it.group).chain(&it.provenance.joining);
        all.cloned().collect::<Vec<Group>>()
    };
    let groups = components(&predictions.iter().map(joining).collect::<Vec<_>>());
    for (prediction, group) in predictions.iter_mut().zip(groups) {
        prediction.group = group;
    }
}

impl Prediction {
    /// Sets what groups are made of, and the group before others join it.
    pub(crate) fn set_provenance(&mut self, provenance: Provenance) {
        if let Some(group) = provenance.first_group() {
            self.group = group.clone();
        }
        self.provenance = provenance;
    }

    /// The record of it.
    pub(crate) fn record(&self, space: &LabelSpace) -> wo_record::Prediction {
        let named = |names: &[Name], probabilities: &[f64]| {
            let pairs = names.iter().cloned().zip(probabilities.iter().copied());
            pairs.collect::<BTreeMap<Name, f64>>()
        };
        let (label, exercise) = match self.ground_truth {
            GroundTruth::Scored { label, exercise } => (Some(label), exercise),
            _ => (None, None),
        };
        wo_record::Prediction {
            video_id: self.video_id.clone(),
            path: self.path.clone(),
            group: self.group.to_string(),
            exercise: exercise.and_then(|idx| space.exercises.get(idx)).cloned(),
            label: label.and_then(|idx| space.labels.get(idx)).cloned(),
            labels: named(&space.labels, &self.calibrated),
            exercises: named(&space.exercises, &self.exercises),
            faults: self.faults.clone(),
            predicted_faults: self.predicted_faults.clone(),
            fold: self.fold,
            seen: self.provenance.is_seen_known.then_some(self.seen),
            reasons: self.abstentions().collect(),
            keys: self.provenance.keys.clone(),
            joining: self.provenance.joining.clone(),
            seen_keys: self.provenance.seen_keys.clone(),
        }
    }

    /// Why the model abstains, but for a label that it predicts.
    fn abstentions(&self) -> impl Iterator<Item = AbstainReason> {
        let reasons = self.reasons.iter();
        reasons
            .filter(|it| **it != AbstainReason::SaysUnclear)
            .cloned()
    }

    /// The same prediction among the labels and exercises of another model, which have all of its own. Its calibrated
    /// probabilities count; what it predicts of frames is left behind.
    pub(crate) fn among(self, own: &LabelSpace, all: &LabelSpace) -> Self {
        let spread = |names: &[Name], own: &[Name], probabilities: &[f64]| -> Vec<f64> {
            let known: BTreeMap<&Name, f64> =
                own.iter().zip(probabilities.iter().copied()).collect();
            let probability = |name: &Name| known.get(name).copied().unwrap_or(0.0);
            names.iter().map(probability).collect()
        };
        let labels = spread(&all.labels, &own.labels, &self.calibrated);
        let exercises = spread(&all.exercises, &own.exercises, &self.exercises);
        let top = TopPrediction::of(&labels, &exercises);
        let says_unclear = all.is_unclear(top.label);
        let reasons = says_unclear.then_some(AbstainReason::SaysUnclear);
        let reasons: Vec<AbstainReason> = reasons.into_iter().chain(self.abstentions()).collect();
        let ground_truth = match self.ground_truth {
            GroundTruth::Scored { label, exercise } => {
                let label = own.labels.get(label).and_then(|name| all.label(name));
                let exercise = exercise.and_then(|it| own.exercises.get(it));
                label.map(|label| GroundTruth::Scored {
                    label,
                    exercise: exercise.and_then(|name| all.exercise(name)),
                })
            }
            ground_truth => Some(ground_truth),
        };
        Self {
            calibrated: labels.clone(),
            labels,
            exercises,
            reasons,
            ground_truth: ground_truth.unwrap_or(GroundTruth::Unlabelled),
            top,
            frames: Vec::new(),
            ..self
        }
    }

    /// The true label, where it can be right or wrong.
    pub(crate) fn truth(&self) -> Option<usize> {
        match self.ground_truth {
            GroundTruth::Scored { label, .. } => Some(label),
            _ => None,
        }
    }

    /// The true exercise, where it can be right or wrong and is known.
    pub(crate) fn true_exercise(&self) -> Option<usize> {
        match self.ground_truth {
            GroundTruth::Scored { exercise, .. } => exercise,
            _ => None,
        }
    }

    /// The calibrated probability of the predicted label.
    pub(crate) fn confidence(&self) -> f64 {
        self.calibrated.get(self.top.label).copied().unwrap_or(0.0)
    }

    /// Whether `unclear` is predicted: then it is never right.
    pub(crate) fn says_unclear(&self) -> bool {
        self.reasons.contains(&AbstainReason::SaysUnclear)
    }

    /// The predicted exercise; `None` if exercises were not predicted.
    pub(crate) fn predicted_exercise(&self) -> Option<usize> {
        let is_told = self.exercises.iter().any(|probability| *probability > 0.0);
        is_told.then_some(self.top.exercise)
    }

    /// Whether the label is right; `None` where it can be neither.
    pub(crate) fn is_right(&self) -> Option<bool> {
        match self.ground_truth {
            GroundTruth::Scored { label, .. } => Some(label == self.top.label),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{classes, squat};

    #[test]
    fn ground_truths() {
        let space = LabelSpace::new(&classes());
        let check = |exercise: Option<&str>, label: Option<&str>, expected: GroundTruth| {
            let video = Video {
                exercise: exercise.map(Name::new),
                label: label.map(Name::new),
                ..Video::default()
            };
            assert_eq!(
                GroundTruth::of(&video, &space),
                expected,
                "{exercise:?} {label:?}"
            );
        };
        check(
            Some("squat"),
            Some("bad_form"),
            GroundTruth::Scored {
                label: 0,
                exercise: Some(1),
            },
        );
        check(
            None,
            Some("good_form"),
            GroundTruth::Scored {
                label: 1,
                exercise: None,
            },
        );
        check(Some("squat"), None, GroundTruth::Unlabelled);
        check(Some("squat"), Some(""), GroundTruth::Unlabelled);
        check(Some("squat"), Some("unclear"), GroundTruth::Unclear);
        check(
            Some("dip"),
            Some("bad_form"),
            GroundTruth::Unknown("dip".into()),
        );
        check(
            Some("squat"),
            Some("superb"),
            GroundTruth::Unknown("superb".into()),
        );
    }

    #[test]
    fn a_prediction_keeps_its_meaning_among_more_labels() {
        let own = LabelSpace::new(&classes());
        let other = LabelSpace::of_names(
            ["bad_form".into(), "excellent".into(), "unclear".into()].into(),
            ["dip".into()].into(),
        );
        let all = LabelSpace::union(&own, &other);
        let names: Vec<&str> = all.labels.iter().map(Name::as_str).collect();
        assert_eq!(names, ["bad_form", "excellent", "good_form", "unclear"]);
        let mut prediction = squat(0, 0, 1, 1000.0);
        prediction.calibrated = vec![0.375, 0.625];
        prediction.exercises = vec![0.25, 0.75];
        prediction.reasons = vec![AbstainReason::TooDark];
        let moved = prediction.among(&own, &all);
        assert_eq!(moved.calibrated, [0.375, 0.0, 0.625, 0.0]);
        assert_eq!(moved.exercises, [0.0, 0.25, 0.75], "dip, row, squat");
        assert_eq!((moved.top.label, moved.top.exercise), (2, 2));
        assert_eq!((moved.truth(), moved.true_exercise()), (Some(0), Some(2)));
        assert_eq!(moved.reasons, [AbstainReason::TooDark]);
        assert!(moved.frames.is_empty());
    }
}
