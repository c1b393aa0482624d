//! Becomes the program that fetches, within limits: it ends when this tool ends, however that is, and no file of it grows
//! beyond what is allowed.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::Context;
use rustix::process::{
    Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit,
};
use wo_cli::{Exit, ExitWith, Outcome};

/// What to become, and within which limits.
#[derive(Debug)]
pub(crate) struct Guarded {
    /// Who started this; where it is gone already, there is nothing to do.
    pub(crate) parent: u32,
    pub(crate) max_file_bytes: u64,
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
}

/// Becomes the program. Returns only where that cannot be done.
pub(crate) fn become_program(guarded: &Guarded) -> anyhow::Result<Outcome> {
    set_parent_process_death_signal(Some(Signal::KILL)).context("follow the parent")?;
    let parent = getppid().map(|pid| pid.as_raw_nonzero().get());
    if parent != i32::try_from(guarded.parent).ok() {
        wo_cli::bail!(Exit::Locked, "whoever started this is gone");
    }
    let limit = Rlimit {
        current: Some(guarded.max_file_bytes),
        maximum: Some(guarded.max_file_bytes),
    };
    setrlimit(Resource::Fsize, limit).context("limit the size of files")?;
    let error = Command::new(&guarded.program)
        .args(&guarded.arguments)
        .exec();
    Err(error)
        .with_context(|| format!("start {}", guarded.program.display()))
        .exit_with(Exit::Environment)
}
