//! Statistical power: what an evaluation of this size can detect, and whether it is too small.

use crate::confidence::Confidence;

/// The normal quantile of 0.8: beyond the end of the interval, so many standard errors are found in 80 of 100 evaluations
/// (Cohen 1988, section 2.4).
const ERRORS_OF_POWER: f64 = 0.841_621;
/// Independent groups that a class needs, by [`effective_groups`](crate::effective_groups). Below this a few people decide,
/// and intervals that only resample groups are too narrow: with ten groups a 95 % interval of a bootstrap holds the truth in
/// about 90 of 100 (Cameron, Gelbach & Miller 2008 find the same of clustered errors).
pub const MIN_GROUPS: usize = 10;

/// Whether so many independent groups are too few to rely on.
pub fn are_too_few(n_effective: f64) -> bool {
    n_effective < MIN_GROUPS as f64
}

/// The smallest difference that an evaluation with this standard error would find in 80 of 100 repetitions, in the samples of
/// the error, by an interval of this confidence. Of a difference of two models the error is that of the paired gain. `None`
/// where the error is 0 or no number: what never varied says nothing of what could be found.
pub fn smallest_detectable(standard_error: Option<f64>, confidence: Confidence) -> Option<f64> {
    standard_error
        .filter(|error| error.is_finite() && *error > 0.0)
        .map(|error| (confidence.standard_errors() + ERRORS_OF_POWER) * error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_nearly_three_errors_is_found() {
        let of = |error| smallest_detectable(error, Confidence::NINETY_FIVE);
        assert!((of(Some(0.02)).unwrap() - 0.056_031_7).abs() < 1e-8);
        assert_eq!([Some(0.0), Some(f64::NAN), None].map(of), [None; 3]);
        let surer = Confidence::new(0.99).unwrap();
        assert!(smallest_detectable(Some(0.02), surer) > of(Some(0.02)));
    }

    #[test]
    fn ten_groups_are_enough_and_a_little_less_is_not() {
        assert!(!are_too_few(10.0));
        assert!(are_too_few(9.99) && are_too_few(0.0));
    }
}
