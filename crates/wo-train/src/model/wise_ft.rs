//! WiSE-FT: goes back a part of the way to the start, since what was fitted to few videos forgets less then (Wortsman et
//! al. 2022, arXiv 2109.01903).

use std::collections::BTreeMap;

use wo_clip::tch::{Tensor, nn, no_grad};

use crate::hyperparameters::Interpolation;

/// The parts of the way that are tried.
const PARTS: [f64; 4] = [1.0, 0.7, 0.5, 0.3];
/// Fewer validation videos than this cannot choose among them.
const ENOUGH_VIDEOS: usize = 40;
/// What is taken then.
const USUAL: f64 = 0.5;

/// Moves `fitted`, a model at its best, towards `start`, and returns the part of the way that it keeps. `loss` is what the
/// model as it is has on the `n_held_out` validation videos.
pub(crate) fn go_back(
    start: &nn::VarStore,
    fitted: &nn::VarStore,
    how: Interpolation,
    n_held_out: usize,
    mut loss: impl FnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<f64> {
    let start: BTreeMap<String, Tensor> = start.variables().into_iter().collect();
    let best: BTreeMap<String, Tensor> = no_grad(|| {
        let variables = fitted.variables().into_iter();
        variables
            .map(|(name, tensor)| (name, tensor.detach().copy()))
            .collect()
    });
    let go_to = |part: f64| {
        no_grad(|| {
            for (name, tensor) in fitted.variables() {
                let place = start[&name].lerp(&best[&name], part);
                tensor.shallow_clone().copy_(&place);
            }
        });
    };
    let part = match how {
        Interpolation::Part(part) => part,
        Interpolation::Auto if n_held_out < ENOUGH_VIDEOS => USUAL,
        Interpolation::Auto => {
            let mut least = (f64::INFINITY, 1.0);
            for part in PARTS {
                go_to(part);
                let loss = loss()?;
                if loss < least.0 {
                    least = (loss, part);
                }
            }
            least.1
        }
    };
    go_to(part);
    Ok(part)
}
