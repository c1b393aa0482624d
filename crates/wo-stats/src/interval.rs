//! 95 % confidence intervals that keep their coverage with few groups, pure over counts.
//!
//! Resampling six persons tells of those six only: its interval is too short where all of them agree, and has no width
//! where the model makes no mistake. The intervals here come from models with a correlation inside groups. The interval to
//! print is the union of one of them with the percentile interval: [`Interval::union`]. `docs/experiments` has
//! the coverage that simulations find, and where it fails.

mod beta_binomial;
mod group_metrics;
mod paired_difference;
mod proportion;
mod recalls;
mod roc_area;

use crate::bootstrap::Interval;

pub(crate) use group_metrics::GroupMetrics;
pub(crate) use paired_difference::unpaired_difference;
pub use paired_difference::{PairedCounts, paired_difference};
pub use proportion::proportion;
pub use roc_area::roc_area;

/// Below the low end and above the high end lies so much.
const LOW: f64 = 0.025;
const HIGH: f64 = 1.0 - LOW;

impl Interval {
    /// The lower low end and the higher high end.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// From the lowest to the highest value that is possible.
    #[must_use]
    fn within(self, lowest: f64, highest: f64) -> Self {
        Self {
            low: self.low.max(lowest),
            high: self.high.min(highest),
        }
    }
}

/// How many equal groups say as much as groups of these sizes: (Σn)²/Σn² (Kish 1965). 0 without samples.
pub fn effective_groups(sizes: impl IntoIterator<Item = u64>) -> f64 {
    let (mut sum, mut squares) = (0.0, 0.0);
    for size in sizes {
        sum += size as f64;
        squares += (size as f64).powi(2);
    }
    if squares > 0.0 {
        sum * sum / squares
    } else {
        0.0
    }
}

/// How far the ends of several classes move their combination, where a class's errors go with those of another as far as
/// they share groups: √(Σδ² + 2 Σ r o_cd δ_c δ_d), with the overlap o_cd of the sizes of the groups.
fn combined(deviations: &[f64], sizes: &[Vec<f64>], correlation: f64) -> f64 {
    let dot =
        |one: &[f64], other: &[f64]| -> f64 { one.iter().zip(other).map(|(a, b)| a * b).sum() };
    let mut sum = 0.0;
    for (c, (deviation, of_class)) in deviations.iter().zip(sizes).enumerate() {
        sum += deviation * deviation;
        for (other, of_other) in deviations.iter().zip(sizes).skip(c + 1) {
            let norm = (dot(of_class, of_class) * dot(of_other, of_other)).sqrt();
            let overlap = if norm > 0.0 {
                dot(of_class, of_other) / norm
            } else {
                0.0
            };
            sum += 2.0 * correlation * overlap * deviation * other;
        }
    }
    sum.max(0.0).sqrt()
}

#[cfg(test)]
mod tests;
