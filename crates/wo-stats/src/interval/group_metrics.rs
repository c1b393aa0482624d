//! The metrics of a confusion matrix, each with its confidence interval over groups.

use std::cell::OnceCell;

use super::proportion::proportion_between;
use super::recalls::{balanced_accuracy, f1, macro_f1};
use crate::bootstrap::Interval;
use crate::confidence::Confidence;
use crate::metrics::{Counts, Metric};

/// The confusions of one predictor by group.
#[derive(Debug)]
pub(crate) struct GroupMetrics<'a> {
    groups: &'a [Counts],
    present: &'a [usize],
    confidence: Confidence,
    /// Of all groups together.
    total: Counts,
    /// Right and all samples of each class that is present, by group.
    classes: Vec<Vec<(u64, u64)>>,
    /// The intervals of the recalls of the classes that are present, once they are needed: several metrics rest on them.
    recalls: OnceCell<Vec<Option<Interval>>>,
}

impl<'a> GroupMetrics<'a> {
    /// Of `groups`, with the classes that have samples.
    pub(crate) fn new(groups: &'a [Counts], present: &'a [usize], confidence: Confidence) -> Self {
        let n_classes = groups.first().map_or(0, Vec::len);
        let mut total = vec![vec![0; n_classes]; n_classes];
        for counts in groups {
            for (sums, row) in total.iter_mut().zip(counts) {
                for (sum, count) in sums.iter_mut().zip(row) {
                    *sum += count;
                }
            }
        }
        let of_class = |class: &usize| {
            let of_group = |counts: &Counts| {
                let row = counts.get(*class).map_or(&[][..], Vec::as_slice);
                (at(row, *class), row.iter().sum())
            };
            groups.iter().map(of_group).collect()
        };
        Self {
            groups,
            present,
            confidence,
            total,
            classes: present.iter().map(of_class).collect(),
            recalls: OnceCell::new(),
        }
    }

    /// The interval of a metric. `None` where a class has samples in fewer than two groups.
    pub(crate) fn interval(&self, metric: Metric) -> Option<Interval> {
        match metric {
            Metric::Accuracy => self.proportion(&self.counts(|counts| {
                let hits = counts.iter().enumerate().map(|(class, row)| at(row, class));
                (hits.sum(), counts.iter().flatten().sum())
            })),
            Metric::Recall(class) => {
                let place = self.present.iter().position(|it| *it == class)?;
                self.recalls().get(place).copied().flatten()
            }
            Metric::Precision(class) => self.proportion(&self.counts(|counts| {
                let predicted = counts.iter().map(|row| at(row, class)).sum();
                (counts.get(class).map_or(0, |row| at(row, class)), predicted)
            })),
            Metric::BalancedAccuracy => balanced_accuracy(&self.classes, self.recalls()),
            Metric::MacroF1 => macro_f1(&self.classes, self.recalls(), &self.confusion()),
            Metric::F1(class) => {
                let place = self.present.iter().position(|it| *it == class)?;
                f1(place, &self.classes, self.recalls(), &self.confusion())
            }
        }
    }

    /// Whether all samples have the same prediction.
    pub(crate) fn has_one_prediction(&self) -> bool {
        let is_predicted = |class: usize| self.total.iter().any(|row| at(row, class) > 0);
        (0..self.total.len())
            .filter(|class| is_predicted(*class))
            .count()
            <= 1
    }

    fn proportion(&self, groups: &[(u64, u64)]) -> Option<Interval> {
        proportion_between(groups, self.confidence.tail())
    }

    fn counts(&self, of_group: impl Fn(&Counts) -> (u64, u64)) -> Vec<(u64, u64)> {
        self.groups.iter().map(of_group).collect()
    }

    fn recalls(&self) -> &[Option<Interval>] {
        let of_class = |class: &Vec<_>| self.proportion(class);
        let of_classes = || self.classes.iter().map(of_class).collect();
        self.recalls.get_or_init(of_classes)
    }

    /// Of the classes that are present; the last column is of predictions of classes that are not.
    fn confusion(&self) -> Counts {
        let of_class = |class: &usize| {
            let row = self.total.get(*class).map_or(&[][..], Vec::as_slice);
            let mut present: Vec<u64> = self.present.iter().map(|it| at(row, *it)).collect();
            let others = row.iter().sum::<u64>() - present.iter().sum::<u64>();
            present.push(others);
            present
        };
        self.present.iter().map(of_class).collect()
    }
}

fn at(row: &[u64], class: usize) -> u64 {
    row.get(class).copied().unwrap_or(0)
}
