//! Fitting by gradient steps: one loop, which can be stopped and gone on with at any step.
//!
//! What a step sees depends on the seed and its number alone, and all that changes from step to step is in the snapshots.
//! So on the CPU a run that was stopped or killed ends with the bytes of an undisturbed one.

use std::path::Path;
use std::sync::mpsc::sync_channel;

use anyhow::Context;
use wo_cli::{Exit, bail};
use wo_clip::Clip;
use wo_clip::tch::nn;

use crate::data::dataset::{Dataset, Example};
use crate::data::joints::Joints;
use crate::data::sampler::Sampler;
use crate::run::{Fitted, Run};
use crate::trainer::steps::Trainer;
use crate::trainer::throughput::Throughput;
use crate::validation::metrics::Probabilities;

/// Steps that wait while the model works.
const STEPS_AHEAD: usize = 2;

/// Fits the model in `vs` and returns it as it was at its best, with what it then says of the `held_out` videos.
pub(crate) fn fit(
    run: &mut Run<'_, '_>,
    vs: nn::VarStore,
    clip: Clip,
    dataset: &Dataset,
    held_out: &[&Example],
    snapshots: &Path,
) -> anyhow::Result<(Fitted, Vec<Probabilities>)> {
    let stop = run.stop;
    let joints = Joints::of(dataset, run.hyper.pose_loss)?;
    let preprocessor = &run.checkpoint.preprocessor;
    let sampler = Sampler::new(dataset, preprocessor, joints.as_ref(), run.hyper);
    let mut trainer = Trainer::new(run, (vs, clip), dataset, held_out, &sampler, snapshots)?;
    trainer.resume()?;

    std::thread::scope(|scope| {
        let (to, from) = sync_channel(STEPS_AHEAD);
        let (first, n_steps) = (trainer.n_done(), trainer.n_steps());
        scope.spawn(move || sampler.send(first, n_steps, &to));
        let mut throughput = Throughput::new();
        while !trainer.is_done() {
            // ---- a snapshot now and then, and when the run is asked to end ----
            let is_asked = stop.is_asked();
            if is_asked || trainer.snapshot_is_due() {
                trainer.snapshot()?;
            }
            if is_asked {
                bail!(
                    Exit::Locked,
                    "stopped at step {} of {n_steps}", trainer.n_done();
                    "the same command goes on from there"
                );
            }

            // ---- step ----
            let step = throughput
                .wait_for(|| from.recv())
                .context("the thread that reads frames broke down")??;
            let Some(losses) = trainer.step(&step)? else {
                // Interrupted mid-step: its gradients are dropped, and the step runs again after resume.
                continue;
            };
            throughput.add(&step);
            if let Some(speed) = throughput.news(n_steps - trainer.n_done()) {
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
