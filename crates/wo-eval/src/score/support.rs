//! What a metric rests on: how many samples, of how many groups, and how many independent groups these are worth.

use std::collections::BTreeSet;

use wo_record::Group;
use wo_stats::{Metric, effective_groups_by_class};

/// The samples and groups behind one metric.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Support {
    pub(crate) n: u64,
    pub(crate) n_groups: u64,
    /// Of metrics of several classes, those of the class that has the fewest.
    pub(crate) n_effective: f64,
}

impl Support {
    /// What a metric counts of samples, each a group, a true class and a prediction: a recall those of its class, a precision
    /// those predicted as it, an F1 both.
    pub(crate) fn of<'a>(
        metric: Metric,
        samples: impl Iterator<Item = (&'a Group, usize, Option<usize>)>,
    ) -> Self {
        let counts = |truth: usize, predicted: Option<usize>| match metric {
            Metric::Recall(class) => truth == class,
            Metric::Precision(class) => predicted == Some(class),
            Metric::F1(class) => truth == class || predicted == Some(class),
            Metric::Accuracy | Metric::BalancedAccuracy | Metric::MacroF1 => true,
        };
        let is_by_class = matches!(metric, Metric::BalancedAccuracy | Metric::MacroF1);
        let counted = samples.filter(|(_, truth, predicted)| counts(*truth, *predicted));
        Self::of_classes(
            counted.map(|(group, truth, _)| (group, if is_by_class { truth } else { 0 })),
        )
    }

    /// What a metric of several classes counts of samples, each a group and its class.
    pub(crate) fn of_classes<'a, C: Ord>(samples: impl Iterator<Item = (&'a Group, C)>) -> Self {
        let samples: Vec<(&Group, C)> = samples.collect();
        let distinct: BTreeSet<&Group> = samples.iter().map(|it| it.0).collect();
        let (n, n_groups) = (samples.len() as u64, distinct.len() as u64);
        let of_classes = effective_groups_by_class(samples).into_values();
        Self {
            n,
            n_groups,
            n_effective: of_classes.reduce(f64::min).unwrap_or(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_with_most_videos_counts_little() {
        let names = ["anna", "ben", "cleo", "dan", "eva"];
        let groups = names.map(Group::of_video_id);
        // Anna has six of ten bad videos; each of the others one. All have one good one.
        let bad = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4].map(|it| (it, 1_usize));
        let good = [0, 1, 2, 3, 4].map(|it| (it, 0));
        let samples = || bad.into_iter().chain(good);
        let support = |metric| {
            let named = samples().map(|(group, truth)| (&groups[group], truth, Some(0)));
            let of_metric = Support::of(metric, named);
            (of_metric.n, of_metric.n_groups, of_metric.n_effective)
        };
        assert_eq!(support(Metric::BalancedAccuracy), (15, 5, 2.5));
        assert_eq!(support(Metric::Recall(1)), (10, 5, 2.5));
        assert_eq!(support(Metric::Recall(0)), (5, 5, 5.0));
        assert_eq!(support(Metric::Precision(1)), (0, 0, 0.0));
        let (n, _, n_effective) = support(Metric::Accuracy);
        assert_eq!(n, 15);
        assert!((n_effective - 225.0 / (49.0 + 4.0 * 4.0)).abs() < 1e-12);
    }
}
