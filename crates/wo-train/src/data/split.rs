//! The split: whole groups, stratified by exercise and label as far as groups allow.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use wo_cli::{Exit, count, ensure};
use wo_clip::Split;
use wo_record::{Group, Name};

use crate::data::rare_labels::RareLabels;

/// What the split needs to know of a video.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) group: Group,
    pub(crate) exercise: Name,
    pub(crate) label: Name,
}

/// The sizes of the splits, as fractions of the videos.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fractions {
    pub(crate) validation: f64,
    pub(crate) test: f64,
}

const SPLITS: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

/// Assigns each group to a split.
pub(crate) fn split_groups(
    videos: &[Candidate],
    parts: Fractions,
    seed: u64,
) -> anyhow::Result<BTreeMap<Group, Split>> {
    let (groups, totals) = cells_of_groups(videos);
    let fractions = [
        1.0 - parts.validation - parts.test,
        parts.validation,
        parts.test,
    ];
    let n_needed = fractions.iter().filter(|&&fraction| fraction > 0.0).count();
    ensure!(
        groups.len() >= n_needed,
        Exit::Integrity,
        "{} of {} cannot be split into {n_needed} parts",
        count(videos.len(), "video"),
        count(groups.len(), "group");
        "add videos of more persons or sources, or turn splits off with --validation 0 --test 0"
    );
    // A split for measuring needs two groups, or its metric has no confidence interval.
    let min_groups = if groups.len() > 2 * n_needed { 2 } else { 1 };
    let assigned = assign(groups, &totals, &fractions, min_groups, seed);
    Ok(assigned
        .into_iter()
        .map(|(group, part)| (group.clone(), SPLITS[part]))
        .collect())
}

/// Splits groups that are not measured on into those to train on and those to choose an epoch on.
pub(crate) fn hold_out(videos: &[Candidate], validation: f64, seed: u64) -> BTreeMap<Group, Split> {
    let (groups, totals) = cells_of_groups(videos);
    let fractions = [1.0 - validation, validation];
    let assigned = assign(groups, &totals, &fractions, 2, seed).into_iter();
    assigned
        .map(|(group, part)| (group.clone(), SPLITS[part]))
        .collect()
}

/// The number of videos per exercise and label.
pub(crate) type Cells<'a> = BTreeMap<(&'a Name, &'a Name), f64>;

pub(crate) fn cells_of_groups(videos: &[Candidate]) -> (BTreeMap<&Group, Cells<'_>>, Cells<'_>) {
    let mut groups: BTreeMap<&Group, Cells<'_>> = BTreeMap::new();
    let mut totals = Cells::new();
    for video in videos {
        let cell = (&video.exercise, &video.label);
        *groups
            .entry(&video.group)
            .or_default()
            .entry(cell)
            .or_default() += 1.0;
        *totals.entry(cell).or_default() += 1.0;
    }
    (groups, totals)
}

/// Assigns each group to a part: greedily in a seeded order, large groups first, each to the part that still needs most
/// of its exercises and labels. Each part gets at least `min_groups` groups, and of each label what
/// [`RareLabels`] says.
fn assign<'a>(
    groups: BTreeMap<&'a Group, Cells<'a>>,
    totals: &Cells<'a>,
    fractions: &[f64],
    min_groups: usize,
    seed: u64,
) -> Vec<(&'a Group, usize)> {
    let mut wanted: Vec<Cells<'a>> = fractions
        .iter()
        .map(|fraction| {
            totals
                .iter()
                .map(|(cell, n)| (*cell, n * fraction))
                .collect()
        })
        .collect();
    let mut rare = RareLabels::new(groups.values().map(labels), fractions, min_groups);
    let mut order: Vec<_> = groups.into_iter().collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order.sort_by_key(|(_, cells)| std::cmp::Reverse(cells.values().sum::<f64>() as u64));
    let mut n_of_part = vec![0_usize; fractions.len()];
    let n_groups = order.len();
    let mut assigned = Vec::with_capacity(n_groups);
    for (i, (group, cells)) in order.into_iter().enumerate() {
        let lacks = |part: usize| fractions[part] > 0.0 && n_of_part[part] < min_groups;
        let n_lacking: usize = (0..fractions.len())
            .filter(|&part| lacks(part))
            .map(|part| min_groups - n_of_part[part])
            .sum();
        // The last groups go to parts that would otherwise have too few.
        let only_lacking = n_lacking >= n_groups - i;
        let parts = (0..fractions.len())
            .filter(|&part| fractions[part] > 0.0 && (!only_lacking || lacks(part)));
        let best = rare
            .parts_in_need(&labels(&cells), parts.collect())
            .into_iter()
            .max_by(|&a, &b| need(&wanted[a], &cells).total_cmp(&need(&wanted[b], &cells)))
            .unwrap_or(0);
        for (cell, n) in &cells {
            if let Some(rest) = wanted[best].get_mut(cell) {
                *rest -= n;
            }
        }
        rare.assign(&labels(&cells), best);
        n_of_part[best] += 1;
        assigned.push((group, best));
    }
    assigned
}

fn labels<'a>(cells: &Cells<'a>) -> BTreeSet<&'a Name> {
    cells.keys().map(|(_, label)| *label).collect()
}

/// How well the videos of a group match what a part still needs.
fn need(wanted: &Cells<'_>, cells: &Cells<'_>) -> f64 {
    cells
        .iter()
        .map(|(cell, n)| wanted.get(cell).copied().unwrap_or(0.0) * n)
        .sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use wo_record::{Video, group_of};

    use super::*;

    /// `n_persons` persons with four videos each: two exercises, two labels.
    fn videos(n_persons: usize) -> Vec<Candidate> {
        let mut videos = Vec::new();
        for person in 0..n_persons {
            let video = Video {
                person_id: Some(format!("p{person}")),
                ..Video::default()
            };
            for (exercise, label) in [
                ("squat", "good_form"),
                ("squat", "bad_form"),
                ("deadlift", "good_form"),
                ("deadlift", "bad_form"),
            ] {
                videos.push(Candidate {
                    group: group_of(&video),
                    exercise: exercise.into(),
                    label: label.into(),
                });
            }
        }
        videos
    }

    const PARTS: Fractions = Fractions {
        validation: 0.15,
        test: 0.25,
    };

    #[test]
    fn parts_are_met_in_every_cell() {
        let videos = videos(20);
        let splits = split_groups(&videos, PARTS, 1).unwrap();
        for (split, n_wanted) in [(Split::Train, 12), (Split::Validation, 3), (Split::Test, 5)] {
            for label in ["good_form", "bad_form"] {
                let n = videos
                    .iter()
                    .filter(|v| {
                        splits[&v.group] == split
                            && v.label.as_str() == label
                            && v.exercise.as_str() == "squat"
                    })
                    .count();
                assert_eq!(n, n_wanted, "{split:?} {label}");
            }
        }
    }

    #[test]
    fn the_seed_decides_and_no_part_stays_empty() {
        let videos = videos(9);
        assert_eq!(
            split_groups(&videos, PARTS, 5).unwrap(),
            split_groups(&videos, PARTS, 5).unwrap()
        );
        assert_ne!(
            split_groups(&videos, PARTS, 5).unwrap(),
            split_groups(&videos, PARTS, 6).unwrap()
        );
        let few = &videos[..12];
        let splits = split_groups(few, PARTS, 0).unwrap();
        for split in SPLITS {
            assert!(splits.values().any(|s| *s == split), "{split:?} is empty");
        }
        assert!(
            split_groups(&videos[..8], PARTS, 0).is_err(),
            "two persons cannot fill three parts"
        );
    }

    /// Persons with `sizes` good videos each, the first `n_bad` of them with a bad one as well.
    pub(crate) fn persons(sizes: &[usize], n_bad: usize) -> Vec<Candidate> {
        let video = |person: usize, label: &str| Candidate {
            group: Group::of_text(&format!("person:p{person}")),
            exercise: "squat".into(),
            label: label.into(),
        };
        let of_person = |(person, size): (usize, &usize)| {
            let good = (0..*size).map(move |_| video(person, "good_form"));
            let bad = (0..usize::from(person < n_bad)).map(move |_| video(person, "bad_form"));
            good.chain(bad)
        };
        sizes.iter().enumerate().flat_map(of_person).collect()
    }

    /// How many groups of a part show a label.
    pub(crate) fn n_groups<P: PartialEq>(
        videos: &[Candidate],
        part_of: &BTreeMap<Group, P>,
        part: &P,
        label: &str,
    ) -> usize {
        let of_part = videos
            .iter()
            .filter(|it| it.label.as_str() == label && part_of[&it.group] == *part);
        of_part.map(|it| &it.group).collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn a_rare_label_is_where_it_is_needed() {
        let sizes = [40, 1, 2, 9, 3, 3, 1, 5, 8, 2, 2, 6];
        for seed in 0..20 {
            for (n_bad, expected) in [(3, [2, 1, 0]), (4, [2, 2, 0]), (5, [2, 2, 1])] {
                let videos = persons(&sizes, n_bad);
                let splits = split_groups(&videos, PARTS, seed).unwrap();
                let n = SPLITS.map(|split| n_groups(&videos, &splits, &split, "bad_form"));
                assert_eq!(n, expected, "seed {seed}");
            }
        }
    }
}
