//! Several predictors on the same samples, their confusions kept by group: one resampling of groups serves all of them.

use std::collections::BTreeMap;

use wo_record::Group;

use crate::bootstrap::{Bootstrap, Estimate, Interval};
use crate::confidence::Confidence;
use crate::interval::{GroupMetrics, PairedCounts, paired_difference, unpaired_difference};
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
    /// By group, predictor and class: samples that the first predictor alone is right about, and this one alone.
    discordant: GroupSums,
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
        let mut discordant = GroupSums::new(2 * n_predictors * n_classes);
        let mut groups_of_class = vec![0; n_classes];
        for samples in groups.values() {
            let mut cells: BTreeMap<usize, f64> = BTreeMap::new();
            let mut pairs: BTreeMap<usize, f64> = BTreeMap::new();
            for sample in samples {
                let valid = |predicted: &usize| *predicted < n_classes && sample.truth < n_classes;
                for (predictor, &predicted) in
                    sample.predicted.iter().enumerate().take(n_predictors)
                {
                    if valid(&predicted) {
                        let cell = (predictor * n_classes + sample.truth) * n_classes + predicted;
                        *cells.entry(cell).or_default() += 1.0;
                        let is_right = predicted == sample.truth;
                        let is_first_right = sample.predicted.first() == Some(&sample.truth);
                        if is_right != is_first_right {
                            let pair = 2 * (predictor * n_classes + sample.truth);
                            *pairs.entry(pair + usize::from(is_right)).or_default() += 1.0;
                        }
                    }
                }
            }
            sums.push(cells);
            discordant.push(pairs);
            for (class, n_groups) in groups_of_class.iter_mut().enumerate() {
                *n_groups += usize::from(samples.iter().any(|sample| sample.truth == class));
            }
        }
        Self {
            n_classes,
            n_predictors,
            sums,
            discordant,
            groups_of_class,
        }
    }

    /// How many groups there are.
    pub fn n_groups(&self) -> usize {
        self.sums.n_groups()
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
        let confidence = bootstrap.confidence;
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
        let mut scores: Vec<Vec<Estimate>> =
            by_predictor.by_ref().take(self.n_predictors).collect();
        let mut gains: Vec<Vec<Estimate>> = by_predictor.collect();
        let mut firsts: Vec<Estimate> = Vec::new();
        for (predictor, (scores, gains)) in scores.iter_mut().zip(&mut gains).enumerate() {
            let of_groups = self.confusions_of_groups(predictor);
            let groups = GroupMetrics::new(&of_groups, &classes, confidence);
            // Of a baseline that always predicts the same class the recalls are 0 and 1 in any data.
            let is_fixed = predictor > 0 && groups.has_one_prediction();
            let depends = |metric: &Metric| !is_fixed || metric.depends_on_prevalence();
            for (metric, score) in metrics.iter().zip(&mut *scores) {
                if depends(metric) {
                    *score = score.joined_with(groups.interval(*metric), confidence);
                }
            }
            // The first one's gain over itself is 0.
            if predictor == 0 {
                firsts.clone_from(scores);
                continue;
            }
            let pairs = self.pairs_of_groups(predictor, &of_groups);
            let of_both = firsts.iter().zip(&*scores);
            for ((metric, gain), (first, score)) in metrics.iter().zip(gains).zip(of_both) {
                let interval = match metric {
                    // There is no paired model of these.
                    Metric::MacroF1 | Metric::Precision(_) | Metric::F1(_) => {
                        unpaired(first, score)
                    }
                    _ => paired(*metric, &pairs, &classes, confidence),
                };
                *gain = gain.joined_with(interval, confidence);
            }
        }
        Comparison { scores, gains }
    }

    /// The confusion of a predictor in each group.
    fn confusions_of_groups(&self, predictor: usize) -> Vec<Counts> {
        let n_cells = self.n_classes * self.n_classes;
        let mut groups = Vec::with_capacity(self.n_groups());
        for entries in self.sums.groups() {
            let mut counts = vec![vec![0; self.n_classes]; self.n_classes];
            for (cell, count) in entries {
                let place = cell
                    .checked_sub(predictor * n_cells)
                    .filter(|it| *it < n_cells);
                let row = place.and_then(|it| counts.get_mut(it / self.n_classes));
                if let Some(cell) = row.and_then(|row| row.get_mut(cell % self.n_classes)) {
                    *cell += *count as u64;
                }
            }
            groups.push(counts);
        }
        groups
    }

    /// By class and group: where the first predictor and another one differ.
    fn pairs_of_groups(&self, predictor: usize, of_groups: &[Counts]) -> Vec<Vec<PairedCounts>> {
        let n_classes = self.n_classes;
        let mut classes = vec![vec![PairedCounts::default(); self.n_groups()]; n_classes];
        // Samples of a class are the same for all predictors.
        for (group, counts) in of_groups.iter().enumerate() {
            for (pairs, row) in classes.iter_mut().zip(counts) {
                if let Some(pairs) = pairs.get_mut(group) {
                    pairs.samples = row.iter().sum();
                }
            }
        }
        for (group, entries) in self.discordant.groups().enumerate() {
            for (column, count) in entries {
                let class = (column / 2).checked_sub(predictor * n_classes);
                let pairs = class.and_then(|class| classes.get_mut(class)?.get_mut(group));
                if let Some(pairs) = pairs {
                    let side = if column % 2 == 0 {
                        &mut pairs.only_first
                    } else {
                        &mut pairs.only_second
                    };
                    *side += *count as u64;
                }
            }
        }
        classes
    }
}

/// The interval of a gain from paired counts. `None` where groups are too few, and for metrics that also rest on how many
/// samples are predicted as a class.
fn paired(
    metric: Metric,
    pairs: &[Vec<PairedCounts>],
    present: &[usize],
    confidence: Confidence,
) -> Option<Interval> {
    let of_class = |class: &usize| pairs.get(*class).map(Vec::as_slice);
    match metric {
        Metric::BalancedAccuracy => {
            let classes: Vec<&[PairedCounts]> = present.iter().filter_map(of_class).collect();
            paired_difference(&classes, confidence)
        }
        Metric::Recall(class) => paired_difference(&[of_class(&class)?], confidence),
        Metric::Accuracy => {
            let n_groups = pairs.first().map_or(0, Vec::len);
            let mut all = vec![PairedCounts::default(); n_groups];
            for class in pairs {
                for (all, pair) in all.iter_mut().zip(class) {
                    all.only_first += pair.only_first;
                    all.only_second += pair.only_second;
                    all.samples += pair.samples;
                }
            }
            paired_difference(&[&all], confidence)
        }
        Metric::MacroF1 | Metric::Precision(_) | Metric::F1(_) => None,
    }
}

/// The interval of a gain of which there is no paired model.
fn unpaired(first: &Estimate, second: &Estimate) -> Option<Interval> {
    let ends = |it: &Estimate| Some((it.value?, it.intervals.interval?));
    Some(unpaired_difference(ends(first)?, ends(second)?))
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
        assert_eq!(confusions.present(), [0, 1, 2]);
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
