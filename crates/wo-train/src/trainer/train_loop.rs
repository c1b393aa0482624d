//! The training loop. It can be stopped at any step and resumed.
//!
//! The input of a step depends only on the seed and the step number, and snapshots hold all state. So on the CPU a
//! resumed run ends with the same bytes as an undisturbed one.

use std::path::Path;
use std::sync::mpsc::sync_channel;

use anyhow::Context;
use wo_cli::Exit;
use wo_clip::Clip;
use wo_clip::tch::nn;

use crate::data::dataset::{Dataset, Example};
use crate::data::joints::Joints;
use crate::data::sampler::Sampler;
use crate::run::{Fitted, Run};
use crate::trainer::steps::Trainer;
use crate::trainer::throughput::Throughput;
use crate::validation::metrics::Probabilities;

/// Steps that are prepared ahead of the model.
const STEPS_AHEAD: usize = 2;

/// Trains the model in `vs`. Returns it at its best epoch, with its predictions for the `held_out` videos.
pub(crate) fn fit(
    run: &mut Run<'_, '_>,
    vs: nn::VarStore,
    clip: Clip,
    dataset: &Dataset,
    held_out: &[&Example],
    snapshots: &Path,
) -> anyhow::Result<(Fitted, Vec<Probabilities>)> {
    let joints = Joints::of(dataset, run.hyper.pose_loss)?;
    let preprocessor = &run.checkpoint.preprocessor;
    let (hyper, device) = (run.hyper, run.device);
    let sampler = Sampler::new(dataset, preprocessor, joints.as_ref(), hyper, device)
        .sliced(run.group.slices());
    let mut trainer = Trainer::new(run, (vs, clip), dataset, held_out, &sampler, snapshots)?;
    trainer.resume()?;

    std::thread::scope(|scope| {
        let (to, from) = sync_channel(STEPS_AHEAD);
        let (first, n_steps) = (trainer.n_done(), trainer.n_steps());
        scope.spawn(move || sampler.send(first, n_steps, &to));
        let mut throughput = Throughput::new();
        while !trainer.is_done() {
            // ---- snapshot: at intervals, and before stopping ----
            let is_stopping = trainer.is_stopping();
            if is_stopping || trainer.snapshot_is_due() {
                trainer.snapshot()?;
            }
            if is_stopping {
                return Err(stopped(trainer.n_done(), n_steps));
            }

            // ---- step ----
            let step = throughput
                .wait_for(|| from.recv())
                .context("the thread that reads frames stopped")??;
            let taken = trainer.step(&step);
            if taken.is_err() && trainer.has_lost_others() {
                // The sums of this step are not there, and so nothing has changed since the last one.
                trainer.snapshot()?;
            }
            let Some(losses) = taken? else {
                // Interrupted mid-step: drop the gradients; the step runs again after resume.
                continue;
            };
            throughput.add(&step);
            if let Some(speed) = throughput.line(n_steps - trainer.n_done()) {
                wo_cli::say!("{}  {speed}", trainer.step_line(&losses));
            }

            // ---- after an epoch: validate, keep the best, log ----
            if trainer.is_at_end_of_epoch() {
                trainer.validate(&throughput)?;
                throughput.restart();
            }
        }
        Ok::<(), anyhow::Error>(())
    })?;
    trainer.finish()
}

fn stopped(n_done: usize, n_steps: usize) -> anyhow::Error {
    wo_cli::error!(
        Exit::Locked,
        "stopped at step {n_done} of {n_steps}";
        "the same command resumes from there"
    )
    .into()
}
