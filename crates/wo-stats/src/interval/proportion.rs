//! The confidence interval of a proportion over groups, such as a recall or an accuracy.

use super::beta_binomial::{BetaPrior, CorrelationPrior, GroupCounts};
use crate::bootstrap::{Bootstrap, Estimate, Interval};
use crate::confidence::Confidence;
use crate::sums::GroupSums;

/// The prior leans outwards, and mirrored for the high end: ends from one neutral prior lie too far inside when the
/// proportion is near 0 or 1.
const FOR_LOW: BetaPrior = BetaPrior {
    alpha: 0.3,
    beta: 0.7,
};
/// Of so many of the largest groups that erred a mistake may have raised the low end; small ones hardly move it.
const N_HEALED: usize = 5;

/// The 95 % interval of the success rate of new groups, from `(successes, samples)` of each group: ends of the posterior
/// of a beta-binomial, each under a prior that leans outwards. `None` with fewer than two groups that have samples.
///
/// A mistake never raises the low end, and a success never lowers the high end, up to 0.002.
pub fn proportion(groups: &[(u64, u64)]) -> Option<Interval> {
    proportion_of_several(groups, 1)
}

/// The same of one proportion among `n`, such as the lowest recall of several: all `n` intervals together hold their truths
/// in 95 of 100 evaluations (Bonferroni), so that the one picked for its value holds too.
pub fn proportion_of_several(groups: &[(u64, u64)], n: usize) -> Option<Interval> {
    proportion_between(groups, Confidence::NINETY_FIVE.tail() / n.max(1) as f64)
}

/// The same, with so much below the interval and as much above it.
pub(super) fn proportion_between(groups: &[(u64, u64)], tail: f64) -> Option<Interval> {
    let groups: Vec<(u64, u64)> = groups.iter().copied().filter(|it| it.1 > 0).collect();
    if groups.len() < 2 {
        return None;
    }
    let flipped: Vec<(u64, u64)> = groups.iter().map(|(k, n)| (n - k, *n)).collect();
    Some(Interval {
        low: low_end(&groups, tail),
        high: 1.0 - low_end(&flipped, tail),
    })
}

/// The proportion with the interval to print: the union of [`proportion`] and the percentile interval.
pub fn estimated_proportion(groups: &[(u64, u64)], seed: u64) -> Estimate {
    let groups: Vec<(u64, u64)> = groups.iter().copied().filter(|it| it.1 > 0).collect();
    let mut sums = GroupSums::new(2);
    for (successes, samples) in &groups {
        sums.push([(0, *successes as f64), (1, *samples as f64)]);
    }
    let share = |drawn: &[u64]| {
        let share = match sums.drawn(drawn)[..] {
            [successes, samples] if samples > 0.0 => Some(successes / samples),
            _ => None,
        };
        vec![share]
    };
    let mut estimates = Bootstrap::new(seed).estimates(groups.len(), share);
    let estimate = estimates.pop().unwrap_or_default();
    estimate.joined_with(proportion(&groups), Confidence::NINETY_FIVE)
}

/// The proportion itself; `None` without samples.
pub(super) fn rate(groups: &[(u64, u64)]) -> Option<f64> {
    let successes: u64 = groups.iter().map(|it| it.0).sum();
    let samples: u64 = groups.iter().map(|it| it.1).sum();
    (samples > 0).then(|| successes as f64 / samples as f64)
}

/// The low end, made monotone: a group of a faultless many that errs once makes the groups look less alike, which alone
/// would raise the low end. So no end is above that of the same groups with one of them faultless.
fn low_end(groups: &[(u64, u64)], tail: f64) -> f64 {
    let mut groups = groups.to_vec();
    let mut low = posterior_low(&groups, tail);
    loop {
        let mut kinds: Vec<(u64, u64)> = groups.iter().copied().filter(|it| it.0 < it.1).collect();
        kinds.sort_unstable_by_key(|it| std::cmp::Reverse((it.1, it.0)));
        kinds.dedup();
        kinds.truncate(N_HEALED);
        let healed = kinds.into_iter().filter_map(|kind| {
            let mut healed = groups.clone();
            let group = healed.iter_mut().find(|group| **group == kind)?;
            group.0 = group.1;
            let low = posterior_low(&healed, tail);
            Some((low, healed))
        });
        match healed.min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((lower, healed)) if lower < low => (low, groups) = (lower, healed),
            _ => return low,
        }
    }
}

fn posterior_low(groups: &[(u64, u64)], tail: f64) -> f64 {
    match rate(groups) {
        Some(rate) if rate > 0.0 => {
            let counts = GroupCounts::new(groups.iter().copied());
            let [posterior] = counts.posteriors([FOR_LOW], CorrelationPrior::Uniform);
            posterior.quantile(tail).min(rate)
        }
        _ => 0.0,
    }
}
