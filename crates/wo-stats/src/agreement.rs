//! How far people agree beyond chance, pure over slices.
//!
//! Cohen's kappa (1960) for two, who may be one person at two times; Fleiss' kappa (1971) for more. Frames of one video
//! resemble each other, so intervals come from a bootstrap over videos.

use crate::{Interval, intervals};

/// The ratings of one thing: the number of a category for each rater. The order counts for [`cohen`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rated {
    /// What it belongs to, from 0: things of one group are drawn together.
    pub group: usize,
    /// The category that each rater chose; at least two.
    pub ratings: Vec<usize>,
}

/// How far raters agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// The share of pairs of ratings that agree.
    pub observed: Option<f64>,
    /// How far beyond chance: 1 is always, 0 is chance. `None` where all say the same all the time, since chance would
    /// agree as well.
    pub kappa: Option<f64>,
    /// The 95 % interval of kappa.
    pub interval: Option<Interval>,
}

/// Cohen's kappa of the first two ratings of each thing.
pub fn cohen(rated: &[Rated], seed: u64) -> Agreement {
    agreement(rated, seed, |rated, weights| {
        let n_categories = n_categories(rated);
        let (mut first, mut second) = (vec![0.0; n_categories], vec![0.0; n_categories]);
        let (mut n, mut n_same) = (0.0, 0.0);
        for (thing, &weight) in rated.iter().zip(weights) {
            let [a, b, ..] = thing.ratings[..] else {
                continue;
            };
            n += weight;
            n_same += if a == b { weight } else { 0.0 };
            add(&mut first, a, weight);
            add(&mut second, b, weight);
        }
        let by_chance: f64 = first.iter().zip(&second).map(|(a, b)| a * b).sum();
        (n > 0.0).then(|| (n_same / n, by_chance / (n * n)))
    })
}

/// Fleiss' kappa. Things may have different numbers of ratings, two at least; each thing counts the same.
pub fn fleiss(rated: &[Rated], seed: u64) -> Agreement {
    agreement(rated, seed, |rated, weights| {
        let n_categories = n_categories(rated);
        let mut totals = vec![0.0; n_categories];
        let (mut n, mut same) = (0.0, 0.0);
        for (thing, &weight) in rated.iter().zip(weights) {
            let n_ratings = thing.ratings.len() as f64;
            if n_ratings < 2.0 {
                continue;
            }
            let mut counts = vec![0.0; n_categories];
            for &category in &thing.ratings {
                add(&mut counts, category, 1.0);
                add(&mut totals, category, weight / n_ratings);
            }
            let squares: f64 = counts.iter().map(|count| count * count).sum();
            same += weight * (squares - n_ratings) / (n_ratings * (n_ratings - 1.0));
            n += weight;
        }
        let by_chance: f64 = totals.iter().map(|total| (total / n) * (total / n)).sum();
        (n > 0.0).then(|| (same / n, by_chance))
    })
}

/// The observed agreement and the one by chance to kappa, with an interval.
fn agreement(
    rated: &[Rated],
    seed: u64,
    shares: impl Fn(&[Rated], &[f64]) -> Option<(f64, f64)>,
) -> Agreement {
    let kappa = |(observed, by_chance): (f64, f64)| {
        (by_chance < 1.0).then(|| (observed - by_chance) / (1.0 - by_chance))
    };
    let all = shares(rated, &vec![1.0; rated.len()]);
    let n_groups = rated.iter().map(|thing| thing.group + 1).max().unwrap_or(0);
    let mut weights = vec![0.0; rated.len()];
    let intervals = intervals(n_groups, seed, |times_drawn| {
        for (weight, thing) in weights.iter_mut().zip(rated) {
            *weight = times_drawn.get(thing.group).map_or(0.0, |&n| n as f64);
        }
        vec![shares(rated, &weights).and_then(kappa)]
    });
    Agreement {
        observed: all.map(|(observed, _)| observed),
        kappa: all.and_then(kappa),
        interval: intervals.first().copied().flatten(),
    }
}

fn n_categories(rated: &[Rated]) -> usize {
    let all = rated.iter().flat_map(|thing| &thing.ratings);
    all.max().map_or(0, |most| most + 1)
}

fn add(counts: &mut [f64], category: usize, weight: f64) {
    if let Some(count) = counts.get_mut(category) {
        *count += weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(groups: &[(&[usize], usize)]) -> Vec<Rated> {
        let mut all = Vec::new();
        for (ratings, times) in groups {
            for _ in 0..*times {
                all.push(Rated {
                    group: all.len(),
                    ratings: ratings.to_vec(),
                });
            }
        }
        all
    }

    fn close(value: Option<f64>, expected: f64) {
        let value = value.expect("it is defined");
        assert!((value - expected).abs() < 1e-3, "{value} is not {expected}");
    }

    #[test]
    fn cohens_kappa_is_sklearns() {
        // cohen_kappa_score([0]*20+[0]*5+[1]*10+[1]*15, [0]*20+[1]*5+[0]*10+[1]*15) = 0.4
        let table = rated(&[(&[0, 0], 20), (&[0, 1], 5), (&[1, 0], 10), (&[1, 1], 15)]);
        let agreement = cohen(&table, 0);
        close(agreement.observed, 0.7);
        close(agreement.kappa, 0.4);
        let interval = agreement.interval.expect("there are fifty groups");
        assert!(
            0.0 < interval.low && interval.low < 0.4 && 0.4 < interval.high && interval.high < 0.7
        );
    }

    #[test]
    fn fleiss_kappa_is_that_of_the_paper() {
        // The example of ten subjects and fourteen raters that Fleiss' kappa is taught with: 0.210.
        let counts = [
            [0, 0, 0, 0, 14],
            [0, 2, 6, 4, 2],
            [0, 0, 3, 5, 6],
            [0, 3, 9, 2, 0],
            [2, 2, 8, 1, 1],
            [7, 7, 0, 0, 0],
            [3, 2, 6, 3, 0],
            [2, 5, 3, 2, 2],
            [6, 5, 2, 1, 0],
            [0, 2, 2, 3, 7],
        ];
        let things: Vec<Rated> = counts
            .iter()
            .enumerate()
            .map(|(group, counts)| Rated {
                group,
                ratings: (0..5)
                    .flat_map(|category| vec![category; counts[category]])
                    .collect(),
            })
            .collect();
        close(fleiss(&things, 0).kappa, 0.210);
    }

    #[test]
    fn who_always_says_the_same_agrees_and_has_no_kappa() {
        let agreement = cohen(&rated(&[(&[1, 1], 9)]), 0);
        assert_eq!((agreement.observed, agreement.kappa), (Some(1.0), None));
        assert_eq!(cohen(&[], 0).observed, None);
        assert_eq!(fleiss(&[], 0).kappa, None);
    }

    #[test]
    fn frames_of_few_videos_make_wide_intervals() {
        let mut by_frame = rated(&[(&[0, 0], 40), (&[0, 1], 20), (&[1, 1], 40)]);
        let width = |things: &[Rated]| {
            let interval = cohen(things, 0).interval.expect("there are groups");
            interval.high - interval.low
        };
        let narrow = width(&by_frame);
        for (i, thing) in by_frame.iter_mut().enumerate() {
            thing.group = i / 10;
        }
        assert!(width(&by_frame) > 1.5 * narrow);
    }
}
