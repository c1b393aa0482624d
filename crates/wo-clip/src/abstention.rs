//! How far a model's word is to be taken: measured on videos that its weights were not fitted to.

use serde::{Deserialize, Serialize};

/// Keeps the logarithm of a probability of zero finite.
const LEAST_PROBABILITY: f64 = 1e-300;

/// What a model refuses to answer, and how its probabilities of labels are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trust {
    /// What the logarithms of the labels' probabilities are divided by; above 1 the model was too sure.
    pub temperature: Option<f64>,
    /// The share of videos that may get a wrong verdict.
    pub wanted_risk: f64,
    /// A label is given where its probability, after the temperature, is above this. `None` where too few groups were there
    /// to promise `wanted_risk`.
    pub threshold: Option<f64>,
    /// How many groups these numbers rest on.
    pub n_groups: u64,
    /// Whose videos they were: `validation` or `out_of_fold`.
    pub measured_on: String,
    /// The exercise is known where its probability is at least this.
    pub min_exercise_probability: Option<f64>,
    /// The sharpness that nearly all training videos have in half of their frames.
    pub min_sharpness: Option<f64>,
    /// The brightness that they have, likewise.
    pub min_brightness: Option<f64>,
}

impl Trust {
    /// The probabilities of the labels after the temperature.
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
        let trust = |temperature| Trust {
            temperature,
            wanted_risk: 0.1,
            threshold: None,
            n_groups: 0,
            measured_on: "validation".to_owned(),
            min_exercise_probability: None,
            min_sharpness: None,
            min_brightness: None,
        };
        assert_eq!(trust(None).calibrated(&[0.9, 0.1]), [0.9, 0.1]);
        // 0.9 to 0.1 is nine to one; its square root three to one.
        let softer = trust(Some(2.0)).calibrated(&[0.9, 0.1]);
        assert!((softer[0] - 0.75).abs() < 1e-12 && (softer[1] - 0.25).abs() < 1e-12);
        let sure = trust(Some(2.0)).calibrated(&[1.0, 0.0])[0];
        assert!((sure - 1.0).abs() < 1e-12);
    }
}
