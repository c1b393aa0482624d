//! The ends of intervals.

use crate::bootstrap::Interval;

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
