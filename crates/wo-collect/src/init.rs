//! Makes a folder to begin with.

use wo_cli::{Exit, Outcome};

use crate::cli::config::InitConfig;

/// Runs `wo-collect init`.
pub(crate) fn init(config: &InitConfig) -> anyhow::Result<Outcome> {
    wo_cli::bail!(Exit::Bug, "wo-collect init is not there yet: {config:?}")
}
