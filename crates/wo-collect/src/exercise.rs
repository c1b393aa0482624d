//! Makes the folders of a new exercise, and the entry of the captions table to fill in.

use wo_cli::{Exit, Outcome};

use crate::cli::config::AddExerciseConfig;

/// Runs `wo-collect add-exercise`.
pub(crate) fn add(config: &AddExerciseConfig) -> anyhow::Result<Outcome> {
    wo_cli::bail!(
        Exit::Bug,
        "wo-collect add-exercise is not there yet: {config:?}"
    )
}
