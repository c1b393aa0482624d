//! One score with its 95 % confidence interval.

use wo_record::Score;
use wo_stats::{Confidence, Estimate, Interval, smallest_detectable};

use crate::score::key::ScoreKey;
use crate::score::support::Support;

/// A score, and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measurement {
    pub(crate) key: ScoreKey,
    /// `None` where it is not defined, as the recall of a class without videos.
    pub(crate) value: Option<f64>,
    /// The ends of its interval.
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    /// The same, corrected for bias and skewness.
    pub(crate) bca_low: Option<f64>,
    pub(crate) bca_high: Option<f64>,
    /// The smallest difference that so many groups would show.
    pub(crate) detectable: Option<f64>,
    /// The samples and groups that it rests on.
    pub(crate) n: u64,
    pub(crate) n_groups: u64,
    /// How many independent groups these are worth, in the class that has the fewest.
    pub(crate) n_effective: f64,
}

impl Measurement {
    /// What was found of a score.
    pub(crate) fn new(key: ScoreKey, estimate: &Estimate, support: Support) -> Self {
        let end = |of: fn(Interval) -> f64| estimate.intervals.interval.map(of);
        let bca = |of: fn(Interval) -> f64| estimate.intervals.bca.map(of);
        Self {
            key,
            value: estimate.value,
            low: end(|it| it.low),
            high: end(|it| it.high),
            bca_low: bca(|it| it.low),
            bca_high: bca(|it| it.high),
            detectable: smallest_detectable(
                estimate.intervals.standard_error,
                Confidence::NINETY_FIVE,
            ),
            n: support.n,
            n_groups: support.n_groups,
            n_effective: support.n_effective,
        }
    }

    /// Whether its interval lies above a value: then it is shown to be better.
    pub(crate) fn is_above(&self, value: f64) -> bool {
        self.low.is_some_and(|low| low > value)
    }

    /// The record of it.
    pub(crate) fn record(&self) -> Score {
        let key = &self.key;
        Score {
            task: key.task.as_str().to_owned(),
            by: key.by.clone(),
            unit: key.unit.as_str().to_owned(),
            scope: key.scope.to_string(),
            name: key.name.as_str().to_owned(),
            class: key.class.clone(),
            value: self.value,
            low: self.low,
            high: self.high,
            bca_low: self.bca_low,
            bca_high: self.bca_high,
            detectable: self.detectable,
            n: self.n,
            n_groups: self.n_groups,
            effective_groups: Some(self.n_effective),
            caution: None,
        }
    }
}

/// Sorts parts of the videos: the lowest value first, equal ones by their names.
pub(crate) fn worst_first(parts: &mut [Measurement]) {
    let value = |part: &Measurement| part.value.unwrap_or(f64::INFINITY);
    parts.sort_by(|a, b| {
        let by_name = || a.key.scope.to_string().cmp(&b.key.scope.to_string());
        value(a).total_cmp(&value(b)).then_with(by_name)
    });
}
