//! Takedown: removes all that is known of a video, a person or a source.

use std::io::Write;

use wo_cli::{Exit, Outcome};

use crate::cli::config::ForgetConfig;

/// Runs `wo-collect forget`.
pub(crate) fn forget(config: &ForgetConfig, _stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    wo_cli::bail!(Exit::Bug, "wo-collect forget is not there yet: {config:?}")
}
