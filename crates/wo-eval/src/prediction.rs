//! What is kept of a video after it was judged: no pictures, only what the figures are made of.

use wo_record::{Group, Name, UNCLEAR, Video};

use crate::answers::{Answers, Call};

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
    use crate::answers::tests::classes;

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
