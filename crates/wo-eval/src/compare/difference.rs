//! One metric of two models on the same videos.

use wo_record::Comparison;

use crate::score::key::{MetricName, ScoreKey};

/// A difference, and what it is of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    pub(crate) key: ScoreKey,
    pub(crate) record: Comparison,
}

/// That of balanced accuracy over all videos.
pub(crate) fn main_difference(all: &[Difference]) -> Option<&Difference> {
    let key = ScoreKey::of_labels(MetricName::BalancedAccuracy);
    all.iter().find(|it| it.key == key)
}
