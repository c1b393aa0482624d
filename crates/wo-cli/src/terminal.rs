//! A terminal as the place where output goes.

use std::io::{self, IsTerminal};

use anyhow::anyhow;

use crate::{Exit, ExitWith};

/// Refuses to write records that hold pictures to a terminal, where base64 would scroll by the screenful. `hint` says what
/// to do instead.
pub fn refuse_terminal(hint: &str) -> anyhow::Result<()> {
    if !io::stdout().is_terminal() {
        return Ok(());
    }
    Err(anyhow!(
        "stdout is a terminal, and the records hold pictures as base64, which nobody can read\nhint: {hint}"
    ))
    .exit_with(Exit::Usage)
}
