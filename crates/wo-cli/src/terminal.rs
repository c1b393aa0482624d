//! Keeps binary-like output off the terminal.

use std::io::{self, IsTerminal};

use crate::{Error, Exit};

/// Fails if stdout is a terminal, where images as base64 would flood the screen. `hint` says what to do instead.
pub fn refuse_terminal(hint: &str) -> anyhow::Result<()> {
    if !io::stdout().is_terminal() {
        return Ok(());
    }
    let message =
        "stdout is a terminal, and the records hold pictures as base64, which nobody can read";
    Err(Error::new(Exit::Usage, message).hint(hint).into())
}
