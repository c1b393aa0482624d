//! A terminal as the place where output goes.

use std::io::{self, IsTerminal};

use crate::{Error, Exit};

/// Refuses to write records that hold pictures to a terminal, where base64 would scroll by the screenful. `hint` says what
/// to do instead.
pub fn refuse_terminal(hint: &str) -> anyhow::Result<()> {
    if !io::stdout().is_terminal() {
        return Ok(());
    }
    let message =
        "stdout is a terminal, and the records hold pictures as base64, which nobody can read";
    Err(Error::new(Exit::Usage, message).hint(hint).into())
}
