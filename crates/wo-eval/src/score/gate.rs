//! Conditions on a model: `balanced_accuracy>=champion-0.01, recall.bad_form.low>=0.8, ece<=0.1`.

use std::fmt;
use std::str::FromStr;

use anyhow::anyhow;
use wo_cli::{Exit, ExitWith};
use wo_record::{Gate, GateTerm, Name};

use crate::judge::label_space::LabelSpace;
use crate::score::key::{Baseline, MetricName, Task};

/// The prefix of metrics of exercises.
const OF_EXERCISES: &str = "exercise_";

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

    fn is_of_exercises(self) -> bool {
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

/// The conditions of a gate; all must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms(Vec<Term>);

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    text: String,
    pub(crate) metric: NamedMetric,
    comparison: Comparison,
    bound: Bound,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// A number, or what the champion has and a number.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bound {
    is_champion: bool,
    offset: f64,
}

/// A condition that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{term}\": {why}")]
pub struct GateError {
    term: String,
    why: String,
}

/// What is known of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Known {
    pub(crate) value: Option<f64>,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

impl Known {
    fn at(self, end: Option<End>) -> Option<f64> {
        match end {
            None => self.value,
            Some(End::Low) => self.low,
            Some(End::High) => self.high,
        }
    }
}

impl FromStr for Terms {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let terms: Vec<Term> = text
            .split(',')
            .map(str::trim)
            .filter(|term| !term.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        if terms.is_empty() {
            return Err(GateError {
                term: text.to_owned(),
                why: "there is no condition, such as balanced_accuracy>=0.8".to_owned(),
            });
        }
        Ok(Self(terms))
    }
}

impl FromStr for Term {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let because = |why: String| GateError {
            term: text.to_owned(),
            why,
        };
        let signs = [
            (">=", Comparison::AtLeast),
            ("<=", Comparison::AtMost),
            (">", Comparison::Above),
            ("<", Comparison::Below),
        ];
        let (sign, comparison) = signs
            .into_iter()
            .find(|(sign, _)| text.contains(sign))
            .ok_or_else(|| because("there is none of >=, <=, > and <".to_owned()))?;
        let (metric, bound) = text
            .split_once(sign)
            .ok_or_else(|| because("there is no bound".to_owned()))?;
        if metric.ends_with('=') {
            return Err(because(format!("={sign} is written {sign}=")));
        }
        Ok(Self {
            text: text.to_owned(),
            metric: metric.trim().parse().map_err(because)?,
            comparison,
            bound: bound.parse().map_err(|why: &str| because(why.to_owned()))?,
        })
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

impl FromStr for Bound {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let text: String = text.split_whitespace().collect();
        let (is_champion, number) = match text.strip_prefix("champion") {
            Some("") => (true, "0"),
            Some(rest) if rest.starts_with(['+', '-']) => (true, rest),
            Some(_) => return Err("after champion comes + or - and a number"),
            None => (false, text.as_str()),
        };
        match number.parse::<f64>() {
            Ok(offset) if offset.is_finite() => Ok(Self {
                is_champion,
                offset,
            }),
            _ => Err("a bound is a number, champion, or champion with + or - and a number"),
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

impl Terms {
    /// Whether a condition needs a champion.
    pub(crate) fn need_champion(&self) -> bool {
        self.0.iter().any(|term| term.bound.is_champion)
    }

    /// Fails on a class that is neither a label nor an exercise.
    pub(crate) fn check_classes(&self, space: &LabelSpace) -> anyhow::Result<()> {
        for term in &self.0 {
            let known = if term.metric.name.is_of_exercises() {
                space.exercises.as_slice()
            } else {
                let n_labels = space.n_true_labels();
                space.labels.get(..n_labels).unwrap_or_default()
            };
            let class = term.metric.class.as_ref();
            if let Some(class) = class.filter(|class| !known.contains(class)) {
                let known: Vec<&str> = known.iter().map(Name::as_str).collect();
                let known = known.join(", ");
                return Err(anyhow!(
                    "\"{}\": there is no {class}, but {known}",
                    term.text
                ))
                .exit_with(Exit::Usage);
            }
        }
        Ok(())
    }

    /// Checks the conditions. An unknown metric fails its condition: a gate never opens for lack of a number.
    pub(crate) fn judge(
        &self,
        candidate: impl Fn(&NamedMetric) -> Option<Known>,
        champion: impl Fn(&NamedMetric) -> Option<Known>,
    ) -> Gate {
        let terms: Vec<GateTerm> = self
            .0
            .iter()
            .map(|term| term.judge(candidate(&term.metric), champion(&term.metric)))
            .collect();
        Gate {
            passed: terms.iter().all(|term| term.passed),
            terms,
        }
    }
}

impl Term {
    fn judge(&self, candidate: Option<Known>, champion: Option<Known>) -> GateTerm {
        let end = self.metric.end;
        let value = candidate.and_then(|known| known.at(end));
        let bound = if self.bound.is_champion {
            champion
                .and_then(|known| known.at(end))
                .map(|value| value + self.bound.offset)
        } else {
            Some(self.bound.offset)
        };
        let passed = value
            .zip(bound)
            .map(|(value, bound)| match self.comparison {
                Comparison::AtLeast => value >= bound,
                Comparison::AtMost => value <= bound,
                Comparison::Above => value > bound,
                Comparison::Below => value < bound,
            });
        let why = match (candidate, value, bound) {
            (None, ..) => Some(format!("there is no metric {}", self.metric)),
            (Some(_), None, _) => Some(format!("{} is undefined for these videos", self.metric)),
            (.., None) => Some(format!("the champion has no {}", self.metric)),
            _ => None,
        };
        GateTerm {
            term: self.text.clone(),
            value,
            bound,
            passed: passed.unwrap_or(false),
            why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: f64) -> Known {
        Known {
            value: Some(value),
            low: Some(value - 0.1),
            high: Some(value + 0.1),
        }
    }

    /// Whether each term of `text` holds; the candidate has 0.8 of everything, the champion 0.79.
    fn check(text: &str) -> Vec<bool> {
        let terms: Terms = text.parse().expect(text);
        let gate = terms.judge(
            |metric| (metric.name != GateMetric::Ece).then(|| known(0.8)),
            |_| Some(known(0.79)),
        );
        let passed: Vec<bool> = gate.terms.iter().map(|term| term.passed).collect();
        assert_eq!(gate.passed, passed.iter().all(|&passed| passed), "{text}");
        passed
    }

    #[test]
    fn terms_hold_or_do_not() {
        assert_eq!(check("balanced_accuracy >= 0.8"), [true]);
        assert_eq!(check("balanced_accuracy > 0.8"), [false]);
        assert_eq!(check("macro_f1<=0.1"), [false]);
        assert_eq!(check("recall.bad_form<0.81,"), [true]);
        assert_eq!(
            check("accuracy>=champion, accuracy>=champion+0.05, accuracy>=champion - 0.01"),
            [true, false, true]
        );
        assert_eq!(
            check("recall.bad_form.low>=0.75, accuracy.high>0.85"),
            [false, true]
        );
    }

    #[test]
    fn what_is_not_known_holds_no_term() {
        assert_eq!(check("ece>=0, ece<=1"), [false, false]);
        let terms: Terms = "accuracy>=champion".parse().expect("a gate");
        let gate = terms.judge(|_| Some(known(1.0)), |_| None);
        assert!(!gate.passed);
        assert_eq!(
            gate.terms[0].why.as_deref(),
            Some("the champion has no accuracy")
        );
    }

    #[test]
    fn a_class_that_there_is_not_is_a_slip_too() {
        let space = LabelSpace::new(&crate::fixtures::classes());
        let check = |text: &str| text.parse::<Terms>().expect(text).check_classes(&space);
        assert!(check("recall.bad_form>=0.5, exercise_recall.squat.low>=0.5").is_ok());
        let error = check("recall.squat>=0.5")
            .expect_err("no label")
            .to_string();
        assert_eq!(
            error,
            "\"recall.squat>=0.5\": there is no squat, but bad_form, good_form"
        );
        assert!(check("exercise_f1.bad_form>=0.5").is_err());
    }

    #[test]
    fn slips_are_named() {
        for (text, why) in [
            ("", "there is no condition"),
            ("accuracy", "none of >="),
            (">=1", "comes before the sign"),
            ("accuracy>=", "a bound is a number"),
            ("accuracy>=champion*2", "after champion"),
            ("accuracy>=NaN", "a bound is a number"),
            ("recall..low>=1", "nothing after the point"),
            ("recall.a.b>=1", "a metric is NAME"),
            (
                "ghost>=1",
                "there is no metric ghost; there are balanced_accuracy",
            ),
            ("Accuracy>=1", "there is no metric Accuracy"),
            ("exercise_ece<=1", "there is no metric exercise_ece"),
            ("accuracy=>0.5", "=> is written >="),
            ("accuracy.middle>=0.5", "accuracy has no classes"),
            ("recall>=0.5", "recall needs a class: recall.CLASS"),
            ("coverage.low>=0.5", "coverage has no confidence interval"),
        ] {
            let error = text.parse::<Terms>().expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
