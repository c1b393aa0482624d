//! Going back a part of the way to the start: what was fitted to few videos forgets less then (WiSE-FT: Wortsman et al.
//! 2022, arXiv 2109.01903).

use std::collections::BTreeMap;

use wo_clip::tch::{Tensor, no_grad};

use crate::config::Interpolation;
use crate::data::Example;
use crate::gradients::Fit;
use crate::run::Run;
use crate::validation::summarise;

/// The parts of the way that are tried.
const PARTS: [f64; 4] = [1.0, 0.7, 0.5, 0.3];
/// Fewer validation videos than this cannot choose among them.
const ENOUGH_VIDEOS: usize = 40;
/// What is taken then.
const USUAL: f64 = 0.5;

/// Moves the model, which is as it was at its best, towards its start, and says in `metrics` where it is.
pub(crate) fn go_back(
    run: &Run<'_, '_>,
    fit: &mut Fit<'_>,
    held_out: &[&Example],
    metrics: &mut BTreeMap<String, f64>,
) -> anyhow::Result<()> {
    if run.hyper.wise == Interpolation::OFF {
        return Ok(());
    }
    let (start, _) = run.checkpoint.build(run.device)?;
    let start: BTreeMap<String, Tensor> = start.variables().into_iter().collect();
    let fitted: BTreeMap<String, Tensor> = no_grad(|| {
        let variables = fit.vs.variables().into_iter();
        variables
            .map(|(name, tensor)| (name, tensor.detach().copy()))
            .collect()
    });
    let go_to = |part: f64| {
        no_grad(|| {
            for (name, tensor) in fit.vs.variables() {
                let place = start[&name].lerp(&fitted[&name], part);
                tensor.shallow_clone().copy_(&place);
            }
        });
    };
    let part = match run.hyper.wise {
        Interpolation::Part(part) => part,
        Interpolation::Auto if held_out.len() < ENOUGH_VIDEOS => USUAL,
        Interpolation::Auto => {
            let mut best = (f64::INFINITY, 1.0);
            for part in PARTS {
                go_to(part);
                let judged = fit.judge(run, held_out)?;
                let loss = summarise(&fit.dataset.classes, held_out, &judged, run.hyper.seed).loss;
                if loss < best.0 {
                    best = (loss, part);
                }
            }
            best.1
        }
    };
    go_to(part);
    metrics.insert("wise".to_owned(), part);
    wo_cli::say!("went {part} of the way from the start to what was fitted");
    Ok(())
}
