//! Checks that the model can learn: a set-up that cannot overfit one batch learns nothing from many.

use wo_cli::{Exit, ensure};

use crate::data::sampler::Sampler;
use crate::model::init::BaseKind;
use crate::run::Run;
use crate::trainer::gradients::TrainedModel;

/// Steps on the same batch.
const N_STEPS: usize = 30;
/// The lowest learning rate of the check. It tests that gradients flow, not how fast the run is.
const MIN_LR: f64 = 1e-4;
/// The loss must fall to this fraction of its first value.
const FRACTION: f64 = 0.7;
/// Or below this value, where there was little to learn.
const SMALL: f64 = 0.1;

/// Rejects a set-up whose loss on the first batch does not fall when it trains on nothing else. Leaves the model
/// changed.
pub(crate) fn overfits_one_batch(
    run: &Run<'_, '_>,
    model: &TrainedModel<'_>,
    sampler: &Sampler<'_>,
) -> anyhow::Result<()> {
    let step = sampler.step(0)?;
    let mut optimizer = model.trained.optimizer(run.hyper);
    let (mut first, mut last) = (f64::NAN, f64::NAN);
    for number in 0..N_STEPS {
        let Some(losses) = model.gradients(run, &step, &mut optimizer)? else {
            return Ok(());
        };
        let norm = optimizer.clipped_step(run.hyper.lr.max(MIN_LR), 1.0);
        let (losses, norm) = losses.read(&norm);
        optimizer.settle(norm);
        if number == 0 {
            first = losses.videos;
        }
        last = losses.videos;
    }
    ensure!(
        last < FRACTION * first || last < SMALL,
        Exit::Integrity,
        "self_check: the model does not learn: after {N_STEPS} steps on one batch its loss is {last:.3}, and was {first:.3}";
        "are all its parameters frozen, or is --lr far off? --self-check off skips this check"
    );
    wo_cli::info!("self-check: overfits one batch, loss {first:.3} to {last:.3}");
    Ok(())
}

/// The first loss from scratch, as a multiple of ln(number of classes).
const FIRST_LOSS: std::ops::RangeInclusive<f64> = 0.5..=1.5;
/// The highest such multiple of a pretrained model, which may be overconfident in wrong predictions.
const MAX_FIRST_LOSS_PRETRAINED: f64 = 4.0;

/// Rejects a first video loss over `n_classes` classes that no working set-up gives.
pub(crate) fn check_first_loss(loss: f64, n_classes: usize, base: BaseKind) -> anyhow::Result<()> {
    let chance = (n_classes as f64).ln();
    let is_plausible = if base == BaseKind::Scratch {
        FIRST_LOSS.contains(&(loss / chance))
    } else {
        loss <= MAX_FIRST_LOSS_PRETRAINED * chance
    };
    ensure!(
        is_plausible,
        Exit::Integrity,
        "first_loss: it is {loss:.3}, where guessing among {n_classes} classes gives {chance:.3}; captions, labels and base \
         model do not fit together";
        "check the descriptions, or take another --init"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_loss_is_near_guessing_or_below() {
        assert!(check_first_loss(3.0, 20, BaseKind::Scratch).is_ok());
        assert!(check_first_loss(0.02, 20, BaseKind::Scratch).is_err());
        assert!(check_first_loss(0.02, 20, BaseKind::Model).is_ok());
        let message = check_first_loss(30.0, 20, BaseKind::Model)
            .expect_err("far off")
            .to_string();
        assert!(message.starts_with("first_loss: "), "{message}");
    }
}
