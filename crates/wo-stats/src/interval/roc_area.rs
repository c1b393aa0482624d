//! The confidence interval of the area under the ROC curve over groups.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::group_sizes::effective_groups;
use crate::bootstrap::Interval;
use crate::confidence::Confidence;

/// The correlation inside groups that the prior of the variance assumes.
const CORRELATION: f64 = 0.3;
/// The prior of the variance weighs as much as so many groups.
const PRIOR_GROUPS: f64 = 6.0;

/// Samples of one group: how many, and their placements summed.
#[derive(Debug, Clone, Copy, Default)]
struct GroupSum {
    n_positive: f64,
    n_negative: f64,
    positive: f64,
    negative: f64,
}

/// The 95 % interval of the ROC AUC of `scores`, from whether each sample is positive and its group (counted from 0). The
/// variance over groups (Obuchowski 1997) is shrunk towards that of an exponential model (Hanley & McNeil 1982) at the
/// effective sample size, and the interval is one of Student's t in log-odds. `None` where a class has samples in fewer than two
/// groups, or the slices differ in length. Areas below 0.5 are untested.
pub fn roc_area(scores: &[f64], is_positive: &[bool], groups: &[usize]) -> Option<Interval> {
    if scores.len() != is_positive.len() || scores.len() != groups.len() {
        return None;
    }
    let placements = placements(scores, is_positive)?;
    let mut sums = vec![GroupSum::default(); groups.iter().max()? + 1];
    for ((placement, is_positive), group) in placements.iter().zip(is_positive).zip(groups) {
        let sum = sums.get_mut(*group)?;
        if *is_positive {
            sum.n_positive += 1.0;
            sum.positive += placement;
        } else {
            sum.n_negative += 1.0;
            sum.negative += placement;
        }
    }
    let positive = Side::of(sums.iter().map(|it| it.n_positive))?;
    let negative = Side::of(sums.iter().map(|it| it.n_negative))?;
    let area = sums.iter().map(|it| it.positive).sum::<f64>() / positive.n;
    let variance = variance_over_groups(&sums, area, &positive, &negative);

    let n = positive.n_effective.min(negative.n_effective);
    let shrunk = (n * area + 0.5) / (n + 1.0);
    let of_positives = shrunk / (2.0 - shrunk) - shrunk * shrunk;
    let of_negatives = 2.0 * shrunk * shrunk / (1.0 + shrunk) - shrunk * shrunk;
    let expected = of_positives / positive.n_effective + of_negatives / negative.n_effective;
    let freedom = (positive.n_groups_effective.min(negative.n_groups_effective) - 1.0).max(0.0);
    let variance =
        variance.max((PRIOR_GROUPS * expected + freedom * variance) / (PRIOR_GROUPS + freedom));
    let t = StudentsT::new(0.0, 1.0, freedom + PRIOR_GROUPS).ok()?;
    let reach = t.inverse_cdf(1.0 - Confidence::NINETY_FIVE.tail()) * variance.sqrt()
        / (shrunk * (1.0 - shrunk));
    let log_odds = (shrunk / (1.0 - shrunk)).ln();
    let expit = |x: f64| 1.0 / (1.0 + (-x).exp());
    Some(Interval {
        low: expit(log_odds - reach).min(area),
        high: if area >= 1.0 {
            1.0
        } else {
            expit(log_odds + reach).max(area)
        },
    })
}

/// The positives or the negatives.
struct Side {
    n: f64,
    /// Groups that have any.
    n_groups: f64,
    n_effective: f64,
    n_groups_effective: f64,
}

impl Side {
    fn of(sizes: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let n: f64 = sizes.clone().sum();
        let squares: f64 = sizes.clone().map(|it| it * it).sum();
        let n_groups = sizes.clone().filter(|it| *it > 0.0).count() as f64;
        (n_groups >= 2.0).then(|| Self {
            n,
            n_groups,
            n_effective: n * n / (n + CORRELATION * (squares - n)),
            n_groups_effective: effective_groups(sizes.map(|it| it as u64)),
        })
    }
}

fn variance_over_groups(sums: &[GroupSum], area: f64, positive: &Side, negative: &Side) -> f64 {
    let n_groups = sums
        .iter()
        .filter(|it| it.n_positive + it.n_negative > 0.0)
        .count() as f64;
    let (mut of_positives, mut of_negatives, mut both) = (0.0, 0.0, 0.0);
    for sum in sums {
        let of_positive = sum.positive - sum.n_positive * area;
        let of_negative = sum.negative - sum.n_negative * area;
        of_positives += of_positive * of_positive;
        of_negatives += of_negative * of_negative;
        both += of_positive * of_negative;
    }
    let corrected = |sum: f64, n: f64| sum * n / (n - 1.0);
    let variance = corrected(of_positives, positive.n_groups) / positive.n.powi(2)
        + corrected(of_negatives, negative.n_groups) / negative.n.powi(2)
        + 2.0 * corrected(both, n_groups) / (positive.n * negative.n);
    variance.max(0.0)
}

/// Of each sample the share of the other class that it is on the right side of, ties counting half. `None` where a score is
/// no number.
fn placements(scores: &[f64], is_positive: &[bool]) -> Option<Vec<f64>> {
    if scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let of_class = |class: bool| {
        let samples = scores.iter().zip(is_positive);
        let mut scores: Vec<f64> = samples
            .filter(|(_, is_positive)| **is_positive == class)
            .map(|(score, _)| *score)
            .collect();
        scores.sort_by(f64::total_cmp);
        scores
    };
    let (positives, negatives) = (of_class(true), of_class(false));
    let share_below = |sorted: &[f64], score: f64| {
        let below = sorted.partition_point(|it| *it < score);
        let up_to = sorted.partition_point(|it| *it <= score);
        (below + up_to) as f64 / (2 * sorted.len().max(1)) as f64
    };
    let placement = |(score, is_positive): (&f64, &bool)| {
        if *is_positive {
            share_below(&negatives, *score)
        } else {
            1.0 - share_below(&positives, *score)
        }
    };
    Some(scores.iter().zip(is_positive).map(placement).collect())
}
