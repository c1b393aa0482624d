//! Temperature scaling: one number that makes a classifier as sure as it is right (Guo et al. 2017, arXiv 1706.04599).
//! It is to be fitted on validation predictions; what is sensible of them, of test predictions is cheating.

/// Temperatures looked at: beyond these a model is either always sure or never.
const LOWEST: f64 = 0.01;
const HIGHEST: f64 = 100.0;
/// Newton's method doubles the digits with each step, and halving gains one in three: more are never needed.
const N_STEPS: usize = 200;
const TOLERANCE: f64 = 1e-12;
/// The logarithm of a probability of 0: of the smallest float that is not.
const LEAST_LOGARITHM: f64 = -708.0;

/// A fitted temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature {
    /// Scores are divided by it: above 1 the model was too sure.
    pub value: f64,
    /// The mean negative log-likelihood of the true classes, in nats, at temperature 1.
    pub loss_before: f64,
    /// The same at this temperature.
    pub loss_after: f64,
}

impl Temperature {
    /// Fits it to the scores of each sample and its true class. Scores are logits; logarithms of probabilities serve as well.
    /// `None` where no temperature between 0.01 and 100 is best, as where all samples are right or all are wrong, and where a
    /// score is no number or a class is not among the scores.
    pub fn fit(scores: &[Vec<f64>], truth: &[usize]) -> Option<Self> {
        if scores.is_empty() || scores.len() != truth.len() {
            return None;
        }
        let cold = slope(scores, truth, 1.0 / LOWEST)?;
        let hot = slope(scores, truth, 1.0 / HIGHEST)?;
        if cold.first <= 0.0 || hot.first >= 0.0 {
            return None;
        }
        // The loss is convex in one over the temperature, so its slope has one zero: Newton's steps towards it, and halving
        // where they would leave the bracket.
        let (mut low, mut high) = (1.0 / HIGHEST, 1.0 / LOWEST);
        let mut inverse = 1.0;
        for _ in 0..N_STEPS {
            let slope = slope(scores, truth, inverse)?;
            if slope.first > 0.0 {
                high = inverse;
            } else {
                low = inverse;
            }
            let newton = inverse - slope.first / slope.second;
            let next = if newton > low && newton < high {
                newton
            } else {
                f64::midpoint(low, high)
            };
            let step = (next - inverse).abs();
            inverse = next;
            if step <= TOLERANCE * inverse {
                break;
            }
        }
        Some(Self {
            value: 1.0 / inverse,
            loss_before: slope(scores, truth, 1.0)?.loss,
            loss_after: slope(scores, truth, inverse)?.loss,
        })
    }

    /// The probabilities of the classes of a sample with these scores.
    pub fn apply(&self, scores: &[f64]) -> Vec<f64> {
        softmax(scores, 1.0 / self.value)
    }
}

/// The mean loss, and its first and second derivative by the inverse temperature.
struct Slope {
    loss: f64,
    first: f64,
    second: f64,
}

fn slope(scores: &[Vec<f64>], truth: &[usize], inverse: f64) -> Option<Slope> {
    let mut sum = Slope {
        loss: 0.0,
        first: 0.0,
        second: 0.0,
    };
    for (scores, &truth) in scores.iter().zip(truth) {
        let scores: Vec<f64> = scores.iter().map(|s| s.max(LEAST_LOGARITHM)).collect();
        if scores.iter().any(|score| !score.is_finite()) {
            return None;
        }
        let of_truth = *scores.get(truth)?;
        let highest = scores.iter().copied().fold(f64::MIN, f64::max);
        let predicted = softmax(&scores, inverse);
        let mean: f64 = predicted
            .iter()
            .zip(&scores)
            .map(|(p, score)| p * score)
            .sum();
        let spread = |(p, score): (&f64, &f64)| p * (score - mean).powi(2);
        let exps: f64 = scores
            .iter()
            .map(|score| ((score - highest) * inverse).exp())
            .sum();
        sum.loss += exps.ln() + (highest - of_truth) * inverse;
        sum.first += mean - of_truth;
        sum.second += predicted.iter().zip(&scores).map(spread).sum::<f64>();
    }
    let n = scores.len() as f64;
    Some(Slope {
        loss: sum.loss / n,
        first: sum.first / n,
        second: sum.second / n,
    })
}

/// `exp(score · factor)` of each, over their sum.
pub(crate) fn softmax(scores: &[f64], factor: f64) -> Vec<f64> {
    let highest = scores.iter().copied().fold(f64::MIN, f64::max);
    let exps: Vec<f64> = scores
        .iter()
        .map(|score| ((score - highest) * factor).exp())
        .collect();
    let sum: f64 = exps.iter().sum();
    exps.into_iter().map(|exp| exp / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pins_no_temperature_down_gets_none() {
        let right = vec![vec![2.0, 0.0], vec![0.0, 1.0]];
        // All right: colder is better without end. All wrong: hotter is.
        assert_eq!(Temperature::fit(&right, &[0, 1]), None);
        assert_eq!(Temperature::fit(&right, &[1, 0]), None);
        assert_eq!(Temperature::fit(&[], &[]), None);
        assert_eq!(Temperature::fit(&right, &[0]), None);
        assert_eq!(Temperature::fit(&right, &[0, 2]), None);
        assert_eq!(Temperature::fit(&[vec![f64::NAN, 0.0]], &[0]), None);
        assert_eq!(Temperature::fit(&[vec![0.0, 0.0]], &[0]), None);
    }

    #[test]
    fn three_of_four_right_is_a_confidence_of_three_quarters() {
        // Probabilities that are always 0.99, one of them 0 for the other class.
        let sure = vec![0.99_f64.ln(), 0.01_f64.ln()];
        let fitted = Temperature::fit(&vec![sure.clone(); 4], &[0, 0, 0, 1]).unwrap();
        assert!((fitted.apply(&sure)[0] - 0.75).abs() < 1e-9, "{fitted:?}");
        assert!(fitted.value > 1.0 && fitted.loss_after < fitted.loss_before);
        let certain = vec![vec![0.0, f64::NEG_INFINITY], vec![0.0, f64::NEG_INFINITY]];
        assert!(Temperature::fit(&certain, &[0, 1]).is_none());
    }
}
