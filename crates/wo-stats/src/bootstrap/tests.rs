//! Intervals against numpy, and what must hold of every bootstrap.

use super::*;

fn width(interval: Interval) -> f64 {
    interval.high - interval.low
}

/// The interval of the share of ones; each group has its samples.
fn of_share(groups: &[Vec<bool>], seed: u64) -> Option<Interval> {
    let metrics = |times: &[u64]| {
        let drawn = || groups.iter().zip(times);
        let n: u64 = drawn()
            .map(|(samples, times)| times * samples.len() as u64)
            .sum();
        let ones: u64 = drawn()
            .map(|(samples, times)| times * samples.iter().filter(|&&u| u).count() as u64)
            .sum();
        vec![(n > 0).then(|| ones as f64 / n as f64)]
    };
    intervals(groups.len(), seed, metrics)
        .first()
        .copied()
        .flatten()
}

fn singles(groups: &[Vec<bool>]) -> Vec<Vec<bool>> {
    groups
        .iter()
        .flatten()
        .map(|&sample| vec![sample])
        .collect()
}

/// Groups of ten samples: each group is right on most of them or wrong on most of them.
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
    let metrics = |times: &[u64]| vec![times.iter().all(|&t| t > 0).then_some(1.0), Some(0.5)];
    assert_eq!(
        intervals(6, 0, metrics),
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
