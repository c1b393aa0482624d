//! Linear probe: a small logistic regression for audits and learning curves.

use crate::lbfgs::{Stop, add, dot, minimise};
use crate::temperature::softmax;

/// The slope of the loss at which a fit ends: probabilities are then right to about five digits.
const STOP: Stop = Stop {
    n_steps: 1000,
    slope: 1e-7,
};

/// Multinomial logistic regression on standardised features with an L2 penalty (Hastie et al. 2009, The Elements of
/// Statistical Learning, section 4.4). On standardised features it is scikit-learn's `LogisticRegression`: the penalty leaves
/// the constants alone, and two classes have one row of weights. Deterministic.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The mean of each feature and one over its deviation; 0 for a feature that does not vary.
    scaling: Vec<(f64, f64)>,
    /// The classes that the examples show.
    classes: Vec<usize>,
    n_classes: usize,
    /// For each class a weight for each feature, then a constant; for two classes one row, of the second.
    rows: Vec<f64>,
}

/// ProbeData to fit a probe to.
#[derive(Debug, Clone, Copy)]
pub struct ProbeData<'a> {
    /// As many numbers of each example; one that is not finite counts as the mean of the others.
    pub features: &'a [Vec<f64>],
    /// The class of each example.
    pub classes: &'a [usize],
    /// How much each counts; [`balanced_weights`] has all classes count the same.
    pub weights: &'a [f64],
    /// How many classes there are, those without examples among them.
    pub n_classes: usize,
}

impl Probe {
    /// Fits it. `inverse_penalty` is scikit-learn's `C`: the larger, the closer the fit. `None` where there are no two
    /// classes, and where lengths, classes, weights or the penalty do not fit.
    pub fn fit(examples: &ProbeData<'_>, inverse_penalty: f64) -> Option<Self> {
        let ProbeData {
            features,
            classes,
            weights,
            n_classes,
        } = *examples;
        let width = features.first()?.len();
        let same_length = features.len() == classes.len() && features.len() == weights.len();
        let valid = features.iter().all(|row| row.len() == width)
            && classes.iter().all(|class| *class < n_classes)
            && weights.iter().all(|w| w.is_finite() && *w >= 0.0)
            && inverse_penalty > 0.0;
        if !same_length || !valid {
            return None;
        }
        let counts = |class: usize| {
            let mut pairs = classes.iter().zip(weights);
            pairs.any(|(of, weight)| *of == class && *weight > 0.0)
        };
        let shown: Vec<usize> = (0..n_classes).filter(|class| counts(*class)).collect();
        if shown.len() < 2 {
            return None;
        }
        let scaling: Vec<(f64, f64)> = (0..width)
            .map(|feature| scaling_of(features, weights, feature))
            .collect();
        let mut this = Self {
            scaling,
            rows: Vec::new(),
            classes: shown,
            n_classes,
        };
        let n_rows = if this.classes.len() == 2 {
            1
        } else {
            this.classes.len()
        };
        let standardised: Vec<f64> = features
            .iter()
            .flat_map(|row| this.standardised(row))
            .collect();
        // Classes as places among those shown; an example of weight 0 may be of none.
        let place = |class: &usize| this.classes.binary_search(class).unwrap_or(0);
        let truth: Vec<usize> = classes.iter().map(place).collect();
        let mut rows = vec![0.0; n_rows * (width + 1)];
        let loss = Loss {
            features: &standardised,
            truth: &truth,
            weights,
            width: width + 1,
            pull: 1.0 / inverse_penalty,
        };
        minimise(&mut rows, STOP, |rows, slope| loss.at(rows, slope));
        this.rows = rows;
        Some(this)
    }

    /// The probability of each class; 0 for one without examples.
    pub fn probabilities(&self, features: &[f64]) -> Vec<f64> {
        let row = self.standardised(features);
        let predicted = predicted(&self.rows, &row);
        let mut probabilities = vec![0.0; self.n_classes];
        for (class, p) in self.classes.iter().zip(predicted) {
            if let Some(place) = probabilities.get_mut(*class) {
                *place = p;
            }
        }
        probabilities
    }

    /// The most probable class; of equally probable ones the first.
    pub fn predict(&self, features: &[f64]) -> usize {
        let probabilities = self.probabilities(features).into_iter().enumerate();
        let best = probabilities.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(0, |(class, _)| class)
    }

    /// The features, then 1 for the constant.
    fn standardised(&self, features: &[f64]) -> Vec<f64> {
        let unknown = std::iter::repeat(&f64::NAN);
        let values = features.iter().chain(unknown).zip(&self.scaling);
        let standard = values.map(|(value, (mean, factor))| {
            if value.is_finite() {
                (value - mean) * factor
            } else {
                0.0
            }
        });
        standard.chain(std::iter::once(1.0)).collect()
    }
}

/// Weights with which all classes that have examples count the same and all examples together as many as they are:
/// scikit-learn's `class_weight="balanced"`.
pub fn balanced_weights(classes: &[usize]) -> Vec<f64> {
    let mut counts: std::collections::BTreeMap<usize, f64> = std::collections::BTreeMap::new();
    for class in classes {
        *counts.entry(*class).or_default() += 1.0;
    }
    let all = classes.len() as f64 / counts.len() as f64;
    let weight = |class| counts.get(class).map_or(0.0, |n| all / n);
    classes.iter().map(weight).collect()
}

/// The mean of a feature and one over its standard deviation, over examples that count.
fn scaling_of(features: &[Vec<f64>], weights: &[f64], feature: usize) -> (f64, f64) {
    let values = || {
        let counted = features.iter().zip(weights).filter(|(_, w)| **w > 0.0);
        let value = counted.filter_map(move |(row, _)| row.get(feature).copied());
        value.filter(|value| value.is_finite())
    };
    let n = values().count().max(1) as f64;
    let mean = values().sum::<f64>() / n;
    let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    let deviation = variance.sqrt();
    // A feature that varies by rounding alone is ignored.
    let varies = deviation.is_finite() && deviation > mean.abs() * 1e-12;
    (mean, if varies { 1.0 / deviation } else { 0.0 })
}

/// The probabilities that rows of weights give: of one row for two classes those of the first and the second.
fn predicted(rows: &[f64], features: &[f64]) -> Vec<f64> {
    let mut scores: Vec<f64> = rows
        .chunks_exact(features.len())
        .map(|row| dot(row, features))
        .collect();
    if scores.len() == 1 {
        scores.insert(0, 0.0);
    }
    softmax(&scores, 1.0)
}

/// The mean loss of the examples with the penalty, each divided by the sum of the weights.
struct Loss<'a> {
    /// Rows of `width` standardised numbers, the last of them 1.
    features: &'a [f64],
    truth: &'a [usize],
    weights: &'a [f64],
    width: usize,
    pull: f64,
}

impl Loss<'_> {
    fn at(&self, rows: &[f64], slope: &mut [f64]) -> f64 {
        let total: f64 = self.weights.iter().sum();
        slope.fill(0.0);
        let mut loss = if rows.len() == self.width {
            self.of_two(rows, slope)
        } else {
            self.of_more(rows, slope)
        };
        let slopes = slope.chunks_exact_mut(self.width);
        for (row, slope) in rows.chunks_exact(self.width).zip(slopes) {
            for (weight, slope) in row.iter().zip(slope).take(self.width - 1) {
                loss += self.pull * weight * weight / 2.0;
                *slope += self.pull * weight;
            }
        }
        for s in slope {
            *s /= total;
        }
        loss / total
    }

    /// The loss of two classes and its slope, without the penalty. An audit fits thousands of these.
    fn of_two(&self, row: &[f64], slope: &mut [f64]) -> f64 {
        let mut loss = 0.0;
        let examples = self.features.chunks_exact(self.width);
        for (features, (&truth, weight)) in examples.zip(self.truth.iter().zip(self.weights)) {
            let score = dot(row, features);
            let second = 1.0 / (1.0 + (-score).exp());
            let signed = if truth == 1 { -score } else { score };
            // ln(1 + e^x) without overflow.
            loss += weight * (signed.max(0.0) + (-signed.abs()).exp().ln_1p());
            add(slope, weight * (second - f64::from(truth == 1)), features);
        }
        loss
    }

    /// The same of more.
    fn of_more(&self, rows: &[f64], slope: &mut [f64]) -> f64 {
        let mut loss = 0.0;
        let examples = self.features.chunks_exact(self.width);
        for (features, (&truth, weight)) in examples.zip(self.truth.iter().zip(self.weights)) {
            let predicted = predicted(rows, features);
            let of_truth = predicted.get(truth).copied().unwrap_or(1.0);
            loss -= weight * of_truth.max(f64::MIN_POSITIVE).ln();
            let slopes = slope.chunks_exact_mut(self.width);
            for ((class, p), slope) in predicted.iter().enumerate().zip(slopes) {
                add(slope, weight * (p - f64::from(class == truth)), features);
            }
        }
        loss
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_and_a_constant_is_not_divided_by() {
        let features: Vec<Vec<f64>> = (0..40)
            .map(|i| vec![f64::from(i), 7.0, if i % 5 == 0 { f64::NAN } else { 1.0 }])
            .collect();
        let classes: Vec<usize> = (0..40).map(|i| if i < 20 { 3 } else { 1 }).collect();
        let examples = ProbeData {
            features: &features,
            classes: &classes,
            weights: &[1.0; 40],
            n_classes: 4,
        };
        let probe = Probe::fit(&examples, 1.0).unwrap();
        let n_right = features.iter().zip(&classes);
        let n_right = n_right.filter(|(f, c)| probe.predict(f) == **c).count();
        assert!(n_right >= 38, "{n_right}");
        let predicted = probe.probabilities(&[0.0, 7.0, 1.0]);
        assert_eq!((predicted[0], predicted[2]), (0.0, 0.0));
        assert!((predicted[1] + predicted[3] - 1.0).abs() < 1e-12);
        // What is missing counts as the mean.
        assert_eq!(
            probe.probabilities(&[19.5, 7.0, 1.0]),
            probe.probabilities(&[])
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let features = [vec![0.0], vec![1.0]];
        let fit = |classes: &[usize], weights: &[f64], c| {
            let examples = ProbeData {
                features: &features,
                classes,
                weights,
                n_classes: 2,
            };
            Probe::fit(&examples, c)
        };
        assert!(fit(&[0, 1], &[1.0, 1.0], 1.0).is_some());
        assert_eq!(fit(&[0, 0], &[1.0, 1.0], 1.0), None);
        assert_eq!(fit(&[0, 2], &[1.0, 1.0], 1.0), None);
        assert_eq!(fit(&[0, 1], &[1.0], 1.0), None);
        assert_eq!(fit(&[0, 1], &[1.0, 0.0], 1.0), None);
        assert_eq!(fit(&[0, 1], &[1.0, f64::NAN], 1.0), None);
        assert_eq!(fit(&[0, 1], &[1.0, 1.0], 0.0), None);
    }
}
