//! What is kept of a video after it was judged: no pictures, only what the figures are made of.

use std::collections::BTreeMap;

use wo_record::{Group, Name, RecordPath, UNCLEAR, Video};

use crate::judge::facts::Facts;
use crate::judge::label_space::{Answers, Call};
use crate::judge::region_features::Sights;

/// Whether a video can be right or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has a label that the model knows. Indices into [`Answers`].
    Scored {
        /// The true label.
        label: usize,
        /// The true exercise, where one is known.
        exercise: Option<usize>,
    },
    /// It has no label.
    Unlabelled,
    /// People could not tell.
    Unclear,
    /// The model has no class for its exercise or its label, which is this.
    Unknown(Name),
}

impl Standing {
    /// The standing of a video.
    pub(crate) fn of(video: &Video, answers: &Answers) -> Self {
        let Some(label) = video.label.as_ref().filter(|label| !label.is_empty()) else {
            return Self::Unlabelled;
        };
        let exercise = video
            .exercise
            .as_ref()
            .filter(|exercise| !exercise.is_empty());
        if let Some(unknown) = exercise.filter(|name| answers.exercise(name).is_none()) {
            return Self::Unknown(unknown.clone());
        }
        if label.as_str() == UNCLEAR {
            return Self::Unclear;
        }
        match answers.label(label) {
            Some(label) => Self::Scored {
                label,
                exercise: exercise.and_then(|name| answers.exercise(name)),
            },
            None => Self::Unknown(label.clone()),
        }
    }
}

/// The reason of a prediction that gives `unclear` the greatest probability.
pub(crate) const SAYS_UNCLEAR: &str = "says_unclear";

/// One frame of a video that was judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FramePrediction {
    /// Its true label: its own, else that of the video. Absent where that cannot be right or wrong.
    pub(crate) true_label: Option<usize>,
    /// What the model says of this frame alone.
    pub(crate) call: Call,
}

/// One video that was judged.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prediction {
    /// Its id.
    pub(crate) video_id: String,
    /// Its file.
    pub(crate) path: Option<RecordPath>,
    /// The probability of each label as the model has it.
    pub(crate) labels: Vec<f64>,
    /// The same after the model's temperature.
    pub(crate) calibrated: Vec<f64>,
    /// The probability of each exercise.
    pub(crate) exercises: Vec<f64>,
    /// The faults that it shows, where they are known.
    pub(crate) faults: Vec<Name>,
    /// The faults that the model names.
    pub(crate) said_faults: Vec<Name>,
    /// Which of the models of a cross-validation said it.
    pub(crate) fold: Option<u32>,
    /// Why it gets no label.
    pub(crate) reasons: Vec<&'static str>,
    /// What can be told of it without a model.
    pub(crate) facts: Facts,
    /// What a model sees in parts of it, where that was asked for.
    pub(crate) sights: Option<Sights>,
    /// What is said of it after each change of its pictures, such as `blur=0.01`, where that was asked for.
    pub(crate) changed: Vec<(String, usize)>,
    /// What a bootstrap keeps together.
    pub(crate) group: Group,
    /// Whether the group is more than the video itself.
    pub(crate) has_group_key: bool,
    /// Whether the model was trained or chosen on the group.
    pub(crate) seen: bool,
    /// Its length.
    pub(crate) duration_ms: Option<f64>,
    /// What is right.
    pub(crate) standing: Standing,
    /// What the model says.
    pub(crate) call: Call,
    /// Its frames.
    pub(crate) frames: Vec<FramePrediction>,
}

impl Prediction {
    /// The record of it.
    pub(crate) fn record(&self, answers: &Answers) -> wo_record::Prediction {
        let named = |names: &[Name], probabilities: &[f64]| {
            let pairs = names.iter().cloned().zip(probabilities.iter().copied());
            pairs.collect::<BTreeMap<Name, f64>>()
        };
        let (label, exercise) = match self.standing {
            Standing::Scored { label, exercise } => (Some(label), exercise),
            _ => (None, None),
        };
        wo_record::Prediction {
            video_id: self.video_id.clone(),
            path: self.path.clone(),
            group: self.group.to_string(),
            exercise: exercise.and_then(|idx| answers.exercises.get(idx)).cloned(),
            label: label.and_then(|idx| answers.labels.get(idx)).cloned(),
            labels: named(&answers.labels, &self.calibrated),
            exercises: named(&answers.exercises, &self.exercises),
            faults: self.faults.clone(),
            predicted_faults: self.said_faults.clone(),
            fold: self.fold,
            seen: self.seen,
        }
    }

    /// The true label, where it can be right or wrong.
    pub(crate) fn truth(&self) -> Option<usize> {
        match self.standing {
            Standing::Scored { label, .. } => Some(label),
            _ => None,
        }
    }

    /// How sure the label is.
    pub(crate) fn confidence(&self) -> f64 {
        self.calibrated.get(self.call.label).copied().unwrap_or(0.0)
    }

    /// Whether it says that nobody can tell, and leans to no label: then it is not right.
    pub(crate) fn says_unclear(&self) -> bool {
        self.reasons.contains(&SAYS_UNCLEAR)
    }

    /// The exercise that it says; `None` where it was not asked.
    pub(crate) fn said_exercise(&self) -> Option<usize> {
        let is_told = self.exercises.iter().any(|probability| *probability > 0.0);
        is_told.then_some(self.call.exercise)
    }

    /// Whether the label is right; `None` where it can be neither.
    pub(crate) fn is_right(&self) -> Option<bool> {
        match self.standing {
            Standing::Scored { label, .. } => Some(label == self.call.label),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::classes;

    #[test]
    fn standings() {
        let answers = Answers::new(&classes());
        let check = |exercise: Option<&str>, label: Option<&str>, expected: Standing| {
            let video = Video {
                exercise: exercise.map(Name::new),
                label: label.map(Name::new),
                ..Video::default()
            };
            assert_eq!(
                Standing::of(&video, &answers),
                expected,
                "{exercise:?} {label:?}"
            );
        };
        check(
            Some("squat"),
            Some("bad_form"),
            Standing::Scored {
                label: 0,
                exercise: Some(1),
            },
        );
        check(
            None,
            Some("good_form"),
            Standing::Scored {
                label: 1,
                exercise: None,
            },
        );
        check(Some("squat"), None, Standing::Unlabelled);
        check(Some("squat"), Some(""), Standing::Unlabelled);
        check(Some("squat"), Some("unclear"), Standing::Unclear);
        check(
            Some("dip"),
            Some("bad_form"),
            Standing::Unknown("dip".into()),
        );
        check(
            Some("squat"),
            Some("superb"),
            Standing::Unknown("superb".into()),
        );
    }
}
