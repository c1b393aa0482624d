//! Scores on the page: a value with its confidence interval, or the reason why there is none.

use wo_report::Estimate;
use wo_stats::are_too_few;

use crate::score::measurement::Measurement;

pub(super) fn estimate(score: &Measurement) -> Estimate {
    let why = no_interval(score.n_groups, score.n_effective);
    let estimate = between((score.value, score.low, score.high), why);
    match (score.bca_low, score.bca_high) {
        (Some(low), Some(high)) => estimate.with_bca(low, high),
        _ => estimate,
    }
}

/// Why a metric of so many groups has no confidence interval. Of the class that has the fewest, they are worth
/// `n_effective` independent ones.
pub(super) fn no_interval(n_groups: u64, n_effective: f64) -> &'static str {
    match n_groups {
        0 | 1 => "only one group",
        _ if are_too_few(n_effective) => "too few groups",
        _ => "too few cases",
    }
}

/// A value with its interval, or `why` it has none.
pub(super) fn between(
    (value, low, high): (Option<f64>, Option<f64>, Option<f64>),
    why: &str,
) -> Estimate {
    match (value, low, high) {
        (Some(value), Some(low), Some(high)) => Estimate::between(value, low, high),
        (Some(value), ..) => Estimate::alone(value, why),
        _ => Estimate::missing("undefined for these videos"),
    }
}
