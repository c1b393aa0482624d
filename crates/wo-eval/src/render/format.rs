//! Shared formats and thresholds of the text report and the page.

/// Text of a file with what is not seen escaped: a name must not drive the terminal.
pub(crate) use wo_cli::escaped as plain;

use crate::score::measurement::Measurement;

/// A confidence interval wider than this cannot separate a useless model from a good one.
pub(crate) const WIDE_INTERVAL: f64 = 0.3;
/// `0.82 [0.71, 0.92]`, `0.82 [-]`, or `-`.
pub(crate) fn shown(score: Option<&Measurement>) -> String {
    score.map_or_else(|| "-".to_owned(), |it| with_ends(it.value, it.low, it.high))
}

/// The same for any value.
pub(crate) fn with_ends(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
    match (value, low.zip(high)) {
        (Some(value), Some((low, high))) => format!("{value:.2} [{low:.2}, {high:.2}]"),
        (Some(value), None) => format!("{value:.2} [-]"),
        (None, _) => "-".to_owned(),
    }
}

/// `+0.12 [-0.03, +0.25]`, or `+0.12, without an interval`.
pub(crate) fn signed(gain: &Measurement) -> String {
    match (gain.value, gain.low, gain.high) {
        (Some(value), Some(low), Some(high)) => format!("{value:+.2} [{low:+.2}, {high:+.2}]"),
        (Some(value), ..) => format!("{value:+.2}, without a confidence interval"),
        _ => "not known".to_owned(),
    }
}

/// `0.82` or `-`.
pub(crate) fn value(score: Option<&Measurement>) -> String {
    number(score.and_then(|score| score.value))
}

/// The same of a figure that is no score.
pub(crate) fn number(it: Option<f64>) -> String {
    it.map_or_else(|| "-".to_owned(), |it| format!("{it:.2}"))
}

/// The detectable difference.
pub(crate) fn detectable(score: Option<&Measurement>) -> String {
    number(score.and_then(|score| score.detectable))
}

/// What to keep in mind of many intervals, of which a reader picks the lowest.
pub(crate) fn several_intervals(n: usize) -> String {
    format!(
        "Each of these {n} intervals holds for itself in 95 of 100 evaluations; the lowest of many may be low by chance."
    )
}

/// The confidence interval, if there is one.
pub(crate) fn ends(score: &Measurement) -> Option<(f64, f64)> {
    Some((score.low?, score.high?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        let hostile = "a\u{1b}[31mb\nc\r\u{202e}d\u{9b}1m ä";
        let shown = plain(hostile);
        assert_eq!(shown, "a\\u{1b}[31mb\\nc\\r\\u{202e}d\\u{9b}1m ä");
    }

    #[test]
    fn no_end_is_made_up() {
        assert_eq!(with_ends(Some(0.5), None, None), "0.50 [-]");
        assert_eq!(with_ends(None, None, None), "-");
    }
}
