//! Which group is in which fold.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use wo_record::{Group, Name};

use crate::data::split::{Candidate, Cells, cells_of_groups};

/// A label, or a label of an exercise.
type Shown<'a> = (Option<&'a Name>, &'a Name);

/// What a fold has: groups that show each label, and videos.
#[derive(Clone, Default)]
struct Fold<'a> {
    n_groups: BTreeMap<Shown<'a>, usize>,
    n_videos: f64,
}

/// Assigns each group to one of `n_folds` folds, from 1: those with the rarest labels first, each to the fold that has the
/// least of what it shows. Groups count, and videos only between equals, so that a large source fills no fold alone. No
/// fold is empty as long as there are groups, and a label of several groups is in several folds.
pub(crate) fn fold_groups(videos: &[Candidate], n_folds: u32, seed: u64) -> BTreeMap<Group, u32> {
    let (groups, _) = cells_of_groups(videos);
    let mut n_showing: BTreeMap<Shown<'_>, usize> = BTreeMap::new();
    for shown in groups.values().flat_map(shown_in) {
        *n_showing.entry(shown).or_default() += 1;
    }
    let n_showing = |it: &Shown<'_>| n_showing.get(it).copied().unwrap_or(1);
    let rarest = |cells: &Cells<'_>| shown_in(cells).iter().map(n_showing).min();
    let size = |cells: &Cells<'_>| cells.values().sum::<f64>();
    let mut order: Vec<_> = groups.into_iter().collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order.sort_by_key(|(_, cells)| (rarest(cells), std::cmp::Reverse(size(cells) as u64)));
    let mut folds = vec![Fold::default(); n_folds as usize];
    let mut assigned = BTreeMap::new();
    for (group, cells) in order {
        let shown = shown_in(&cells);
        let has = |fold: &Fold<'_>| -> f64 {
            let n_groups = |it| fold.n_groups.get(it).copied().unwrap_or(0);
            let of_all = |it| n_groups(it) as f64 / n_showing(it) as f64;
            shown.iter().map(of_all).sum()
        };
        let least = (1..).zip(&mut folds).min_by(|(_, a), (_, b)| {
            let by_groups = has(a).total_cmp(&has(b));
            by_groups.then(a.n_videos.total_cmp(&b.n_videos))
        });
        if let Some((number, fold)) = least {
            for it in &shown {
                *fold.n_groups.entry(*it).or_default() += 1;
            }
            fold.n_videos += size(&cells);
            assigned.insert(group.clone(), number);
        }
    }
    assigned
}

fn shown_in<'a>(cells: &Cells<'a>) -> BTreeSet<Shown<'a>> {
    let of_cell =
        |&(exercise, label): &(&'a Name, &'a Name)| [(None, label), (Some(exercise), label)];
    cells.keys().flat_map(of_cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::split::tests::{n_groups, persons};

    #[test]
    fn folds_are_balanced_by_groups_and_labels_whatever_the_sizes() {
        let sizes = [60, 1, 2, 9, 3, 3, 1, 5, 8, 2, 2, 6];
        for seed in 0..20 {
            for n_folds in 2..=12 {
                let videos = persons(&sizes, 3);
                let folds = fold_groups(&videos, n_folds, seed);
                for (label, n_shown) in [("bad_form", 3_usize), ("good_form", 12)] {
                    let of_fold = |fold| n_groups(&videos, &folds, &fold, label);
                    let n: Vec<usize> = (1..=n_folds).map(of_fold).collect();
                    let fewest = n_shown / n_folds as usize;
                    let most = n_shown.div_ceil(n_folds as usize);
                    let is_even = n.iter().all(|n| (fewest..=most).contains(n));
                    assert!(is_even, "{n_folds} {label} {n:?}");
                    assert_eq!(n.iter().sum::<usize>(), n_shown);
                }
            }
        }
    }
}
