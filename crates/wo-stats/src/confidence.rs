//! How sure an interval is meant to be.

use statrs::distribution::{ContinuousCDF, Normal};

/// How often intervals are meant to hold the truth: 0.95 where nothing else is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// Half of what an interval leaves out.
    tail: f64,
}

impl Confidence {
    /// Of 95 of 100 intervals.
    pub const NINETY_FIVE: Self = Self { tail: 0.025 };

    /// A share between 0.5 and 1, both left out; `None` of any other number.
    pub fn new(share: f64) -> Option<Self> {
        let is_possible = share > 0.5 && share < 1.0;
        is_possible.then_some(Self {
            tail: (1.0 - share) / 2.0,
        })
    }

    /// The share of intervals that hold the truth.
    pub fn share(self) -> f64 {
        1.0 - 2.0 * self.tail
    }

    /// How much lies below an interval, and as much above it.
    pub(crate) fn tail(self) -> f64 {
        self.tail
    }

    /// Half the width of an interval of a normal distribution, in standard errors.
    pub(crate) fn standard_errors(self) -> f64 {
        Normal::standard().inverse_cdf(1.0 - self.tail)
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Self::NINETY_FIVE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_is_a_share_above_a_half() {
        for impossible in [f64::NAN, -0.1, 0.0, 0.5, 1.0, 1.5] {
            assert_eq!(Confidence::new(impossible), None, "{impossible}");
        }
        let high = Confidence::new(0.99).unwrap();
        assert!((high.share() - 0.99).abs() < 1e-12 && (high.tail() - 0.005).abs() < 1e-12);
        // scipy.stats.norm.ppf([0.975, 0.995])
        let reach = Confidence::NINETY_FIVE.standard_errors();
        assert!((reach - 1.959_963_985).abs() < 1e-8, "{reach}");
        assert!((high.standard_errors() - 2.575_829_304).abs() < 1e-8);
    }
}
