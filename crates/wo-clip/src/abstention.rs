//! When a model abstains, measured on videos that its weights were not trained on.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::range::within;

/// Keeps the logarithm of a probability of zero finite.
const LEAST_PROBABILITY: f64 = 1e-300;

const SHARES: RangeInclusive<f64> = 0.0..=1.0;
/// Variances of the Laplacian of bytes.
const SHARPNESSES: RangeInclusive<f64> = 0.0..=1e6;
/// Those that are fitted are between 0.01 and 100.
const TEMPERATURES: RangeInclusive<f64> = 0.001..=1000.0;

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
    /// Says which number is none that could have been fitted, and would abstain from nothing or from everything, or divide
    /// by nearly nothing.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, value, range) in [
            ("wanted_risk", Some(self.wanted_risk), SHARES),
            ("threshold", self.threshold, SHARES),
            (
                "min_exercise_probability",
                self.min_exercise_probability,
                SHARES,
            ),
            ("min_brightness", self.min_brightness, SHARES),
            ("min_sharpness", self.min_sharpness, SHARPNESSES),
            ("temperature", self.temperature, TEMPERATURES),
        ] {
            if let Some(value) = value {
                within(&format!("trust.{name}"), value, &range)?;
            }
        }
        Ok(())
    }

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

    fn policy(temperature: Option<f64>) -> AbstentionPolicy {
        AbstentionPolicy {
            temperature,
            wanted_risk: 0.1,
            threshold: None,
            n_groups: 0,
            measured_on: "validation".to_owned(),
            min_exercise_probability: None,
            min_sharpness: None,
            min_brightness: None,
        }
    }

    #[test]
    fn numbers_that_nothing_was_fitted_to_are_refused() {
        let with_threshold = |threshold| AbstentionPolicy {
            threshold: Some(threshold),
            ..policy(Some(1.5))
        };
        for possible in [0.0, 0.5, 1.0] {
            with_threshold(possible).check().expect("possible");
        }
        for impossible in [-0.1, 1.1, f64::NAN] {
            let error = with_threshold(impossible).check().expect_err("impossible");
            assert!(error.starts_with("trust.threshold"), "{error}");
        }
        for impossible in [0.0, -1.0, 1e-320, f64::INFINITY, f64::NAN] {
            let error = policy(Some(impossible)).check().expect_err("impossible");
            assert!(error.starts_with("trust.temperature"), "{error}");
        }
    }

    #[test]
    fn a_temperature_changes_how_sure_and_not_what() {
        assert_eq!(policy(None).calibrated(&[0.9, 0.1]), [0.9, 0.1]);
        // 0.9 to 0.1 is nine to one; its square root three to one.
        let softer = policy(Some(2.0)).calibrated(&[0.9, 0.1]);
        assert!((softer[0] - 0.75).abs() < 1e-12 && (softer[1] - 0.25).abs() < 1e-12);
        let sure = policy(Some(2.0)).calibrated(&[1.0, 0.0])[0];
        assert!((sure - 1.0).abs() < 1e-12);
    }
}
