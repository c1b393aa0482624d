//! Which groups are held out together, so that every sample is judged by a fit that has not seen its group.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::bootstrap::shuffle;

/// The fold of each sample: all samples of a group in one, and classes spread over the folds as evenly as whole groups allow
/// (scikit-learn's `StratifiedGroupKFold`: greedily, groups of uneven classes first). Groups are counted from 0; groups of
/// the same classes go in the order that `seed` shuffles them into. `None` where there are fewer groups than folds or fewer
/// than two folds, and where the slices differ in length.
pub fn folds(groups: &[usize], classes: &[usize], n_folds: usize, seed: u64) -> Option<Vec<usize>> {
    let n_groups = groups.iter().max()? + 1;
    let n_classes = classes.iter().max()? + 1;
    let mut counts = vec![vec![0.0; n_classes]; n_groups];
    for (&group, &class) in groups.iter().zip(classes) {
        *counts.get_mut(group)?.get_mut(class)? += 1.0;
    }
    let mut order: Vec<(usize, Vec<f64>)> = counts.into_iter().enumerate().collect();
    order.retain(|(_, counts)| counts.iter().sum::<f64>() > 0.0);
    if groups.len() != classes.len() || n_folds < 2 || order.len() < n_folds {
        return None;
    }
    let totals: Vec<f64> = (0..n_classes)
        .map(|class| {
            let n = classes.iter().filter(|of| **of == class).count();
            n.max(1) as f64
        })
        .collect();
    shuffle(&mut ChaCha8Rng::seed_from_u64(seed), &mut order);
    order.sort_by(|a, b| deviation(&b.1).total_cmp(&deviation(&a.1)));
    let mut held = vec![vec![0.0; n_classes]; n_folds];
    let mut fold_of_group = vec![0; n_groups];
    for (group, counts) in order {
        let fold = evenest(&held, &counts, &totals)?;
        for (held, count) in held.get_mut(fold)?.iter_mut().zip(counts) {
            *held += count;
        }
        *fold_of_group.get_mut(group)? = fold;
    }
    groups
        .iter()
        .map(|group| fold_of_group.get(*group).copied())
        .collect()
}

/// The fold to which the group goes: that after which the classes are spread most evenly; of equals that with fewest samples.
fn evenest(held: &[Vec<f64>], counts: &[f64], totals: &[f64]) -> Option<usize> {
    let unevenness = |fold: usize| {
        let of_class = |class: usize| {
            let with = |(of, held): (usize, &Vec<f64>)| {
                let added = if of == fold { counts.get(class) } else { None };
                let sum = held.get(class).unwrap_or(&0.0) + added.unwrap_or(&0.0);
                sum / totals.get(class).unwrap_or(&1.0)
            };
            deviation(&held.iter().enumerate().map(with).collect::<Vec<_>>())
        };
        (0..totals.len()).map(of_class).sum::<f64>()
    };
    let n_samples = |fold: usize| held.get(fold).map_or(0.0, |held| held.iter().sum::<f64>());
    // Rounded: sums in another order must not decide.
    let rank = |fold: usize| ((unevenness(fold) * 1e9).round(), n_samples(fold));
    (0..held.len()).min_by(|a, b| {
        let (a, b) = (rank(*a), rank(*b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    })
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / n)
        .sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_together_and_classes_are_spread() {
        // Twenty groups of three samples; every second group is of the rarer class in one sample.
        let groups: Vec<usize> = (0..60).map(|sample| sample / 3).collect();
        let classes: Vec<usize> = (0..60).map(|sample| usize::from(sample % 6 == 0)).collect();
        let folds = folds(&groups, &classes, 5, 7).unwrap();
        for samples in folds.chunks(3) {
            assert!(samples.iter().all(|fold| fold == &samples[0]));
        }
        for fold in 0..5 {
            let of_fold = |class: usize| {
                let samples = folds.iter().zip(&classes);
                samples.filter(|(f, c)| **f == fold && **c == class).count()
            };
            assert_eq!((of_fold(0), of_fold(1)), (10, 2));
        }
    }

    #[test]
    fn too_few_groups_make_no_folds() {
        assert_eq!(folds(&[0, 0, 1], &[0, 1, 0], 3, 0), None);
        assert_eq!(folds(&[0, 1], &[0, 1], 1, 0), None);
        assert_eq!(folds(&[], &[], 2, 0), None);
        assert_eq!(folds(&[0, 1], &[0], 2, 0), None);
        assert!(folds(&[0, 5], &[0, 1], 2, 0).is_some());
    }
}
