//! The metrics that a gate may name: `balanced_accuracy`, `recall.bad_form.low`, `exercise_accuracy`,
//! `difference.balanced_accuracy.low`.

use std::fmt;
use std::str::FromStr;

use wo_record::Name;

use crate::judge::label_space::LabelSpace;
use crate::score::key::{Baseline, MetricName, Task};

/// What a gate may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GateMetric {
    /// A score of the label, or of the exercise.
    Score(Task, MetricName),
    /// By how much a score of the candidate is above that of the champion on the same videos.
    Difference(Task, MetricName),
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

/// What comes before a metric whose difference is meant.
const DIFFERENCE: &str = "difference";
/// The prefix of metrics of exercises.
const OF_EXERCISES: &str = "exercise_";
/// The scores of labels and of exercises that a gate may name, also as differences.
const OF_BOTH: [MetricName; 6] = [
    MetricName::BalancedAccuracy,
    MetricName::Accuracy,
    MetricName::MacroF1,
    MetricName::Recall,
    MetricName::Precision,
    MetricName::F1,
];
/// The other scores of labels.
const OF_LABELS: [MetricName; 5] = [
    MetricName::RocAuc,
    MetricName::AveragePrecision,
    MetricName::WorstGroupRecall,
    MetricName::GainOver(Baseline::Majority),
    MetricName::GainOver(Baseline::DurationOnly),
];
/// The other score of exercises.
const GAIN_OF_EXERCISES: MetricName = MetricName::GainOver(Baseline::Majority);

impl GateMetric {
    /// The name of a metric in a gate, without what stands before it.
    fn base_name(self) -> &'static str {
        match self {
            Self::Score(_, name) | Self::Difference(_, name) => name.as_str(),
            Self::Ece => "ece",
            Self::Coverage => "coverage",
            Self::Risk => "risk",
            Self::Aurc => "aurc",
        }
    }

    /// All metrics, those of labels first.
    fn all() -> impl Iterator<Item = Self> {
        let score = |task| move |name| Self::Score(task, name);
        let of_labels = OF_BOTH.into_iter().chain(OF_LABELS);
        let of_exercises = OF_BOTH.into_iter().chain([GAIN_OF_EXERCISES]);
        let difference = |task| OF_BOTH.map(|name| Self::Difference(task, name));
        of_labels
            .map(score(Task::Label))
            .chain([Self::Ece, Self::Coverage, Self::Risk, Self::Aurc])
            .chain(of_exercises.map(score(Task::Exercise)))
            .chain(difference(Task::Label))
            .chain(difference(Task::Exercise))
    }

    /// The metric and what is predicted, where it is one of predictions.
    pub(crate) fn of_task(self) -> Option<(Task, MetricName)> {
        match self {
            Self::Score(task, name) | Self::Difference(task, name) => Some((task, name)),
            Self::Ece | Self::Coverage | Self::Risk | Self::Aurc => None,
        }
    }

    /// Whether it is of one class.
    fn has_class(self) -> bool {
        let of_class = [
            MetricName::Recall,
            MetricName::Precision,
            MetricName::F1,
            MetricName::RocAuc,
            MetricName::AveragePrecision,
        ];
        self.of_task()
            .is_some_and(|(_, name)| of_class.contains(&name))
    }

    /// Whether it has a confidence interval.
    fn has_ends(self) -> bool {
        self == Self::Ece || self.of_task().is_some()
    }

    /// Whether it is of exercises.
    pub(crate) fn is_of_exercises(self) -> bool {
        self.of_task()
            .is_some_and(|(task, _)| task == Task::Exercise)
    }

    /// Whether it is of two models.
    pub(crate) fn is_difference(self) -> bool {
        matches!(self, Self::Difference(..))
    }
}

impl fmt::Display for GateMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_difference() {
            write!(f, "{DIFFERENCE}.")?;
        }
        if self.is_of_exercises() {
            f.write_str(OF_EXERCISES)?;
        }
        f.write_str(self.base_name())
    }
}

impl NamedMetric {
    /// The labels or exercises that it may be of.
    pub(crate) fn classes<'a>(&self, space: &'a LabelSpace) -> &'a [Name] {
        if self.name.is_of_exercises() {
            return &space.exercises;
        }
        let n_labels = space.n_true_labels();
        space.labels.get(..n_labels).unwrap_or_default()
    }

    /// Fails where it is one of all classes, and not all of them are `shown` by videos: always predicting those that are
    /// would be right every time.
    pub(crate) fn needs_classes(&self, shown: &[&Name], space: &LabelSpace) -> Result<(), String> {
        let Some((task, _)) = self.name.of_task().filter(|_| self.class.is_none()) else {
            return Ok(());
        };
        let all = self.classes(space);
        if all.len() < 2 {
            return Err(format!(
                "{self} is undefined: there is one {} only",
                task.as_str()
            ));
        }
        match all.iter().find(|class| !shown.contains(class)) {
            Some(missing) => Err(format!(
                "{self} is undefined: no scored video is {}",
                missing.words()
            )),
            None => Ok(()),
        }
    }
}

impl FromStr for NamedMetric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Parts { name, class, end } = Parts::split(text)?;
        let found = GateMetric::all().find(|it| it.to_string() == name);
        let Some(metric) = found else {
            return Err(no_such_metric(&name));
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

/// What there is in place of an unknown metric.
fn no_such_metric(name: &str) -> String {
    let is_asked = name.starts_with(DIFFERENCE);
    let similar = GateMetric::all().filter(|it| it.is_difference() == is_asked);
    let names: Vec<&str> = similar
        .filter(|it| !it.is_of_exercises())
        .map(GateMetric::base_name)
        .collect();
    let names = names.join(", ");
    if is_asked {
        format!(
            "there is no {name}; after {DIFFERENCE}. comes one of {names}, or one of exercises such as {OF_EXERCISES}accuracy"
        )
    } else {
        format!(
            "there is no metric {name}; there are {names}, those of exercises such as {OF_EXERCISES}accuracy, and \
             differences such as {DIFFERENCE}.accuracy.low"
        )
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
struct Parts {
    name: String,
    class: Option<Name>,
    end: Option<End>,
}

impl Parts {
    fn split(text: &str) -> Result<Self, &'static str> {
        let mut parts = text.split('.');
        let mut name = parts.next().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err("a metric comes before the sign, such as recall.bad_form");
        }
        if name == DIFFERENCE {
            let Some(of) = parts.next() else {
                return Err(
                    "after difference comes a metric, such as difference.balanced_accuracy.low",
                );
            };
            name = format!("{DIFFERENCE}.{of}");
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
