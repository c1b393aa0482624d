//! Says what to mend in the collected videos and what to film first.

use std::io::Write;

use wo_cli::{Exit, Outcome};

use crate::cli::config::CheckConfig;

/// Runs `wo-collect check`.
pub(crate) fn check(config: &CheckConfig, _stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    wo_cli::bail!(Exit::Bug, "wo-collect check is not there yet: {config:?}")
}
