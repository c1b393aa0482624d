//! WiSE-FT: interpolates between base model and fine-tuned model, so that training on few videos forgets less (Wortsman et al.
//! 2022, arXiv 2109.01903).

use std::collections::BTreeMap;

use wo_clip::tch::{Tensor, nn, no_grad};

use crate::hyperparameters::Interpolation;

/// The fractions that are tried; 1 is the fine-tuned model.
const FRACTIONS: [f64; 4] = [1.0, 0.7, 0.5, 0.3];
/// Fewer validation videos than this cannot choose among them.
const ENOUGH_VIDEOS: usize = 40;
/// The fraction that is used then.
const DEFAULT: f64 = 0.5;

/// Sets `fitted` to an interpolation between `base` and itself, and returns the fraction. `loss` measures the model as it is on
/// the `n_held_out` validation videos.
pub(crate) fn interpolate(
    base: &nn::VarStore,
    fitted: &nn::VarStore,
    how: Interpolation,
    n_held_out: usize,
    mut loss: impl FnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<f64> {
    let base: BTreeMap<String, Tensor> = base.variables().into_iter().collect();
    let best: BTreeMap<String, Tensor> = no_grad(|| {
        let variables = fitted.variables().into_iter();
        variables
            .map(|(name, tensor)| (name, tensor.detach().copy()))
            .collect()
    });
    let set_to = |fraction: f64| {
        no_grad(|| {
            for (name, tensor) in fitted.variables() {
                let value = base[&name].lerp(&best[&name], fraction);
                tensor.shallow_clone().copy_(&value);
            }
        });
    };
    let fraction = match how {
        Interpolation::Fraction(fraction) => fraction,
        Interpolation::Auto if n_held_out < ENOUGH_VIDEOS => DEFAULT,
        Interpolation::Auto => {
            let mut least = (f64::INFINITY, 1.0);
            for fraction in FRACTIONS {
                set_to(fraction);
                let loss = loss()?;
                if loss < least.0 {
                    least = (loss, fraction);
                }
            }
            least.1
        }
    };
    set_to(fraction);
    Ok(fraction)
}
