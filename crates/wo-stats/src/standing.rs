//! Several predictors on the same videos: balanced accuracy of each, and by how much the first is above the others.

use std::collections::BTreeMap;

use wo_record::Group;

use crate::bootstrap::{Interval, intervals};
use crate::metrics::{Counts, Figure, confusion, present};

/// One video, and what each predictor says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit<'a> {
    /// What a bootstrap keeps together.
    pub group: &'a Group,
    /// The true class.
    pub truth: usize,
    /// The class that each predictor says; the same predictors for all units.
    pub said: Vec<usize>,
}

/// How one predictor stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Mean of the recalls of the classes that are there; `None` without units.
    pub balanced_accuracy: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// By how much the first predictor's is above it.
    pub gain: Option<f64>,
    /// The 95 % interval of that, from the same resamples: paired.
    pub gain_interval: Option<Interval>,
}

impl Standing {
    /// Whether the first predictor is better than this one beyond doubt: the paired interval lies above zero.
    pub fn is_beaten(&self) -> bool {
        self.gain_interval
            .is_some_and(|interval| interval.low > 0.0)
    }
}

/// Scores the predictors on `units` of `n_classes` classes, by resampling whole groups.
pub fn standings(units: &[Unit<'_>], n_classes: usize, seed: u64) -> Vec<Standing> {
    let n_predictors = units.first().map_or(0, |unit| unit.said.len());
    let mut groups: BTreeMap<&Group, Vec<&Unit<'_>>> = BTreeMap::new();
    for unit in units {
        groups.entry(unit.group).or_default().push(unit);
    }
    let counts: Vec<Vec<Counts>> = groups
        .values()
        .map(|units| {
            let truth: Vec<usize> = units.iter().map(|unit| unit.truth).collect();
            let of_predictor = |predictor: usize| {
                let said = units.iter().filter_map(|unit| unit.said.get(predictor));
                confusion(&truth, &said.copied().collect::<Vec<_>>(), n_classes)
            };
            (0..n_predictors).map(of_predictor).collect()
        })
        .collect();
    let all = sum(&counts, &vec![1; counts.len()], 0, n_classes);
    let classes = present(&all);
    let figures = |times: &[u64]| -> Vec<Option<f64>> {
        let scores: Vec<Option<f64>> = (0..n_predictors)
            .map(|predictor| {
                let drawn = sum(&counts, times, predictor, n_classes);
                Figure::BalancedAccuracy.of(&drawn, &classes)
            })
            .collect();
        let first = scores.first().copied().flatten();
        let gains: Vec<Option<f64>> = scores
            .iter()
            .map(|score| Some(first? - (*score)?))
            .collect();
        [scores, gains].concat()
    };
    let values = figures(&vec![1; counts.len()]);
    let ranges = intervals(counts.len(), seed, figures);
    let of = |i: usize| {
        (
            values.get(i).copied().flatten(),
            ranges.get(i).copied().flatten(),
        )
    };
    (0..n_predictors)
        .map(|predictor| {
            let (balanced_accuracy, interval) = of(predictor);
            let (gain, gain_interval) = of(n_predictors + predictor);
            Standing {
                balanced_accuracy,
                interval,
                gain,
                gain_interval,
            }
        })
        .collect()
}

/// The confusion of one predictor over groups that were drawn so many times each.
fn sum(counts: &[Vec<Counts>], times: &[u64], predictor: usize, n_classes: usize) -> Counts {
    let mut total = vec![vec![0; n_classes]; n_classes];
    for (of_group, &times) in counts.iter().zip(times) {
        let Some(of_predictor) = of_group.get(predictor) else {
            continue;
        };
        for (to, from) in total
            .iter_mut()
            .flatten()
            .zip(of_predictor.iter().flatten())
        {
            *to += times * from;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(groups: &[Group], n_wrong: usize) -> Vec<Unit<'_>> {
        let of_group = |(i, group)| {
            (0..2).map(move |truth| Unit {
                group,
                truth,
                // The first errs in few groups, the second always says 0.
                said: vec![if i < n_wrong { 1 - truth } else { truth }, 0],
            })
        };
        groups.iter().enumerate().flat_map(of_group).collect()
    }

    #[test]
    fn the_first_is_better_only_where_the_paired_interval_says_so() {
        let groups: Vec<Group> = (0..20)
            .map(|i| Group::of_video_id(&format!("v{i}")))
            .collect();
        let [good, always] = standings(&units(&groups, 2), 2, 0)[..] else {
            panic!("two predictors");
        };
        assert_eq!(
            (good.balanced_accuracy, always.balanced_accuracy),
            (Some(0.9), Some(0.5))
        );
        assert_eq!(always.gain, Some(0.4));
        assert!(always.is_beaten() && !good.is_beaten());
        let [_, always] = standings(&units(&groups, 9), 2, 0)[..] else {
            panic!("two predictors");
        };
        assert!(
            always.gain.is_some_and(|gain| gain > 0.0) && !always.is_beaten(),
            "{always:?}"
        );
    }

    #[test]
    fn one_group_or_none_says_nothing_of_others() {
        assert_eq!(standings(&[], 2, 0), []);
        let groups = [Group::of_video_id("v")];
        assert!(
            standings(&units(&groups, 0), 2, 0)
                .iter()
                .all(|it| it.interval.is_none())
        );
    }
}
