//! Confidence intervals of metrics that depend on the recalls of classes: balanced accuracy and F1.

use super::group_sizes::combined;
use super::proportion::rate;
use crate::bootstrap::Interval;

/// How far the errors of two classes in the same groups go together, in balanced accuracy.
const CORRELATION: f64 = 0.7;
/// F1 has no such study; the errors are taken to go together as far as groups do.
const CORRELATION_OF_F1: f64 = 1.0;

/// Of each class: right and all samples of each group, the same groups in the same order for all classes.
type ClassCounts = [Vec<(u64, u64)>];

/// The 95 % interval of the mean of the recalls of classes, from the interval of each. `None` where a class has none.
pub(super) fn balanced_accuracy(
    classes: &ClassCounts,
    recalls: &[Option<Interval>],
) -> Option<Interval> {
    of_recalls(classes, recalls, CORRELATION, mean)
}

/// The 95 % interval of the mean of the F1 scores of classes. `confusion` counts samples by true, then predicted class, of
/// all groups; where a recall changes, its errors go to the other classes as they do there. With more than two classes its
/// coverage is untested. `None` where a class has no interval.
pub(super) fn macro_f1(
    classes: &ClassCounts,
    recalls: &[Option<Interval>],
    confusion: &[Vec<u64>],
) -> Option<Interval> {
    of_recalls(classes, recalls, CORRELATION_OF_F1, |recalls| {
        mean(&f1_of_recalls(recalls, confusion))
    })
}

/// The same of one class.
pub(super) fn f1(
    class: usize,
    classes: &ClassCounts,
    recalls: &[Option<Interval>],
    confusion: &[Vec<u64>],
) -> Option<Interval> {
    of_recalls(classes, recalls, CORRELATION_OF_F1, |recalls| {
        let of_classes = f1_of_recalls(recalls, confusion);
        of_classes.get(class).copied().unwrap_or_default()
    })
}

fn of_recalls(
    classes: &ClassCounts,
    ends: &[Option<Interval>],
    correlation: f64,
    metric: impl Fn(&[f64]) -> f64,
) -> Option<Interval> {
    let recalls: Vec<f64> = classes.iter().map(|it| rate(it)).collect::<Option<_>>()?;
    let ends: Vec<Interval> = ends.iter().copied().collect::<Option<_>>()?;
    let value = metric(&recalls);
    let moved = |class: usize, to: f64| {
        let mut moved = recalls.clone();
        if let Some(recall) = moved.get_mut(class) {
            *recall = to;
        }
        metric(&moved)
    };
    let ends = || ends.iter().enumerate();
    let below: Vec<f64> = ends()
        .map(|(class, it)| value - moved(class, it.low))
        .collect();
    let above: Vec<f64> = ends()
        .map(|(class, it)| moved(class, it.high) - value)
        .collect();
    let sizes = |class: &Vec<(u64, u64)>| class.iter().map(|it| it.1 as f64).collect();
    let sizes: Vec<Vec<f64>> = classes.iter().map(sizes).collect();
    let interval = Interval {
        low: value - combined(&below, &sizes, correlation),
        high: value + combined(&above, &sizes, correlation),
    };
    Some(interval.within(0.0, 1.0))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The F1 of each class, of the sizes of `confusion`, if these were the recalls.
fn f1_of_recalls(recalls: &[f64], confusion: &[Vec<u64>]) -> Vec<f64> {
    let n_classes = recalls.len();
    let mut predicted = vec![0.0; n_classes];
    let mut sizes = Vec::with_capacity(n_classes);
    for (class, (recall, row)) in recalls.iter().zip(confusion).enumerate() {
        let size = row.iter().sum::<u64>() as f64;
        let right = row.get(class).copied().unwrap_or(0) as f64;
        let errors = size - right;
        for (other, predicted) in predicted.iter_mut().enumerate() {
            let share = if other == class {
                *recall
            } else if errors > 0.0 {
                (1.0 - recall) * row.get(other).copied().unwrap_or(0) as f64 / errors
            } else {
                (1.0 - recall) / (n_classes.max(2) - 1) as f64
            };
            *predicted += share * size;
        }
        sizes.push(size);
    }
    let classes = recalls.iter().zip(&sizes).zip(&predicted);
    classes
        .map(|((recall, size), predicted)| {
            let both = size + predicted;
            if both > 0.0 {
                2.0 * recall * size / both
            } else {
                0.0
            }
        })
        .collect()
}
