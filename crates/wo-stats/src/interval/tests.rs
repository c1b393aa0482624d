//! Golden values, and what must hold of every interval.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::bootstrap::Interval;
use crate::confidence::Confidence;
use crate::metrics::{Counts, Metric};

/// The interval of a metric of two classes, from right and all samples of each by group.
fn of_two(metric: Metric, good: &[(u64, u64)], bad: &[(u64, u64)]) -> Option<Interval> {
    let groups = good.iter().zip(bad);
    let groups: Vec<Counts> = groups
        .map(|(g, b)| vec![vec![g.0, g.1 - g.0], vec![b.1 - b.0, b.0]])
        .collect();
    GroupMetrics::new(&groups, &[0, 1], Confidence::NINETY_FIVE).interval(metric)
}

/// So many groups of so many samples, all right.
fn faultless(n_groups: usize, size: u64) -> Vec<(u64, u64)> {
    vec![(size, size); n_groups]
}

fn with(mut groups: Vec<(u64, u64)>, first: u64) -> Vec<(u64, u64)> {
    groups[0].0 = first;
    groups
}

#[test]
fn proportions_are_those_of_a_fine_grid() {
    // The same model on a grid of 800 by 200, in numpy.
    for (groups, low, high) in [
        (faultless(3, 8), 0.534, 1.0),
        (faultless(6, 8), 0.737, 1.0),
        (with(faultless(6, 8), 7), 0.681, 0.997),
        (with(faultless(6, 8), 0), 0.455, 0.991),
        (faultless(20, 8), 0.914, 1.0),
        (faultless(10, 1), 0.743, 1.0),
    ] {
        let interval = proportion(&groups).unwrap();
        let near = |value: f64, expected: f64| (value - expected).abs() < 0.002;
        assert!(
            near(interval.low, low) && near(interval.high, high),
            "{groups:?}: {interval:?}"
        );
        // Mirrored.
        let failures: Vec<(u64, u64)> = groups.iter().map(|(k, n)| (n - k, *n)).collect();
        let mirrored = proportion(&failures).unwrap();
        assert!((mirrored.low - (1.0 - interval.high)).abs() < 1e-9);
    }
    // Much data: one grid alone is too coarse.
    let much = proportion(&vec![(45, 50); 200]).unwrap();
    assert!((much.low - 0.893).abs() < 0.002, "{much:?}");
    let large = proportion(&vec![(4500, 5000); 20]).unwrap();
    assert!(large.low > 0.82 && large.high < 0.94, "{large:?}");
}

#[test]
fn one_group_says_nothing_of_others() {
    assert_eq!(proportion(&[(3, 4)]), None);
    assert_eq!(proportion(&[(3, 4), (0, 0)]), None);
    let one_group = [(1, 1), (0, 0), (0, 0)];
    let balanced = of_two(Metric::BalancedAccuracy, &faultless(3, 2), &one_group);
    assert_eq!(balanced, None);
    assert_eq!(roc_area(&[0.1, 0.9], &[false, true], &[0, 1]), None);
    let counts = [PairedCounts::default(); 3];
    assert_eq!(paired_difference(&[&counts], Confidence::NINETY_FIVE), None);
}

#[test]
fn a_mistake_never_raises_the_low_end() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut worst: f64 = 0.0;
    for _ in 0..200 {
        let n_groups = random.random_range(2..9);
        let mut groups: Vec<(u64, u64)> = (0..n_groups)
            .map(|_| {
                let size = random.random_range(1..25);
                (size - random.random_range(0..=size.min(2)), size)
            })
            .collect();
        let before = proportion(&groups).unwrap();
        let right: Vec<usize> = (0..n_groups).filter(|it| groups[*it].0 > 0).collect();
        let Some(erring) = right.get(random.random_range(0..right.len().max(1))) else {
            continue;
        };
        groups[*erring].0 -= 1;
        let after = proportion(&groups).unwrap();
        worst = worst.max(after.low - before.low);
        assert!(
            after.low <= before.low + 0.002,
            "{groups:?}: {before:?} {after:?}"
        );
    }
    assert!(worst <= 0.002, "{worst}");
}

#[test]
fn bad_form_of_three_persons_is_three_persons_with_or_without_a_mistake() {
    // 12 persons with four videos of good form; three of them have bad form.
    let good = faultless(12, 4);
    let low = |n_wrong: u64| {
        let mut bad = vec![(0, 0); 12];
        bad[..3].copy_from_slice(&[(4 - n_wrong, 4), (4, 4), (4, 4)]);
        of_two(Metric::BalancedAccuracy, &good, &bad).unwrap().low
    };
    let lows: Vec<f64> = (0..4).map(low).collect();
    assert!(
        lows.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9),
        "{lows:?}"
    );
    assert!(lows[0] < 0.75, "{lows:?}");
}

#[test]
fn nothing_has_no_width() {
    let scores: Vec<f64> = (0..24).map(f64::from).collect();
    let is_positive: Vec<bool> = (0..24).map(|it| it >= 12).collect();
    let groups: Vec<usize> = (0..24).map(|it| it % 6).collect();
    let area = roc_area(&scores, &is_positive, &groups).unwrap();
    assert!(
        area.low < 0.9 && (area.high - 1.0).abs() < 1e-12,
        "{area:?}"
    );
    let class = faultless(6, 4);
    for metric in Metric::all(2) {
        let interval = of_two(metric, &class, &class).unwrap();
        let is_open = interval.low < 0.9 && (interval.high - 1.0).abs() < 1e-12;
        assert!(is_open, "{metric:?} {interval:?}");
    }
    let same = [PairedCounts {
        samples: 4,
        ..PairedCounts::default()
    }; 6];
    let difference = paired_difference(&[&same, &same], Confidence::NINETY_FIVE).unwrap();
    assert!(
        difference.low < -0.05 && difference.high > 0.05,
        "{difference:?}"
    );
    assert!(
        (difference.low + difference.high).abs() < 1e-6,
        "{difference:?}"
    );
}

#[test]
fn groups_of_one_size_count_fully() {
    assert!((effective_groups([8; 10]) - 10.0).abs() < 1e-12);
    // One person has 60 % of the videos.
    assert!((effective_groups([60, 10, 10, 10, 10]) - 2.5).abs() < 0.01);
    assert!(effective_groups([]) <= 0.0);
}
