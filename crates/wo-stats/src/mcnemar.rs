//! Two predictors on the same samples: whether one is right more often where they differ.

use statrs::distribution::{Binomial, DiscreteCDF};

/// McNemar's test in its exact form (McNemar 1947; `scipy.stats.binomtest` of the samples on which one is right and the other
/// is not). It takes samples as independent: give it one sample a group, or take the paired interval of
/// [`GroupedConfusions::compare`](crate::GroupedConfusions::compare) for what comes in groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// Samples that only the first has right.
    pub only_first: u64,
    /// Samples that only the second has right.
    pub only_second: u64,
    /// How probable as uneven a split is where neither is better, two-sided; 1 where they never differ.
    pub p_value: f64,
}

impl McNemar {
    /// From whether each predicts each sample right; samples of only one of them are skipped.
    pub fn of(is_first_right: &[bool], is_second_right: &[bool]) -> Self {
        let pairs = || is_first_right.iter().zip(is_second_right);
        let count =
            |wanted: (bool, bool)| pairs().filter(|(a, b)| (**a, **b) == wanted).count() as u64;
        Self::of_counts(count((true, false)), count((false, true)))
    }

    /// From the two counts.
    pub fn of_counts(only_first: u64, only_second: u64) -> Self {
        let fewer = only_first.min(only_second);
        let tail = Binomial::new(0.5, only_first + only_second).map_or(1.0, |b| b.cdf(fewer));
        Self {
            only_first,
            only_second,
            p_value: (2.0 * tail).min(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_units_that_differ_count() {
        let test = McNemar::of(
            &[true, true, true, false, true, false],
            &[true, false, false, false, false, true],
        );
        assert_eq!((test.only_first, test.only_second), (3, 1));
        assert!((test.p_value - 0.625).abs() < 1e-12);
        assert!((McNemar::of(&[], &[]).p_value - 1.0).abs() < 1e-12);
        assert!((McNemar::of_counts(4, 4).p_value - 1.0).abs() < 1e-12);
    }
}
