//! Paired comparison of several predictors on the same videos: balanced accuracy of each, and by how much the first is
//! above the others.

use crate::bootstrap::{Bootstrap, Estimate, Interval};
use crate::grouped_confusions::{Comparison, GroupedConfusions, Sample};
use crate::metrics::Metric;

/// One predictor compared with the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedComparison {
    /// Mean of the recalls of the classes that are there; `None` without samples.
    pub balanced_accuracy: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// By how much the first predictor's is above it.
    pub gain: Option<f64>,
    /// The 95 % interval of that, from the same resamples: paired.
    pub gain_interval: Option<Interval>,
}

impl PairedComparison {
    /// Whether the first predictor is significantly better: the paired interval lies above zero.
    pub fn is_beaten(&self) -> bool {
        self.gain_interval
            .is_some_and(|interval| interval.low > 0.0)
    }
}

/// Scores the predictors on `samples` of `n_classes` classes, by resampling whole groups.
pub fn paired_comparisons(
    samples: &[Sample<'_>],
    n_classes: usize,
    seed: u64,
) -> Vec<PairedComparison> {
    let confusions = GroupedConfusions::new(samples, n_classes);
    let Comparison { scores, gains } =
        confusions.compare(&[Metric::BalancedAccuracy], &Bootstrap::new(seed));
    let of = |estimate: &Estimate| (estimate.value, estimate.intervals.interval);
    scores
        .iter()
        .flatten()
        .zip(gains.iter().flatten())
        .map(|(score, over)| {
            let (balanced_accuracy, interval) = of(score);
            let (gain, gain_interval) = of(over);
            PairedComparison {
                balanced_accuracy,
                interval,
                gain,
                gain_interval,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use wo_record::Group;

    use super::*;

    fn samples(groups: &[Group], n_wrong: usize) -> Vec<Sample<'_>> {
        let of_group = |(i, group)| {
            (0..2).map(move |truth| Sample {
                group,
                truth,
                // The first errs in few groups, the second always predicts 0.
                predicted: vec![if i < n_wrong { 1 - truth } else { truth }, 0],
            })
        };
        groups.iter().enumerate().flat_map(of_group).collect()
    }

    #[test]
    fn the_first_is_better_only_where_the_paired_interval_says_so() {
        let groups: Vec<Group> = (0..20)
            .map(|i| Group::of_video_id(&format!("v{i}")))
            .collect();
        let [good, always] = paired_comparisons(&samples(&groups, 2), 2, 0)[..] else {
            panic!("two predictors");
        };
        assert_eq!(
            (good.balanced_accuracy, always.balanced_accuracy),
            (Some(0.9), Some(0.5))
        );
        assert_eq!(always.gain, Some(0.4));
        assert!(always.is_beaten() && !good.is_beaten());
        let [_, always] = paired_comparisons(&samples(&groups, 9), 2, 0)[..] else {
            panic!("two predictors");
        };
        assert!(
            always.gain.is_some_and(|gain| gain > 0.0) && !always.is_beaten(),
            "{always:?}"
        );
    }

    #[test]
    fn one_group_or_none_says_nothing_of_others() {
        assert_eq!(paired_comparisons(&[], 2, 0), []);
        let groups = [Group::of_video_id("v")];
        assert!(
            paired_comparisons(&samples(&groups, 0), 2, 0)
                .iter()
                .all(|it| it.interval.is_none())
        );
    }
}
