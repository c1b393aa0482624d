//! Whether the model can learn at all: a set-up that cannot learn one batch by heart will learn nothing from many.

use anyhow::ensure;

use crate::batches::Sampler;
use crate::gradients::Fit;
use crate::run::Run;

/// Steps on the same batch.
const N_STEPS: usize = 30;
/// The least learning rate of the check: it is to show that gradients flow, not how fast the run will be.
const LEAST_LR: f64 = 1e-4;
/// The loss must fall to this part of what it was.
const PART: f64 = 0.7;
/// Or be this small: there was nothing to learn.
const SMALL: f64 = 0.1;

/// Refuses a set-up whose model does not get better on the first step of the run when it sees nothing else. Leaves the
/// model changed.
pub(crate) fn learns_by_heart(
    run: &Run<'_, '_>,
    fit: &Fit<'_>,
    sampler: &Sampler<'_>,
) -> anyhow::Result<()> {
    let step = sampler.step(0)?;
    let mut optimizer = fit.trained.optimizer(run.hyper);
    let (mut first, mut last) = (f64::NAN, f64::NAN);
    for number in 0..N_STEPS {
        optimizer.zero_grad();
        let Some(losses) = fit.gradients(run, &step)? else {
            return Ok(());
        };
        if number == 0 {
            first = losses.videos;
        }
        last = losses.videos;
        optimizer.clip_grad_norm(1.0);
        optimizer.step(run.hyper.lr.max(LEAST_LR));
    }
    ensure!(
        last < PART * first || last < SMALL,
        "self_check: after {N_STEPS} steps on one batch its loss is {last:.3}, and was {first:.3} before; this model does not learn\n\
         hint: are all its parameters frozen, or is --lr far off? --self-check off goes on all the same"
    );
    wo_cli::info!("self-check: one batch by heart, loss {first:.3} to {last:.3}");
    Ok(())
}
