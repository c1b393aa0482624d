//! Conditions on a model: `difference.balanced_accuracy.low>=-0.02, recall.bad_form.low>=0.8, ece<=0.1`.

use std::str::FromStr;

use anyhow::anyhow;
use wo_cli::{Exit, ExitWith};
use wo_record::{Gate, GateTerm, Name};

use crate::judge::label_space::LabelSpace;
use crate::score::gate_metric::{End, NamedMetric};

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

/// A metric of one side, or why there is none.
pub(crate) type Evidence = Result<Known, String>;

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
        let metric: NamedMetric = metric.trim().parse().map_err(because)?;
        let bound: Bound = bound.parse().map_err(|why: &str| because(why.to_owned()))?;
        if metric.name.is_difference() && bound.is_champion {
            let why =
                "a difference is one to the champion already; its bound is a number, such as -0.02";
            return Err(because(why.to_owned()));
        }
        Ok(Self {
            text: text.to_owned(),
            metric,
            comparison,
            bound,
        })
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

impl Terms {
    /// Whether a condition needs a champion.
    pub(crate) fn need_champion(&self) -> bool {
        self.0.iter().any(Term::needs_champion)
    }

    /// The first condition that compares two estimates as if they were certain.
    pub(crate) fn without_interval(&self) -> Option<&str> {
        let is_bare = |it: &&Term| it.needs_champion() && !it.is_on_difference_interval();
        self.0.iter().find(is_bare).map(|it| it.text.as_str())
    }

    /// Fails on a class that is neither a label nor an exercise.
    pub(crate) fn check_classes(&self, space: &LabelSpace) -> anyhow::Result<()> {
        for term in &self.0 {
            let known = term.metric.classes(space);
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
        candidate: impl Fn(&NamedMetric) -> Evidence,
        champion: impl Fn(&NamedMetric) -> Evidence,
    ) -> Gate {
        let terms: Vec<GateTerm> = self
            .0
            .iter()
            .map(|term| term.judge(candidate(&term.metric), || champion(&term.metric)))
            .collect();
        Gate {
            passed: terms.iter().all(|term| term.passed),
            terms,
        }
    }
}

impl Term {
    fn needs_champion(&self) -> bool {
        self.bound.is_champion || self.metric.name.is_difference()
    }

    fn is_on_difference_interval(&self) -> bool {
        self.metric.name.is_difference() && self.metric.end.is_some()
    }

    fn judge(&self, candidate: Evidence, champion: impl FnOnce() -> Evidence) -> GateTerm {
        let at = |evidence: Evidence, missing: String| {
            let known = evidence?;
            known.at(self.metric.end).ok_or(missing)
        };
        let value = at(
            candidate,
            format!("{} is undefined for these videos", self.metric),
        );
        let bound = if self.bound.is_champion {
            at(champion(), format!("the champion has no {}", self.metric))
                .map(|value| value + self.bound.offset)
        } else {
            Ok(self.bound.offset)
        };
        let passed = match (&value, &bound) {
            (Ok(value), Ok(bound)) => match self.comparison {
                Comparison::AtLeast => value >= bound,
                Comparison::AtMost => value <= bound,
                Comparison::Above => value > bound,
                Comparison::Below => value < bound,
            },
            _ => false,
        };
        GateTerm {
            term: self.text.clone(),
            value: value.as_ref().ok().copied(),
            bound: bound.as_ref().ok().copied(),
            passed,
            why: value.err().or(bound.err()),
        }
    }
}

/// Says why conditions do not hold, where that is not for the numbers.
pub(crate) fn warn_of_shut(gate: Option<&Gate>) {
    let terms = gate.into_iter().flat_map(|it| &it.terms);
    for why in terms.filter_map(|it| it.why.as_ref()) {
        wo_cli::warn!("{why}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::gate_metric::GateMetric;

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
            |metric| match metric.name {
                GateMetric::Ece => Err("no ece".to_owned()),
                GateMetric::Difference(..) => Ok(known(0.01)),
                _ => Ok(known(0.8)),
            },
            |_| Ok(known(0.79)),
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
        assert_eq!(
            check(
                "difference.balanced_accuracy.low>=-0.1, difference.recall.bad_form>0.02, difference.exercise_f1.squat.high>0"
            ),
            [true, false, true]
        );
    }

    #[test]
    fn a_comparison_of_two_estimates_is_told_from_one_of_their_difference() {
        let bare = |text: &str| {
            let terms: Terms = text.parse().expect(text);
            assert!(terms.need_champion(), "{text}");
            terms.without_interval().map(str::to_owned)
        };
        assert_eq!(bare("difference.accuracy.low>=0, ece<=0.1"), None);
        for text in [
            "accuracy>=champion",
            "accuracy.low>=champion-0.1",
            "difference.accuracy>=0",
        ] {
            assert_eq!(bare(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_not_known_holds_no_term() {
        assert_eq!(check("ece>=0, ece<=1"), [false, false]);
        let terms: Terms = "accuracy>=champion".parse().expect("a gate");
        let why = |candidate: Evidence, champion: Evidence| {
            let gate = terms.judge(|_| candidate.clone(), |_| champion.clone());
            assert!(!gate.passed);
            gate.terms.into_iter().find_map(|it| it.why)
        };
        let undefined = || Ok(Known::default());
        assert_eq!(
            why(Ok(known(1.0)), undefined()).as_deref(),
            Some("the champion has no accuracy")
        );
        assert_eq!(
            why(undefined(), Ok(known(1.0))).as_deref(),
            Some("accuracy is undefined for these videos")
        );
        assert_eq!(
            why(Err("too few".to_owned()), Ok(known(1.0))).as_deref(),
            Some("too few")
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
            ("difference>=0", "after difference comes a metric"),
            (
                "difference.ece>=0",
                "there is no difference.ece; after difference. comes one of balanced_accuracy",
            ),
            (
                "difference.recall>=0",
                "difference.recall needs a class: difference.recall.CLASS",
            ),
            ("difference.accuracy>=champion", "to the champion already"),
        ] {
            let error = text.parse::<Terms>().expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
