//! Metrics of a confusion matrix, pure over slices. A metric that has nothing to be computed from is `None`, never 0.
//!
//! Definitions equal scikit-learn's (`precision_recall_fscore_support`, `balanced_accuracy_score`), but for what those
//! turn into 0 with a warning.

/// A count for each true class (row) and predicted class (column).
pub type Counts = Vec<Vec<u64>>;

/// A metric that [`Metric::of`] can compute. Classes are indices of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// The share of samples that were predicted right.
    Accuracy,
    /// The mean of the recalls of the classes: always predicting the same class gives one over their number.
    BalancedAccuracy,
    /// The mean of the F1 of the classes that have samples.
    MacroF1,
    /// Of the samples predicted as the class, the share that is of it.
    Precision(usize),
    /// Of the samples of the class, the share that was predicted as it.
    Recall(usize),
    /// The harmonic mean of precision and recall.
    F1(usize),
}

impl Metric {
    /// Accuracy, balanced accuracy, macro F1, and the three metrics of each of `n_classes`.
    pub fn all(n_classes: usize) -> Vec<Self> {
        let by_class = (0..n_classes)
            .flat_map(|class| [Self::Precision(class), Self::Recall(class), Self::F1(class)]);
        [Self::Accuracy, Self::BalancedAccuracy, Self::MacroF1]
            .into_iter()
            .chain(by_class)
            .collect()
    }

    /// Whether it is another one where classes have other shares of the samples.
    pub(crate) fn depends_on_prevalence(self) -> bool {
        !matches!(self, Self::BalancedAccuracy | Self::Recall(_))
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::MacroF1 => "macro_f1",
            Self::Precision(_) => "precision",
            Self::Recall(_) => "recall",
            Self::F1(_) => "f1",
        }
    }

    /// The class that it is about.
    pub fn class(self) -> Option<usize> {
        match self {
            Self::Accuracy | Self::BalancedAccuracy | Self::MacroF1 => None,
            Self::Precision(class) | Self::Recall(class) | Self::F1(class) => Some(class),
        }
    }

    /// Its value. `present` are the classes that balanced accuracy and macro F1 are means over; they are undefined where one of them has
    /// no samples, as happens in a resample: a mean of fewer classes would be another metric.
    pub fn of(self, counts: &[Vec<u64>], present: &[usize]) -> Option<f64> {
        match self {
            Self::Accuracy => ratio(
                (0..counts.len()).map(|class| hits(counts, class)).sum(),
                total(counts),
            ),
            Self::BalancedAccuracy => mean(present.iter().map(|&class| recall(counts, class))),
            Self::MacroF1 => {
                let of_class = |&class: &usize| Self::F1(class).of(counts, present);
                mean(present.iter().map(of_class))
            }
            Self::Precision(class) => ratio(hits(counts, class), n_predicted(counts, class)),
            Self::Recall(class) => recall(counts, class),
            Self::F1(class) => {
                // Without samples of the class it would be 0 whatever the predictor does.
                recall(counts, class)?;
                ratio(
                    2 * hits(counts, class),
                    n_true(counts, class) + n_predicted(counts, class),
                )
            }
        }
    }
}

/// Counts pairs of true and predicted class.
pub fn confusion(truth: &[usize], predicted: &[usize], n_classes: usize) -> Counts {
    let mut counts = vec![vec![0; n_classes]; n_classes];
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        if let Some(count) = counts.get_mut(truth).and_then(|row| row.get_mut(predicted)) {
            *count += 1;
        }
    }
    counts
}

/// The classes that have samples.
pub fn present(counts: &[Vec<u64>]) -> Vec<usize> {
    (0..counts.len())
        .filter(|&class| n_true(counts, class) > 0)
        .collect()
}

/// How many samples are of the class.
pub fn n_true(counts: &[Vec<u64>], class: usize) -> u64 {
    counts.get(class).map_or(0, |row| row.iter().sum())
}

/// How many samples there are.
pub fn total(counts: &[Vec<u64>]) -> u64 {
    counts.iter().flatten().sum()
}

fn n_predicted(counts: &[Vec<u64>], class: usize) -> u64 {
    counts.iter().filter_map(|row| row.get(class)).sum()
}

fn hits(counts: &[Vec<u64>], class: usize) -> u64 {
    counts
        .get(class)
        .and_then(|row| row.get(class))
        .copied()
        .unwrap_or(0)
}

/// `None` without values, and where one of them is not defined.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.collect::<Option<_>>()?;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn recall(counts: &[Vec<u64>], class: usize) -> Option<f64> {
    ratio(hits(counts, class), n_true(counts, class))
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(counts: &[Vec<u64>]) -> Vec<(&'static str, Option<usize>, Option<f64>)> {
        let present = present(counts);
        Metric::all(counts.len())
            .iter()
            .map(|f| (f.name(), f.class(), f.of(counts, &present)))
            .collect()
    }

    fn close(actual: Option<f64>, expected: f64) {
        let actual = actual.expect("defined");
        assert!(
            (actual - expected).abs() < 1e-12,
            "{actual} is not {expected}"
        );
    }

    #[test]
    fn two_classes_by_hand() {
        // Of 4 of class 0 three are found; of 6 of class 1 four.
        let counts = confusion(
            &[0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
            &[0, 0, 0, 1, 1, 1, 1, 1, 0, 0],
            2,
        );
        assert_eq!(counts, [[3, 1], [2, 4]]);
        let present = present(&counts);
        close(Metric::Accuracy.of(&counts, &present), 0.7);
        close(
            Metric::BalancedAccuracy.of(&counts, &present),
            f64::midpoint(3.0 / 4.0, 4.0 / 6.0),
        );
        close(Metric::Precision(0).of(&counts, &present), 3.0 / 5.0);
        close(Metric::Recall(0).of(&counts, &present), 3.0 / 4.0);
        close(Metric::F1(0).of(&counts, &present), 2.0 * 3.0 / 9.0);
        close(Metric::Precision(1).of(&counts, &present), 4.0 / 5.0);
    }

    /// From scikit-learn 1.9.1:
    ///
    /// ```python
    /// from sklearn.metrics import *
    /// t = [0,0,0,1,1,1,1,2,2,2,2,2,2,0,1,2]
    /// p = [0,1,2,1,1,0,1,2,2,1,2,0,2,0,2,2]
    /// accuracy_score(t, p), balanced_accuracy_score(t, p), precision_recall_fscore_support(t, p)
    /// ```
    #[test]
    fn three_classes_as_scikit_learn_has_them() {
        let truth = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0, 1, 2];
        let predicted = [0, 1, 2, 1, 1, 0, 1, 2, 2, 1, 2, 0, 2, 0, 2, 2];
        let expected = [
            0.625,
            0.604_761_904_761_904_8,
            // The mean of the three F1 happens to be that of the recalls.
            0.604_761_904_761_904_8,
            0.5,
            0.5,
            0.5,
            0.6,
            0.6,
            0.6,
            0.714_285_714_285_714_3,
            0.714_285_714_285_714_3,
            0.714_285_714_285_714_3,
        ];
        let values = values(&confusion(&truth, &predicted, 3));
        assert_eq!(values.len(), expected.len());
        for ((_, _, value), expected) in values.into_iter().zip(expected) {
            close(value, expected);
        }
    }

    #[test]
    fn what_has_no_units_is_undefined() {
        // Class 2 has no samples and one false alarm; class 1 was never predicted.
        let counts = confusion(&[0, 0, 1, 1], &[0, 2, 0, 0], 3);
        let present = present(&counts);
        assert_eq!(present, [0, 1]);
        assert_eq!(Metric::Recall(2).of(&counts, &present), None);
        assert_eq!(Metric::F1(2).of(&counts, &present), None);
        assert_eq!(Metric::Precision(1).of(&counts, &present), None);
        assert_eq!(Metric::F1(1).of(&counts, &present), Some(0.0));
        assert_eq!(Metric::BalancedAccuracy.of(&counts, &present), Some(0.25));
        // The same classes in a resample that happens to have none of class 1.
        assert_eq!(
            Metric::BalancedAccuracy.of(&confusion(&[0], &[0], 3), &present),
            None
        );
        assert_eq!(Metric::Accuracy.of(&confusion(&[], &[], 3), &[]), None);
        assert_eq!(
            Metric::BalancedAccuracy.of(&confusion(&[], &[], 3), &[]),
            None
        );
    }
}
