//! Several predictors on the same samples, their confusions kept by group: one resampling of groups serves all of them.

use std::collections::BTreeMap;

use wo_record::Group;

use crate::bootstrap::{Bootstrap, Estimate};
use crate::metrics::{Counts, Metric, present};
use crate::sums::GroupSums;

/// One sample, and the prediction of each predictor.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    /// The group that a bootstrap keeps together.
    pub group: &'a Group,
    /// The true class.
    pub truth: usize,
    /// The class that each predictor predicts; the same predictors for all samples.
    pub predicted: Vec<usize>,
}

/// The confusions of several predictors, by group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupedConfusions {
    n_classes: usize,
    n_predictors: usize,
    sums: GroupSums,
    groups_of_class: Vec<usize>,
}

/// The metrics of several predictors, from the same resamples.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// For each predictor each metric.
    pub scores: Vec<Vec<Estimate>>,
    /// For each predictor by how much the first one's metrics are above its own: paired.
    pub gains: Vec<Vec<Estimate>>,
}

impl GroupedConfusions {
    /// Counts `samples` of `n_classes` classes. Predictors are those of the first sample; a sample that lacks one, or names a
    /// class that there is not, does not count for it.
    pub fn new(samples: &[Sample<'_>], n_classes: usize) -> Self {
        let n_predictors = samples.first().map_or(0, |sample| sample.predicted.len());
        let mut groups: BTreeMap<&Group, Vec<&Sample<'_>>> = BTreeMap::new();
        for sample in samples {
            groups.entry(sample.group).or_default().push(sample);
        }
        let mut sums = GroupSums::new(n_predictors * n_classes * n_classes);
        let mut groups_of_class = vec![0; n_classes];
        for samples in groups.values() {
            let mut cells: BTreeMap<usize, f64> = BTreeMap::new();
            for sample in samples {
                let valid = |predicted: &usize| *predicted < n_classes && sample.truth < n_classes;
                for (predictor, &predicted) in
                    sample.predicted.iter().enumerate().take(n_predictors)
                {
                    if valid(&predicted) {
                        let cell = (predictor * n_classes + sample.truth) * n_classes + predicted;
                        *cells.entry(cell).or_default() += 1.0;
                    }
                }
            }
            sums.push(cells);
            for (class, n_groups) in groups_of_class.iter_mut().enumerate() {
                *n_groups += usize::from(samples.iter().any(|sample| sample.truth == class));
            }
        }
        Self {
            n_classes,
            n_predictors,
            sums,
            groups_of_class,
        }
    }

    /// How many groups there are.
    pub fn n_groups(&self) -> usize {
        self.sums.n_groups()
    }

    /// How many groups have samples of each class: what [`doubts`](crate::doubts) asks for.
    pub fn groups_of_class(&self) -> &[usize] {
        &self.groups_of_class
    }

    /// The classes that have samples.
    pub fn present(&self) -> Vec<usize> {
        let n_groups = self.groups_of_class.iter().enumerate();
        n_groups
            .filter(|(_, n)| **n > 0)
            .map(|(class, _)| class)
            .collect()
    }

    /// The confusion of each predictor over groups that were drawn so many times each.
    pub fn drawn(&self, times_drawn: &[u64]) -> Vec<Counts> {
        let sums = self.sums.drawn(times_drawn);
        let n_cells = self.n_classes * self.n_classes;
        // Sums of counts: whole numbers.
        let row = |row: &[f64]| row.iter().map(|count| *count as u64).collect();
        (0..self.n_predictors)
            .map(|predictor| {
                let cells = sums.get(predictor * n_cells..(predictor + 1) * n_cells);
                let rows = cells.unwrap_or_default().chunks(self.n_classes.max(1));
                rows.map(row).collect()
            })
            .collect()
    }

    /// The confusion of each predictor.
    pub fn counts(&self) -> Vec<Counts> {
        self.drawn(&vec![1; self.n_groups()])
    }

    /// The metrics of all predictors, and by how much the first predictor's are above those of each.
    pub fn compare(&self, metrics: &[Metric], bootstrap: &Bootstrap) -> Comparison {
        // Which classes there are is the same for all predictors.
        let classes = self.counts().first().map_or(Vec::new(), |c| present(c));
        let compute = |times_drawn: &[u64]| -> Vec<Option<f64>> {
            let drawn = self.drawn(times_drawn);
            let scores: Vec<Option<f64>> = drawn
                .iter()
                .flat_map(|counts| metrics.iter().map(|metric| metric.of(counts, &classes)))
                .collect();
            let firsts = scores.iter().take(metrics.len()).cycle();
            let gains: Vec<Option<f64>> = scores
                .iter()
                .zip(firsts)
                .map(|(score, first)| Some((*first)? - (*score)?))
                .collect();
            [scores, gains].concat()
        };
        let estimates = bootstrap.estimates(self.n_groups(), compute);
        let mut by_predictor = estimates
            .chunks(metrics.len().max(1))
            .map(<[Estimate]>::to_vec);
        Comparison {
            scores: by_predictor.by_ref().take(self.n_predictors).collect(),
            gains: by_predictor.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(groups: &[Group]) -> Vec<Sample<'_>> {
        let of_group = |(i, group): (usize, _)| {
            (0..3).map(move |truth| Sample {
                group,
                truth,
                predicted: vec![truth, (truth + usize::from(i % 4 == 0)) % 3],
            })
        };
        groups.iter().enumerate().flat_map(of_group).collect()
    }

    #[test]
    fn predictors_share_their_resamples() {
        let groups: Vec<Group> = (0..20)
            .map(|i| Group::of_video_id(&format!("v{i}")))
            .collect();
        let confusions = GroupedConfusions::new(&samples(&groups), 4);
        assert_eq!(
            (confusions.n_groups(), confusions.present()),
            (20, vec![0, 1, 2])
        );
        assert_eq!(confusions.groups_of_class(), [20, 20, 20, 0]);
        assert_eq!(confusions.counts()[1][0], [15, 5, 0, 0]);
        let metrics = [Metric::Accuracy, Metric::Recall(1)];
        let Comparison { scores, gains } = confusions.compare(&metrics, &Bootstrap::new(1));
        assert_eq!(scores[0][0].value, Some(1.0));
        assert_eq!(scores[1][0].value, Some(0.75));
        assert_eq!(gains[1][1].value, Some(0.25));
        assert_eq!(gains[0][1].value, Some(0.0));
        // The first never errs, so its gain is as uncertain as the other's accuracy.
        let ends = scores[1][0].intervals.percentile.unwrap();
        let gain = gains[1][0].intervals.percentile.unwrap();
        assert!((gain.low - (1.0 - ends.high)).abs() < 1e-12);
    }

    #[test]
    fn no_units_are_no_figures() {
        let confusions = GroupedConfusions::new(&[], 2);
        let comparison = confusions.compare(&[Metric::Accuracy], &Bootstrap::new(1));
        assert!(comparison.scores.is_empty() && comparison.gains.is_empty());
    }
}
