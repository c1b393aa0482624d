//! A fit from each of several seeds, of which the best is kept.

use std::path::Path;

use anyhow::Context;

use crate::artifacts::run_dir::RunDir;
use crate::data::dataset::Dataset;
use crate::fit::fit;
use crate::hyperparameters::Hyperparameters;
use crate::run::{Fitted, Run};

/// Trains from `n_seeds` seeds and keeps the model with the lowest validation loss.
pub(crate) fn best_of_seeds(
    run: &mut Run<'_, '_>,
    dataset: &Dataset,
    n_seeds: u32,
    run_dir: &RunDir,
) -> anyhow::Result<(Fitted, Hyperparameters)> {
    let mut best: Option<(f64, Fitted, Hyperparameters)> = None;
    for number in 0..n_seeds {
        let hyper = Hyperparameters {
            seed: run.hyper.seed.wrapping_add(u64::from(number)),
            ..run.hyper.clone()
        };
        run.check_stop(&format!("before seed {}", hyper.seed))?;
        if n_seeds > 1 {
            wo_cli::say!("seed {} ({} of {n_seeds})", hyper.seed, number + 1);
        }
        let mut run = run.with(&hyper);
        // The baselines are the same from each seed.
        run.shows_baselines = number == 0;
        let fitted = fit(&mut run, dataset, &snapshots_of_seed(run_dir, number))?;
        let loss = fitted.metrics.get("validation_loss").copied();
        let loss = loss.unwrap_or(f64::INFINITY);
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, fitted, hyper.clone()));
        }
    }
    let (_, fitted, hyper) = best.context("--seeds 1 or more")?;
    Ok((fitted, hyper))
}

fn snapshots_of_seed(run_dir: &RunDir, number: u32) -> std::path::PathBuf {
    let snapshots: &Path = run_dir.snapshots();
    snapshots.join(format!("seed-{number}"))
}
