//! The learning rate over a run.

use std::f64::consts::PI;

/// The final learning rate, as a fraction of the peak.
const FINAL_FRACTION: f64 = 0.01;

/// The learning rate at `step` of `n_steps`, as a fraction of the peak: a linear warm-up over the fraction `warmup` of all
/// steps, then a cosine decay.
pub(crate) fn factor(step: usize, n_steps: usize, warmup: f64) -> f64 {
    // At least one step and at most half of the run, so that the peak is reached.
    let n_warmup = ((n_steps as f64 * warmup).round() as usize).clamp(1, n_steps.div_ceil(2));
    if step < n_warmup {
        return (step + 1) as f64 / n_warmup as f64;
    }
    let progress = (step - n_warmup) as f64 / (n_steps - n_warmup).max(1) as f64;
    FINAL_FRACTION + (1.0 - FINAL_FRACTION) * 0.5 * (1.0 + (PI * progress).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_peaks_once_and_falls() {
        let factors: Vec<f64> = (0..100).map(|step| factor(step, 100, 0.1)).collect();
        assert!(
            factors[..10].is_sorted()
                && (factors[9] - 1.0).abs() < 1e-12
                && (factors[10] - 1.0).abs() < 1e-12
        );
        assert!(factors[10..].is_sorted_by(|a, b| a >= b));
        assert!(factors[99] < 0.02 && factors[99] >= FINAL_FRACTION);
        assert!(
            (0..3).all(|step| factor(step, 3, 1.0) > 0.0),
            "even a run of three steps"
        );
    }
}
