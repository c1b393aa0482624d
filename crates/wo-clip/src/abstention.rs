//! When a model abstains, measured on videos that its weights were not trained on.

use serde::{Deserialize, Serialize};

/// Keeps the logarithm of a probability of zero finite.
const LEAST_PROBABILITY: f64 = 1e-300;

/// When a model abstains, and how its label probabilities are calibrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AbstentionPolicy {
    /// Divides the logarithms of label probabilities; above 1 the model was overconfident.
    pub temperature: Option<f64>,
    /// The accepted fraction of videos with a wrong verdict, on average over validation sets.
    pub wanted_risk: f64,
    /// The abstention threshold: a verdict needs a calibrated probability above this. `None` if there were too few
    /// groups to promise `wanted_risk`.
    pub threshold: Option<f64>,
    /// The number of groups behind these numbers.
    pub n_groups: u64,
    /// Which videos they were measured on: `validation` or `out_of_fold`.
    pub measured_on: String,
    /// The exercise counts as known above this probability.
    pub min_exercise_probability: Option<f64>,
    /// The median sharpness that nearly all training videos reach.
    pub min_sharpness: Option<f64>,
    /// The median brightness that they reach.
    pub min_brightness: Option<f64>,
}

impl AbstentionPolicy {
    /// The calibrated label probabilities.
    pub fn calibrated(&self, labels: &[f64]) -> Vec<f64> {
        let Some(temperature) = self.temperature else {
            return labels.to_vec();
        };
        let logits: Vec<f64> = labels
            .iter()
            .map(|p| p.max(LEAST_PROBABILITY).ln() / temperature)
            .collect();
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_changes_how_sure_and_not_what() {
        let policy = |temperature| AbstentionPolicy {
            temperature,
            wanted_risk: 0.1,
            threshold: None,
            n_groups: 0,
            measured_on: "validation".to_owned(),
            min_exercise_probability: None,
            min_sharpness: None,
            min_brightness: None,
        };
        assert_eq!(policy(None).calibrated(&[0.9, 0.1]), [0.9, 0.1]);
        // 0.9 to 0.1 is nine to one; its square root three to one.
        let softer = policy(Some(2.0)).calibrated(&[0.9, 0.1]);
        assert!((softer[0] - 0.75).abs() < 1e-12 && (softer[1] - 0.25).abs() < 1e-12);
        let sure = policy(Some(2.0)).calibrated(&[1.0, 0.0])[0];
        assert!((sure - 1.0).abs() < 1e-12);
    }
}
