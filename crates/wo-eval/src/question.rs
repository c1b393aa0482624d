//! One question to several predictors, answered by the figures of each with their intervals.

use std::collections::BTreeMap;

use wo_record::{Confusion, Group, Name, Score};
use wo_stats::{Counts, Figure, Interval, confusion, intervals, present};

use crate::evaluation::{Evaluation, MODEL, gain_over};

/// One thing to be right or wrong about.
pub(crate) struct Unit<'a> {
    pub(crate) group: &'a Group,
    pub(crate) truth: usize,
    /// What each predictor says, the model first; the same predictors for all units.
    pub(crate) said: Vec<(&'static str, usize)>,
}

/// Units that are scored together.
pub(crate) struct Question<'a> {
    pub(crate) task: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) scope: String,
    pub(crate) classes: &'a [Name],
    pub(crate) units: Vec<Unit<'a>>,
}

/// A true class, a predicted class, and how often the two came together.
type Cell = (usize, usize, u64);

/// What of a confusion is not 0: of the hundreds of pairs of exercises a group has a few.
fn cells(counts: Counts) -> Vec<Cell> {
    let of_row = |(truth, row): (usize, Vec<u64>)| {
        row.into_iter()
            .enumerate()
            .filter(|(_, n)| *n > 0)
            .map(move |(said, n)| (truth, said, n))
    };
    counts.into_iter().enumerate().flat_map(of_row).collect()
}

impl Question<'_> {
    /// Adds the records of this question.
    pub(crate) fn answer(&self, seed: u64, evaluation: &mut Evaluation) {
        let by_group = self.counts_by_group();
        let n_groups = by_group.first().map_or(0, Vec::len);
        let once = vec![1; n_groups];
        let totals: Vec<Counts> = by_group
            .iter()
            .map(|groups| self.sum(groups, &once))
            .collect();
        let Some(of_model) = totals.first() else {
            return;
        };
        // Which classes there are is the same for all predictors.
        let classes = present(of_model);
        let figures = Figure::all(self.classes.len());
        let compute = |times_drawn: &[u64]| -> Vec<Option<f64>> {
            let drawn: Vec<Counts> = by_group
                .iter()
                .map(|groups| self.sum(groups, times_drawn))
                .collect();
            let balanced: Vec<_> = drawn
                .iter()
                .map(|counts| Figure::BalancedAccuracy.of(counts, &classes))
                .collect();
            let model_balanced = balanced.first().copied().flatten();
            let gains = balanced
                .iter()
                .skip(1)
                .map(|baseline| Some(model_balanced? - (*baseline)?));
            let plain = drawn
                .iter()
                .flat_map(|counts| figures.iter().map(|figure| figure.of(counts, &classes)));
            plain.chain(gains).collect()
        };
        let values = compute(&once);
        let ends = intervals(n_groups, seed, compute);

        let predictors = self.predictors();
        let plain = predictors.iter().flat_map(|by| {
            figures
                .iter()
                .map(|f| (*by, f.name().to_owned(), f.class()))
        });
        let gains = predictors
            .iter()
            .skip(1)
            .map(|baseline| (MODEL, gain_over(baseline), None));
        for (((by, name, class), value), interval) in plain.chain(gains).zip(values).zip(ends) {
            // An interval around an undefined figure would be one of resamples that are not like the sample.
            let interval: Option<Interval> = value.and(interval);
            evaluation.scores.push(Score {
                task: self.task.to_owned(),
                by: by.to_owned(),
                unit: self.unit.to_owned(),
                scope: self.scope.clone(),
                name,
                class: class.and_then(|class| self.classes.get(class)).cloned(),
                value,
                low: interval.map(|interval| interval.low),
                high: interval.map(|interval| interval.high),
                n: self.units.len() as u64,
                n_groups: n_groups as u64,
            });
        }
        evaluation.confusions.push(Confusion {
            task: self.task.to_owned(),
            unit: self.unit.to_owned(),
            scope: self.scope.clone(),
            classes: self.classes.to_vec(),
            counts: of_model.clone(),
        });
    }

    /// Who says something, the model first.
    fn predictors(&self) -> Vec<&'static str> {
        let said = self.units.first().map(|unit| &unit.said);
        said.into_iter().flatten().map(|&(by, _)| by).collect()
    }

    /// For each predictor the counts of each group: all figures are made of sums of these.
    fn counts_by_group(&self) -> Vec<Vec<Vec<Cell>>> {
        let mut groups: BTreeMap<&Group, Vec<&Unit<'_>>> = BTreeMap::new();
        for unit in &self.units {
            groups.entry(unit.group).or_default().push(unit);
        }
        let of_predictor = |idx: usize| {
            let of_group = |units: &Vec<&Unit<'_>>| {
                let (truth, said): (Vec<usize>, Vec<usize>) = units
                    .iter()
                    .filter_map(|unit| Some((unit.truth, unit.said.get(idx)?.1)))
                    .unzip();
                cells(confusion(&truth, &said, self.classes.len()))
            };
            groups.values().map(of_group).collect()
        };
        (0..self.predictors().len()).map(of_predictor).collect()
    }

    fn sum(&self, groups: &[Vec<Cell>], times_drawn: &[u64]) -> Counts {
        let mut sum = confusion(&[], &[], self.classes.len());
        for (cells, &times) in groups
            .iter()
            .zip(times_drawn)
            .filter(|(_, times)| **times > 0)
        {
            for &(truth, said, n) in cells {
                if let Some(count) = sum.get_mut(truth).and_then(|row| row.get_mut(said)) {
                    *count += times * n;
                }
            }
        }
        sum
    }
}
