//! The metrics that a gate may name: `balanced_accuracy`, `recall.bad_form.low`, `exercise_accuracy`.

use std::fmt;
use std::str::FromStr;

use wo_record::Name;

use crate::score::key::{Baseline, MetricName, Task};

/// What a gate may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GateMetric {
    /// A score of the label, or of the exercise.
    Score(Task, MetricName),
    /// Expected calibration error.
    Ece,
    /// The part of the videos that gets a label.
    Coverage,
    /// The part of the videos that gets a wrong one.
    Risk,
    /// The area under the curve of risk against coverage.
    Aurc,
}

/// A metric with its class, or an end of its interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedMetric {
    pub(crate) name: GateMetric,
    /// For metrics of one class.
    pub(crate) class: Option<Name>,
    /// An end of the interval in place of the value.
    pub(crate) end: Option<End>,
}

/// An end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Low,
    High,
}

/// The prefix of metrics of exercises.
const OF_EXERCISES: &str = "exercise_";
/// The scores of labels that a gate may name.
const LABEL_METRICS: [MetricName; 11] = [
    MetricName::BalancedAccuracy,
    MetricName::Accuracy,
    MetricName::MacroF1,
    MetricName::Recall,
    MetricName::Precision,
    MetricName::F1,
    MetricName::RocAuc,
    MetricName::AveragePrecision,
    MetricName::WorstGroupRecall,
    MetricName::GainOver(Baseline::Majority),
    MetricName::GainOver(Baseline::DurationOnly),
];

/// Those of exercises.
const EXERCISE_METRICS: [MetricName; 7] = [
    MetricName::BalancedAccuracy,
    MetricName::Accuracy,
    MetricName::MacroF1,
    MetricName::Recall,
    MetricName::Precision,
    MetricName::F1,
    MetricName::GainOver(Baseline::Majority),
];

impl GateMetric {
    /// The name of a metric in a gate, without [`OF_EXERCISES`].
    fn base_name(self) -> &'static str {
        match self {
            Self::Score(_, name) => name.as_str(),
            Self::Ece => "ece",
            Self::Coverage => "coverage",
            Self::Risk => "risk",
            Self::Aurc => "aurc",
        }
    }

    /// All metrics, those of labels first.
    fn all() -> impl Iterator<Item = Self> {
        let of_labels = LABEL_METRICS.map(|name| Self::Score(Task::Label, name));
        let of_exercises = EXERCISE_METRICS.map(|name| Self::Score(Task::Exercise, name));
        of_labels
            .into_iter()
            .chain([Self::Ece, Self::Coverage, Self::Risk, Self::Aurc])
            .chain(of_exercises)
    }

    /// Whether it is of one class.
    fn has_class(self) -> bool {
        matches!(
            self,
            Self::Score(
                _,
                MetricName::Recall
                    | MetricName::Precision
                    | MetricName::F1
                    | MetricName::RocAuc
                    | MetricName::AveragePrecision
            )
        )
    }

    /// Whether it has a confidence interval.
    fn has_ends(self) -> bool {
        matches!(self, Self::Score(..) | Self::Ece)
    }

    /// Whether it is of exercises.
    pub(crate) fn is_of_exercises(self) -> bool {
        matches!(self, Self::Score(Task::Exercise, _))
    }
}

impl fmt::Display for GateMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_of_exercises() {
            f.write_str(OF_EXERCISES)?;
        }
        f.write_str(self.base_name())
    }
}

impl FromStr for NamedMetric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Parts { name, class, end } = Parts::split(text)?;
        let found = GateMetric::all().find(|it| it.to_string() == name);
        let Some(metric) = found else {
            let of_labels = GateMetric::all().filter(|it| !it.is_of_exercises());
            let names: Vec<&str> = of_labels.map(GateMetric::base_name).collect();
            return Err(format!(
                "there is no metric {name}; there are {}, and those of exercises such as {OF_EXERCISES}accuracy",
                names.join(", ")
            ));
        };
        match &class {
            None if metric.has_class() => Err(format!("{name} needs a class: {name}.CLASS")),
            Some(class) if !metric.has_class() => {
                Err(format!("{name} has no classes, such as {class}"))
            }
            _ if end.is_some() && !metric.has_ends() => {
                Err(format!("{name} has no confidence interval"))
            }
            _ => Ok(Self {
                name: metric,
                class,
                end,
            }),
        }
    }
}

impl fmt::Display for NamedMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if let Some(class) = &self.class {
            write!(f, ".{class}")?;
        }
        match self.end {
            Some(End::Low) => f.write_str(".low"),
            Some(End::High) => f.write_str(".high"),
            None => Ok(()),
        }
    }
}

/// The parts of a metric between its points, before it is known whether there is such a metric.
struct Parts<'a> {
    name: &'a str,
    class: Option<Name>,
    end: Option<End>,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, &'static str> {
        let mut parts = text.split('.');
        let name = parts.next().unwrap_or_default();
        if name.is_empty() {
            return Err("a metric comes before the sign, such as recall.bad_form");
        }
        let mut this = Self {
            name,
            class: None,
            end: None,
        };
        for part in parts {
            match part {
                "low" => this.end = Some(End::Low),
                "high" => this.end = Some(End::High),
                "" => return Err("there is nothing after the point"),
                class if this.class.is_none() && this.end.is_none() => {
                    this.class = Some(Name::new(class));
                }
                _ => return Err("a metric is NAME or NAME.CLASS, and may end with .low or .high"),
            }
        }
        Ok(this)
    }
}
