//! Proper scoring rules: lowest for a forecaster who gives the true probabilities (Gneiting & Raftery 2007).

/// The mean over samples of the squared distance between the probabilities and the truth, from 0 to 2 (Brier 1950): with two
/// classes twice what scikit-learn's `brier_score_loss` says by default, which is its `scale_by_half=False`. `None` without
/// samples or with a class that has no probability.
pub fn brier_score(probabilities: &[Vec<f64>], truth: &[usize]) -> Option<f64> {
    mean(probabilities, truth, |predicted, truth| {
        let distance = |(class, p): (usize, &f64)| (p - f64::from(class == truth)).powi(2);
        predicted.get(truth)?;
        Some(predicted.iter().enumerate().map(distance).sum())
    })
}

/// The mean negative logarithm of the probability of the true class, in nats, as scikit-learn's `log_loss`: a probability
/// counts as 2.2e-16 at least. `None` without samples or with a class that has no probability.
pub fn log_loss(probabilities: &[Vec<f64>], truth: &[usize]) -> Option<f64> {
    mean(probabilities, truth, |predicted, truth| {
        Some(-predicted.get(truth)?.clamp(f64::EPSILON, 1.0).ln())
    })
}

fn mean(
    probabilities: &[Vec<f64>],
    truth: &[usize],
    loss: impl Fn(&[f64], usize) -> Option<f64>,
) -> Option<f64> {
    if probabilities.is_empty() || probabilities.len() != truth.len() {
        return None;
    }
    let losses = probabilities.iter().zip(truth);
    let sum = losses
        .map(|(predicted, &truth)| loss(predicted, truth).filter(|loss| !loss.is_nan()))
        .sum::<Option<f64>>()?;
    Some(sum / truth.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_units_is_undefined() {
        assert_eq!(brier_score(&[], &[]), None);
        assert_eq!(log_loss(&[vec![1.0]], &[1]), None);
        assert_eq!(brier_score(&[vec![1.0]], &[1]), None);
        assert_eq!(log_loss(&[vec![f64::NAN]], &[0]), None);
        assert_eq!(brier_score(&[vec![0.0, 1.0]], &[0]), Some(2.0));
    }
}
