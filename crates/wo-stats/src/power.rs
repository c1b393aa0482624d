//! Statistical power: what an evaluation of this size can detect, and whether it is too small.

use std::fmt;

/// Standard errors that a difference must have for a two-sided test at 5 % to find it in 80 of 100 evaluations: the normal
/// quantiles of 0.975 and 0.8 (Cohen 1988, section 2.4).
const ERRORS_TO_DETECT: f64 = 1.959_964 + 0.841_621;
/// Groups that a class needs. Below this, intervals of a bootstrap over groups are too narrow: with ten groups a 95 %
/// interval holds the truth in about 90 of 100 (Cameron, Gelbach & Miller 2008 find the same of clustered errors).
pub const MIN_GROUPS: usize = 10;

/// The smallest difference that an evaluation with this standard error would find in 80 of 100 repetitions, in the samples of
/// the error. Of a difference of two models the error is that of the paired gain. `None` where the error is 0 or no number:
/// what never varied says nothing of what could be found.
pub fn smallest_detectable(standard_error: Option<f64>) -> Option<f64> {
    standard_error
        .filter(|error| error.is_finite() && *error > 0.0)
        .map(|error| ERRORS_TO_DETECT * error)
}

/// Why not to trust an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// No two groups: nothing is known of others.
    OneGroup,
    /// The class has fewer than [`MIN_GROUPS`] groups.
    TooFewGroups {
        /// The class.
        class: usize,
        /// How many groups it has.
        n_groups: usize,
    },
    /// All groups agree, so that the interval has no width; another group may not.
    NoVariation {
        /// How many groups agree.
        n_groups: usize,
    },
}

/// What is to be doubted about a metric of so many groups, from the number of groups that have samples of each class and the
/// metric's standard error. Classes without any are not part of the metric.
pub fn doubts(
    n_groups: usize,
    groups_of_class: &[usize],
    standard_error: Option<f64>,
) -> Vec<Doubt> {
    if n_groups < 2 {
        return vec![Doubt::OneGroup];
    }
    let few = groups_of_class.iter().enumerate();
    let few = few.filter(|(_, n)| (1..MIN_GROUPS).contains(*n));
    let mut doubts: Vec<Doubt> = few
        .map(|(class, &n_groups)| Doubt::TooFewGroups { class, n_groups })
        .collect();
    if standard_error.is_some_and(|error| error <= 0.0) {
        doubts.push(Doubt::NoVariation { n_groups });
    }
    doubts
}

impl Doubt {
    /// In words, with the name of the class where it is about one.
    pub fn in_words(&self, class_name: impl Fn(usize) -> String) -> String {
        match self {
            Self::OneGroup => {
                "one group only: it says nothing of other people or sources".to_owned()
            }
            Self::TooFewGroups { class, n_groups } => {
                let (name, noun) = (class_name(*class), plural(*n_groups));
                format!(
                    "{name} has {n_groups} {noun}, fewer than {MIN_GROUPS}: the intervals are too narrow"
                )
            }
            Self::NoVariation { n_groups } => {
                let at_most = 100.0 * at_most_missed(*n_groups);
                format!(
                    "all {n_groups} groups agree, so the interval has no width; up to {at_most:.0} % of other groups \
                     may still differ"
                )
            }
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(|class| format!("class {class}")))
    }
}

/// The share of groups that may differ though none of so many did, at 95 %: one minus the n-th root of 0.05, which the "rule
/// of three" approximates (Hanley & Lippman-Hand 1983). 1 without groups.
pub fn at_most_missed(n_groups: usize) -> f64 {
    1.0 - 0.05_f64.powf(1.0 / n_groups as f64)
}

fn plural(n_groups: usize) -> &'static str {
    if n_groups == 1 { "group" } else { "groups" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_nearly_three_errors_is_found() {
        assert!((smallest_detectable(Some(0.02)).unwrap() - 0.056_031_7).abs() < 1e-9);
        assert_eq!(smallest_detectable(Some(0.0)), None);
        assert_eq!(smallest_detectable(Some(f64::NAN)), None);
        assert_eq!(smallest_detectable(None), None);
    }

    #[test]
    fn what_all_groups_agree_on_is_not_sure() {
        assert!((at_most_missed(10) - 0.258_9).abs() < 1e-4);
        assert!((at_most_missed(3) - 0.631_6).abs() < 1e-4);
        assert!((at_most_missed(0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn doubts_in_words() {
        let words = |n, of_class: &[usize], error| {
            doubts(n, of_class, error)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(40, &[20, 30, 0], Some(0.1)), Vec::<String>::new());
        assert_eq!(
            words(21, &[20, 1], Some(0.1)),
            ["class 1 has 1 group, fewer than 10: the intervals are too narrow"]
        );
        assert_eq!(
            words(1, &[1, 1], None),
            ["one group only: it says nothing of other people or sources"]
        );
        assert_eq!(
            words(30, &[15, 15], Some(0.0)),
            [
                "all 30 groups agree, so the interval has no width; up to 10 % of other groups may still differ"
            ]
        );
    }
}
