//! What a score is about. A name that does not exist is an error of the compiler, or of whoever writes a gate.

use std::fmt;

use wo_record::{Name, Predictor};
use wo_stats::Metric;

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    /// Good form or bad.
    Label,
    /// Which exercise it is.
    Exercise,
    /// Whether one fault is shown.
    Fault,
}

/// What one prediction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Video,
    Frame,
}

/// All videos of one kind: held-out and seen videos are never in one score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whole {
    HeldOut,
    Seen,
}

/// The videos that a score rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Whole(Whole),
    /// One exercise of them.
    Exercise(Whole, Name),
    /// Held-out videos that have something in common, or all of them after a change: `angle=front`, `blur=0.01`.
    Part {
        field: String,
        value: String,
    },
}

/// A predictor that looks at no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Baseline {
    /// [`wo_stats::Majority`].
    Majority,
    /// [`wo_stats::DurationOnly`].
    DurationOnly,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MetricName {
    Accuracy,
    BalancedAccuracy,
    MacroF1,
    Recall,
    Precision,
    F1,
    RocAuc,
    AveragePrecision,
    /// The least recall of an exercise and label.
    WorstGroupRecall,
    /// By how much the model's balanced accuracy is above that of a baseline.
    GainOver(Baseline),
}

/// What one score is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ScoreKey {
    pub(crate) task: Task,
    pub(crate) by: Predictor,
    pub(crate) unit: Unit,
    pub(crate) scope: Scope,
    pub(crate) name: MetricName,
    /// For metrics of one class.
    pub(crate) class: Option<Name>,
}

impl ScoreKey {
    /// The model's labels of all held-out videos.
    pub(crate) fn of_labels(name: MetricName) -> Self {
        Self {
            task: Task::Label,
            by: Predictor::Model,
            unit: Unit::Video,
            scope: Scope::HELD_OUT,
            name,
            class: None,
        }
    }
}

impl Task {
    /// The word in records.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Exercise => "exercise",
            Self::Fault => "fault",
        }
    }
}

impl Unit {
    /// The word in records.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Frame => "frame",
        }
    }
}

impl Scope {
    /// All held-out videos.
    pub(crate) const HELD_OUT: Self = Self::Whole(Whole::HeldOut);
}

/// As records have it: `all`, `squat`, `seen`, `seen/squat`, `angle=front`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(Whole::HeldOut) => f.write_str("all"),
            Self::Whole(Whole::Seen) => f.write_str("seen"),
            Self::Exercise(Whole::HeldOut, exercise) => write!(f, "{exercise}"),
            Self::Exercise(Whole::Seen, exercise) => write!(f, "seen/{exercise}"),
            Self::Part { field, value } => write!(f, "{field}={value}"),
        }
    }
}

impl Baseline {
    /// All of them, in the order of reports.
    pub(crate) const ALL: [Self; 2] = [Self::Majority, Self::DurationOnly];

    /// As who predicts.
    pub(crate) fn predictor(self) -> Predictor {
        match self {
            Self::Majority => Predictor::Majority,
            Self::DurationOnly => Predictor::DurationOnly,
        }
    }

    /// The baseline that a predictor is.
    pub(crate) fn of(predictor: &Predictor) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|it| it.predictor() == *predictor)
    }
}

impl MetricName {
    /// The word in records and gates.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::MacroF1 => "macro_f1",
            Self::Recall => "recall",
            Self::Precision => "precision",
            Self::F1 => "f1",
            Self::RocAuc => "roc_auc",
            Self::AveragePrecision => "average_precision",
            Self::WorstGroupRecall => "worst_group_recall",
            Self::GainOver(Baseline::Majority) => "balanced_accuracy_over_majority",
            Self::GainOver(Baseline::DurationOnly) => "balanced_accuracy_over_duration_only",
        }
    }

    /// The word as a person would write it.
    pub(crate) fn words(self) -> String {
        self.as_str().replace('_', " ")
    }
}

impl From<Metric> for MetricName {
    fn from(metric: Metric) -> Self {
        match metric {
            Metric::Accuracy => Self::Accuracy,
            Metric::BalancedAccuracy => Self::BalancedAccuracy,
            Metric::MacroF1 => Self::MacroF1,
            Metric::Recall(_) => Self::Recall,
            Metric::Precision(_) => Self::Precision,
            Metric::F1(_) => Self::F1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_what_records_have() {
        let squat = || Name::new("squat");
        let scopes = [
            Scope::HELD_OUT,
            Scope::Whole(Whole::Seen),
            Scope::Exercise(Whole::HeldOut, squat()),
            Scope::Exercise(Whole::Seen, squat()),
            Scope::Part {
                field: "angle".to_owned(),
                value: "front".to_owned(),
            },
        ];
        let words = scopes.map(|it| it.to_string());
        assert_eq!(words, ["all", "seen", "squat", "seen/squat", "angle=front"]);
    }

    #[test]
    fn a_metric_is_called_as_in_statistics() {
        for metric in Metric::all(1) {
            assert_eq!(MetricName::from(metric).as_str(), metric.name());
        }
    }
}
