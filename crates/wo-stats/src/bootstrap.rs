//! Intervals from a bootstrap over groups, pure over slices.
//!
//! Frames of a video and videos of a person resemble each other, so they do not count as independent: whole groups are
//! drawn with replacement, all their units together (Davison & Hinkley 1997, section 3.8; Field & Welsh 2007). The
//! interval is the percentile interval.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many resamples: the ends of a 95 % interval then rest on 50 resamples each.
const N_RESAMPLES: usize = 2000;
/// The part of the resamples that must have a figure for its interval to be given. Where more of them lack a class, the
/// others tell of luckier data than was seen.
const MIN_DEFINED: usize = N_RESAMPLES / 2;
/// Half of what a 95 % interval leaves out.
const TAIL: f64 = 0.025;

/// A lower and an upper end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The 95 % interval of each of the figures that `figures` computes. It is told how often each group was drawn. All
/// figures see the same resamples, so a difference of two predictors is paired. One group alone says nothing about other
/// groups: its intervals are `None`, as are those of figures that too many resamples leave undefined.
pub fn intervals(
    n_groups: usize,
    seed: u64,
    mut figures: impl FnMut(&[u64]) -> Vec<Option<f64>>,
) -> Vec<Option<Interval>> {
    let mut values: Vec<Vec<f64>> = figures(&vec![1; n_groups])
        .iter()
        .map(|_| Vec::new())
        .collect();
    if n_groups < 2 {
        return vec![None; values.len()];
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..N_RESAMPLES {
        let mut times_drawn = vec![0; n_groups];
        for _ in 0..n_groups {
            if let Some(times) = times_drawn.get_mut(random.random_range(0..n_groups)) {
                *times += 1;
            }
        }
        for (values, value) in values.iter_mut().zip(figures(&times_drawn)) {
            values.extend(value);
        }
    }
    values
        .into_iter()
        .map(|values| {
            (values.len() >= MIN_DEFINED)
                .then(|| percentile_interval(values))
                .flatten()
        })
        .collect()
}

fn percentile_interval(mut values: Vec<f64>) -> Option<Interval> {
    values.sort_by(f64::total_cmp);
    Some(Interval {
        low: quantile(&values, TAIL)?,
        high: quantile(&values, 1.0 - TAIL)?,
    })
}

/// The quantile of sorted values, between neighbours in proportion, as numpy has it.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn width(interval: Interval) -> f64 {
        interval.high - interval.low
    }

    fn contains(interval: Interval, value: f64) -> bool {
        (interval.low..=interval.high).contains(&value)
    }

    /// The interval of the share of ones; each group has its units.
    fn of_share(groups: &[Vec<bool>], seed: u64) -> Option<Interval> {
        let figures = |times: &[u64]| {
            let drawn = || groups.iter().zip(times);
            let n: u64 = drawn()
                .map(|(units, times)| times * units.len() as u64)
                .sum();
            let ones: u64 = drawn()
                .map(|(units, times)| times * units.iter().filter(|&&u| u).count() as u64)
                .sum();
            vec![(n > 0).then(|| ones as f64 / n as f64)]
        };
        intervals(groups.len(), seed, figures)
            .first()
            .copied()
            .flatten()
    }

    fn singles(groups: &[Vec<bool>]) -> Vec<Vec<bool>> {
        groups.iter().flatten().map(|&unit| vec![unit]).collect()
    }

    /// Groups of ten units: each group is right on most of them or wrong on most of them.
    fn clustered(random: &mut ChaCha8Rng, n_groups: usize) -> Vec<Vec<bool>> {
        (0..n_groups)
            .map(|_| {
                let share = if random.random_bool(0.7) { 0.95 } else { 0.1 };
                (0..10).map(|_| random.random_bool(share)).collect()
            })
            .collect()
    }

    #[test]
    fn quantiles_are_numpys() {
        // numpy.quantile([1, 2, 4, 8], [0, 0.025, 0.5, 0.975, 1])
        let check = |share, expected: f64| {
            let value = quantile(&[1.0, 2.0, 4.0, 8.0], share).unwrap();
            assert!(
                (value - expected).abs() < 1e-12,
                "{value} is not {expected}"
            );
        };
        check(0.0, 1.0);
        check(0.025, 1.075);
        check(0.5, 3.0);
        check(0.975, 7.7);
        check(1.0, 8.0);
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_seed_means_the_same_again() {
        let groups = clustered(&mut ChaCha8Rng::seed_from_u64(1), 12);
        assert_eq!(of_share(&groups, 5), of_share(&groups, 5));
        assert_ne!(of_share(&groups, 5), of_share(&groups, 6));
    }

    #[test]
    fn one_group_has_no_interval() {
        assert_eq!(of_share(&[vec![true, false, true]], 0), None);
        assert_eq!(of_share(&[], 0), None);
    }

    #[test]
    fn figures_that_most_resamples_lack_have_no_interval() {
        // Defined only where each of six groups was drawn: 6!/6^6, one resample in 65.
        let figures = |times: &[u64]| vec![times.iter().all(|&t| t > 0).then_some(1.0), Some(0.5)];
        assert_eq!(
            intervals(6, 0, figures),
            [
                None,
                Some(Interval {
                    low: 0.5,
                    high: 0.5
                })
            ]
        );
    }

    #[test]
    fn units_of_one_group_count_for_less_than_units_alone() {
        let groups = clustered(&mut ChaCha8Rng::seed_from_u64(2), 30);
        let by_group = of_share(&groups, 0).unwrap();
        let by_unit = of_share(&singles(&groups), 0).unwrap();
        assert!(
            width(by_group) > 2.0 * width(by_unit),
            "{by_group:?} {by_unit:?}"
        );
    }

    /// Of 100 simulated evaluations the interval holds the truth in about 95, where the one over units holds it in few.
    #[test]
    fn the_interval_over_groups_covers_the_truth() {
        let truth = 0.7 * 0.95 + 0.3 * 0.1;
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let (mut by_group, mut by_unit) = (0, 0);
        for seed in 0..100 {
            let groups = clustered(&mut random, 30);
            by_group += u32::from(contains(of_share(&groups, seed).unwrap(), truth));
            by_unit += u32::from(contains(of_share(&singles(&groups), seed).unwrap(), truth));
        }
        assert!((86..=100).contains(&by_group), "{by_group} of 100");
        assert!(by_unit < 75, "{by_unit} of 100");
    }
}
