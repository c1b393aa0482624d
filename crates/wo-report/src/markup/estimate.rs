//! A metric with its confidence interval.

use maud::{Markup, html};

/// What stands where there is nothing to show.
pub(crate) const DASH: &str = "–";

/// A 95 % confidence interval, in the unit of the metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The interval from `low` to `high`.
    pub fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// Whether both ends are numbers.
    fn is_finite(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }
}

/// A metric with its 95 % confidence interval, or with the reason why there is none: the page shows no metric without
/// either.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The metric; `None` if undefined.
    pub value: Option<f64>,
    /// The confidence interval over groups, or why there is none, such as `only one group`.
    pub interval: Result<Interval, String>,
    /// The bias-corrected and accelerated (BCa) interval of the same bootstrap.
    pub bca: Option<Interval>,
}

impl Estimate {
    /// A metric and its percentile interval.
    pub fn between(value: f64, low: f64, high: f64) -> Self {
        Self {
            value: Some(value),
            interval: Ok(Interval::new(low, high)),
            bca: None,
        }
    }

    /// A metric without an interval, and why.
    pub fn alone(value: f64, why_no_interval: impl Into<String>) -> Self {
        Self {
            value: Some(value),
            interval: Err(why_no_interval.into()),
            bca: None,
        }
    }

    /// No metric, and why.
    pub fn missing(why: impl Into<String>) -> Self {
        Self {
            value: None,
            interval: Err(why.into()),
            bca: None,
        }
    }

    /// The same with a BCa interval.
    #[must_use]
    pub fn with_bca(mut self, low: f64, high: f64) -> Self {
        self.bca = Some(Interval::new(low, high));
        self
    }

    /// The metric, if it is finite.
    pub(crate) fn number(&self) -> Option<f64> {
        self.value.filter(|value| value.is_finite())
    }

    /// The interval, if both ends are finite.
    pub(crate) fn bounds(&self) -> Option<Interval> {
        self.interval
            .as_ref()
            .ok()
            .copied()
            .filter(|interval| interval.is_finite())
    }

    /// `0.71 [0.60, 0.81]`, with the BCa interval beneath.
    pub(crate) fn shown(&self, format: Format) -> Markup {
        let bca = self.bca.filter(|interval| interval.is_finite());
        html! {
            (self.in_a_sentence(format))
            @if let Some(interval) = bca {
                span.bca { "BCa " (format.interval(interval)) }
            }
        }
    }

    /// `0.71 [0.60, 0.81]`.
    pub(crate) fn in_a_sentence(&self, format: Format) -> Markup {
        html! {
            @if let Some(value) = self.number() { span.value { (format.number(value)) } " " }
            @match (self.bounds(), &self.interval) {
                (Some(interval), _) => span.interval { (format.interval(interval)) },
                (None, Err(why)) if !why.is_empty() => span.why { (DASH) " " (why) },
                (None, _) => span.why { (DASH) " no confidence interval" },
            }
        }
    }
}

/// How a metric is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `0.71`.
    Plain,
    /// `+0.12`.
    Signed,
    /// `71 %`.
    Share,
    /// `+3.1`: hundredths, for differences that are too small for `+0.03`.
    Points,
}

impl Format {
    pub(crate) fn number(self, value: f64) -> String {
        match self {
            Self::Plain => minus(format!("{value:.2}")),
            Self::Signed => minus(format!("{value:+.2}")),
            Self::Share => share(value),
            Self::Points => minus(format!("{:+.1}", value * 100.0)),
        }
    }

    fn interval(self, interval: Interval) -> String {
        let Interval { low, high } = interval;
        match self {
            // The unit once is enough.
            Self::Share => format!("[{:.0}, {:.0} %]", low * 100.0, high * 100.0),
            _ => format!("[{}, {}]", self.number(low), self.number(high)),
        }
    }
}

/// A part of one as `71 %`.
pub(crate) fn share(part: f64) -> String {
    minus(format!("{:.0}\u{a0}%", part * 100.0))
}

/// The true minus, which is as wide as a digit; and no sign before a zero.
fn minus(number: String) -> String {
    if !number.contains(|c: char| ('1'..='9').contains(&c)) {
        return number.trim_start_matches(['-', '+']).to_owned();
    }
    match number.strip_prefix('-') {
        Some(rest) => format!("\u{2212}{rest}"),
        None => number,
    }
}

/// `1 video`, `2 videos`.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{n}\u{a0}{noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_figure_goes_without_an_interval_or_a_reason() {
        let text = |estimate: Estimate| estimate.shown(Format::Plain).into_string();
        assert!(text(Estimate::between(0.714, 0.6, 0.81)).contains("[0.60, 0.81]"));
        assert!(text(Estimate::alone(0.7, "only one group")).contains("– only one group"));
        assert!(text(Estimate::alone(0.7, "")).contains("– no confidence interval"));
        let broken = Estimate::between(f64::NAN, f64::NEG_INFINITY, 1.0);
        assert!(text(broken).contains("– no confidence interval"));
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(Format::Plain.number(-0.001), "0.00");
        assert_eq!(Format::Signed.number(-0.12), "\u{2212}0.12");
        assert_eq!(Format::Signed.number(0.12), "+0.12");
        assert_eq!(Format::Points.number(0.0314), "+3.1");
        assert_eq!(Format::Signed.number(0.001), "0.00");
        assert_eq!(Format::Share.number(0.706), "71\u{a0}%");
        assert_eq!(
            Format::Share.interval(Interval::new(0.1, 0.456)),
            "[10, 46 %]"
        );
        assert_eq!(counted(1, "video"), "1\u{a0}video");
    }
}
