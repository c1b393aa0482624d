//! Thresholds of confidence that keep a promise about new groups, from validation samples of groups that are like them.
//!
//! Both promises are about groups, not samples: samples of a group may depend on each other as they please. Both break where new
//! groups are unlike those of validation, and where the model was fitted or its temperature chosen on the same groups.

use std::collections::BTreeMap;

use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF};

use crate::bootstrap::Interval;
use crate::risk::{Graded, steps};

/// Thresholds that [`of_risk_among_answers`] tries, evenly spaced from 0: each costs certainty, since all are tested.
const N_LEVELS: usize = 20;

/// The logarithm of one over the p-value that stakes are best for: that of 0.05 in twenty tests.
const STAKE: f64 = 6.0;

/// Answers are given where the confidence is above the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// A confidence; answers are given above it.
    pub value: f64,
    /// The share of the validation samples that is answered.
    pub coverage: f64,
    /// The share of these answers that is wrong; `None` where nothing is answered.
    pub risk: Option<f64>,
    /// How many groups it rests on.
    pub n_groups: usize,
}

/// The lowest threshold of conformal risk control (Angelopoulos et al. 2022, arXiv 2208.02814, equation 4).
///
/// The promise: for a new group that is exchangeable with those of validation, the share of its samples that are answered
/// *and* wrong is at most `wanted` in expectation, over the new group and over the choice of validation groups. It is no
/// promise about the share of wrong among the answers, nor about one given validation set or one given group.
///
/// `None` where there are too few groups to promise it: fewer than one over `wanted`, less one.
pub fn of_wrong_answers(samples: &[Graded], wanted: f64) -> Option<Threshold> {
    let n_samples = units_by_group(samples)?;
    let n = n_samples.len() as f64;
    // With the worst possible loss of the new group among them, the mean of n + 1 losses.
    let bound = |sum_of_losses: f64| (sum_of_losses + 1.0) / (n + 1.0);
    if !(wanted < 1.0 && bound(0.0) <= wanted) {
        return None;
    }
    let mut sum_of_losses = 0.0;
    let mut value = 0.0;
    for step in steps(samples) {
        let of_sample = |sample: &Graded| {
            let n_samples = n_samples.get(&sample.group).map_or(1, |n| *n);
            f64::from(!sample.is_right) / f64::from(n_samples)
        };
        sum_of_losses += step.iter().map(of_sample).sum::<f64>();
        // Sums of fractions: what is 0.1 must not be above it by the last digit.
        if bound(sum_of_losses) > wanted + 1e-12 {
            value = step.first()?.confidence;
            break;
        }
    }
    Some(threshold(samples, value, n_samples.len()))
}

/// How many groups [`of_wrong_answers`] needs to promise `wanted`: one over it, less one.
pub fn least_groups(wanted: f64) -> u64 {
    // One over 0.1 may lie above 10 by the last digit.
    (1.0 / wanted - 1.0 - 1e-9).ceil().max(1.0) as u64
}

/// The lowest of twenty thresholds of which tests say that few answers are wrong (Learn then Test: Angelopoulos et al. 2021,
/// arXiv 2110.01052), corrected for their number by Bonferroni.
///
/// The promise: with probability `certainty` over the choice of validation groups, the share of wrong among all answers in
/// new groups, each group weighing the same, is at most `wanted`. Groups must be drawn independently of each other from one
/// population, and come in an order that says nothing. Where each group has one sample the test is the binomial one of Clopper
/// & Pearson 1934 among the answers; else it is a bet on the group means (Waudby-Smith & Ramdas 2023, arXiv 2010.09686).
///
/// `None` where no threshold passes: too few groups, or too many errors among the surest answers.
pub fn of_risk_among_answers(samples: &[Graded], wanted: f64, certainty: f64) -> Option<Threshold> {
    let n_samples = units_by_group(samples)?;
    if !(wanted > 0.0 && wanted < 1.0 && certainty > 0.0 && certainty < 1.0) {
        return None;
    }
    let allowed = (1.0 - certainty) / N_LEVELS as f64;
    let passes = |level: &f64| {
        let p_value = if n_samples.len() == samples.len() {
            binomial_p_value(samples, *level, wanted)
        } else {
            Some(group_p_value(samples, &n_samples, *level, wanted))
        };
        p_value.is_some_and(|p_value| p_value <= allowed)
    };
    let mut levels = (0..N_LEVELS).map(|level| level as f64 / N_LEVELS as f64);
    let value = levels.find(passes)?;
    Some(threshold(samples, value, n_samples.len()))
}

/// The exact interval of a share (Clopper & Pearson 1934), two-sided, of independent samples. `None` without samples.
pub fn clopper_pearson(n_hits: u64, n: u64, certainty: f64) -> Option<Interval> {
    if n == 0 || n_hits > n || !(certainty > 0.0 && certainty < 1.0) {
        return None;
    }
    let tail = (1.0 - certainty) / 2.0;
    let (hits, misses) = (n_hits as f64, (n - n_hits) as f64);
    let end = |a: f64, b: f64, share: f64| Some(Beta::new(a, b).ok()?.inverse_cdf(share));
    Some(Interval {
        low: if n_hits == 0 {
            0.0
        } else {
            end(hits, misses + 1.0, tail)?
        },
        high: if n_hits == n {
            1.0
        } else {
            end(hits + 1.0, misses, 1.0 - tail)?
        },
    })
}

/// How many samples each group has; `None` without samples and where a confidence does not lie between 0 and 1.
fn units_by_group(samples: &[Graded]) -> Option<BTreeMap<usize, u32>> {
    let mut n_samples: BTreeMap<usize, u32> = BTreeMap::new();
    for sample in samples {
        if !(0.0..=1.0).contains(&sample.confidence) {
            return None;
        }
        *n_samples.entry(sample.group).or_default() += 1;
    }
    (!n_samples.is_empty()).then_some(n_samples)
}

fn threshold(samples: &[Graded], value: f64, n_groups: usize) -> Threshold {
    let answered: Vec<&Graded> = samples.iter().filter(|u| u.confidence > value).collect();
    let n_wrong = answered.iter().filter(|sample| !sample.is_right).count();
    Threshold {
        value,
        coverage: answered.len() as f64 / samples.len() as f64,
        risk: (!answered.is_empty()).then(|| n_wrong as f64 / answered.len() as f64),
        n_groups,
    }
}

/// How probable so few wrong answers are where the share of wrong among answers is `wanted` or more.
fn binomial_p_value(samples: &[Graded], level: f64, wanted: f64) -> Option<f64> {
    let answered = || samples.iter().filter(|sample| sample.confidence > level);
    let n_wrong = answered().filter(|sample| !sample.is_right).count() as u64;
    let binomial = Binomial::new(wanted, answered().count() as u64).ok()?;
    Some(binomial.cdf(n_wrong))
}

/// The same over groups: a wrong answer costs 1, a right one 0 and a refusal `wanted`, so that the mean cost is below
/// `wanted` exactly where the share of wrong among answers is.
fn group_p_value(
    samples: &[Graded],
    n_samples: &BTreeMap<usize, u32>,
    level: f64,
    wanted: f64,
) -> f64 {
    let mut costs: BTreeMap<usize, f64> = BTreeMap::new();
    for sample in samples {
        let cost = if sample.confidence <= level {
            wanted
        } else {
            f64::from(!sample.is_right)
        };
        let n_samples = n_samples.get(&sample.group).map_or(1.0, |n| f64::from(*n));
        *costs.entry(sample.group).or_default() += cost / n_samples;
    }
    bet(&costs.into_values().collect::<Vec<_>>(), wanted)
}

/// How probable such low independent numbers between 0 and 1 are where their expectation is `expected` or more. A gambler
/// who bets that each is lower grows rich with at most this probability; stakes rest on the numbers before, and are large
/// where those varied little (Bates et al. 2021, arXiv 2101.02703, section 3.1.3).
fn bet(numbers: &[f64], expected: f64) -> f64 {
    let n = numbers.len() as f64;
    let (mut wealth, mut richest) = (1.0_f64, 1.0_f64);
    // As if one number of a half had been seen, and a variance of a quarter: the largest that there can be.
    let (mut seen, mut sum, mut squares) = (1.0, 0.5, 0.25);
    for number in numbers {
        let variance: f64 = squares / seen;
        let stake = (2.0 * STAKE / (n * variance)).sqrt().min(1.0);
        wealth *= 1.0 - stake * (number - expected);
        richest = richest.max(wealth);
        seen += 1.0;
        sum += number;
        let mean = sum / seen;
        squares += (number - mean).powi(2);
    }
    1.0 / richest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(samples: &[(usize, f64, bool)]) -> Vec<Graded> {
        let sample = |&(group, confidence, is_right)| Graded {
            group,
            confidence,
            is_right,
        };
        samples.iter().map(sample).collect()
    }

    #[test]
    fn conformal_risk_control_by_hand() {
        // Nine groups of one: with one wrong answer the bound is 2/10, with none 1/10.
        let nine: Vec<_> = (0..9)
            .map(|i| (i, 0.9 - 0.1 * i as f64, i != 6 && i != 8))
            .collect();
        let at = |wanted| of_wrong_answers(&samples(&nine), wanted);
        let value = |wanted| at(wanted).map(|t| (t.value * 100.0).round());
        assert_eq!(value(0.1), Some(30.0));
        assert_eq!(value(0.2), Some(10.0));
        assert_eq!(value(0.3), Some(0.0));
        assert_eq!(value(0.09), None);
        assert_eq!(at(0.1).unwrap().risk, Some(0.0));
        assert!((at(0.1).unwrap().coverage - 6.0 / 9.0).abs() < 1e-12);
        // The most confident one is wrong: the model always abstains.
        let wrong: Vec<_> = (0..9).map(|i| (i, 0.9, i > 0)).collect();
        let none = of_wrong_answers(&samples(&wrong), 0.1).unwrap();
        assert_eq!((none.coverage, none.risk), (0.0, None));
        assert_eq!(of_wrong_answers(&[], 0.5), None);
        assert_eq!(
            of_wrong_answers(&samples(&[(0, f64::NAN, true)]), 0.9),
            None
        );
    }

    #[test]
    fn a_group_of_many_units_is_one_loss() {
        // Nine groups; one of them with ten samples, one of these wrong: a loss of a tenth.
        let mut all: Vec<_> = (0..8).map(|i| (i, 0.9, true)).collect();
        all.extend((0..10).map(|i| (8, 0.5, i > 0)));
        let threshold = of_wrong_answers(&samples(&all), 0.11).unwrap();
        assert_eq!((threshold.value, threshold.n_groups), (0.0, 9));
        assert!(of_wrong_answers(&samples(&all), 0.109).unwrap().value > 0.4);
    }

    #[test]
    fn few_groups_promise_nothing_of_answers() {
        let right =
            |n| -> Vec<Graded> { samples(&(0..n).map(|i| (i, 0.97, true)).collect::<Vec<_>>()) };
        // 0.9^n must be at most 0.05 / 20.
        assert_eq!(of_risk_among_answers(&right(56), 0.1, 0.95), None);
        let found = of_risk_among_answers(&right(57), 0.1, 0.95).unwrap();
        assert_eq!((found.value, found.coverage), (0.0, 1.0));
        assert_eq!(of_risk_among_answers(&right(57), 0.0, 0.95), None);
    }
}
