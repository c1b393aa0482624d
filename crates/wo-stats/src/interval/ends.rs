//! The ends of intervals.

use crate::bootstrap::Interval;

/// Below the low end and above the high end lies so much.
pub(super) const LOW: f64 = 0.025;
pub(super) const HIGH: f64 = 1.0 - LOW;

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
    pub(super) fn within(self, lowest: f64, highest: f64) -> Self {
        Self {
            low: self.low.max(lowest),
            high: self.high.min(highest),
        }
    }
}
