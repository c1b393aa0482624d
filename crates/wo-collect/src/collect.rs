//! Fetches what the table of sources names and is new.

use std::io::Write;

use wo_cli::{Exit, Outcome};

use crate::cli::config::CollectConfig;

/// Runs `wo-collect`.
pub(crate) fn collect(config: &CollectConfig, _stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    wo_cli::bail!(Exit::Bug, "wo-collect is not there yet: {config:?}")
}
