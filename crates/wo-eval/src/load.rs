//! The files of a model to a judge.

use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_clip::{Judge, device_of, read_checkpoint};

/// Loads a model onto a device. `hint` is for people who gave a path that is not there.
pub(crate) fn load_judge(model: &Path, device: &str, hint: &str) -> anyhow::Result<Judge> {
    std::fs::metadata(model)
        .with_context(|| format!("open the model {} (hint: {hint})", model.display()))
        .exit_with(Exit::Io)?;
    let device = device_of(device)
        .map_err(anyhow::Error::msg)
        .exit_with(Exit::Environment)?;
    // An early end of a model's file is an I/O error to those who read it, and a corrupt model to us.
    read_checkpoint(model)
        .and_then(|checkpoint| Judge::new(&checkpoint, device))
        .with_context(|| format!("load the model {}", model.display()))
        .exit_with(Exit::Integrity)
}
