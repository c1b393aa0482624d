//! Whether the model can learn at all: a set-up that cannot learn one batch by heart will learn nothing from many.

use wo_cli::{Exit, ensure};

use crate::data::sampler::Sampler;
use crate::run::Run;
use crate::trainer::gradients::TrainedModel;

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
pub(crate) fn overfits_one_batch(
    run: &Run<'_, '_>,
    model: &TrainedModel<'_>,
    sampler: &Sampler<'_>,
) -> anyhow::Result<()> {
    let step = sampler.step(0)?;
    let mut optimizer = model.trained.optimizer(run.hyper);
    let (mut first, mut last) = (f64::NAN, f64::NAN);
    for number in 0..N_STEPS {
        optimizer.zero_grad();
        let Some(losses) = model.gradients(run, &step)? else {
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
        Exit::Integrity,
        "self_check: after {N_STEPS} steps on one batch its loss is {last:.3}, and was {first:.3} before; this model does not learn";
        "are all its parameters frozen, or is --lr far off? --self-check off goes on all the same"
    );
    wo_cli::info!("self-check: one batch by heart, loss {first:.3} to {last:.3}");
    Ok(())
}

/// How far from ln C the first loss may be where nothing is known yet.
const FIRST_LOSS: std::ops::RangeInclusive<f64> = 0.5..=1.5;
/// And where much is known: a model that is sure of what is wrong.
const FIRST_LOSS_OF_KNOWING: f64 = 4.0;

/// Refuses a first loss of videos over `n_classes` classes that no working set-up gives.
pub(crate) fn check_first_loss(
    loss: f64,
    n_classes: usize,
    is_scratch: bool,
) -> anyhow::Result<()> {
    let chance = (n_classes as f64).ln();
    let is_plausible = if is_scratch {
        FIRST_LOSS.contains(&(loss / chance))
    } else {
        loss <= FIRST_LOSS_OF_KNOWING * chance
    };
    ensure!(
        is_plausible,
        Exit::Integrity,
        "first_loss: it is {loss:.3}, where guessing among {n_classes} classes gives {chance:.3}; captions, labels or the start \
         do not fit together";
        "look at the descriptions, or start with another --init"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_loss_is_near_guessing_or_below() {
        assert!(check_first_loss(3.0, 20, true).is_ok());
        assert!(check_first_loss(0.02, 20, true).is_err());
        assert!(check_first_loss(0.02, 20, false).is_ok());
        let message = check_first_loss(30.0, 20, false)
            .expect_err("far off")
            .to_string();
        assert!(message.starts_with("first_loss: "), "{message}");
    }
}
