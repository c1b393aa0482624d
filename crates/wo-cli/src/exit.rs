//! The exit codes of all tools.

use std::process::ExitCode;

/// What a tool exits with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; also when the reader of the output closed the pipe.
    Done = 0,
    /// Done, and the answer is no: a gate refused, nothing was selected.
    No = 1,
    /// The command line is wrong, or input is missing.
    Usage = 2,
    /// Finished, but some inputs failed; each has an `error` record.
    Partial = 3,
    /// Something that the tool needs is missing on this machine: a plugin, a device, a library.
    Environment = 4,
    /// Reading or writing failed.
    Io = 5,
    /// The data cannot be trusted: a truncated stream, a malformed line, a corrupt model, a leaky split.
    Integrity = 6,
    /// A bug of ours.
    Bug = 70,
    /// Another run holds the lock, or this run was stopped and can be resumed.
    Locked = 75,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How a run ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// Everything was done, and the answer is no.
    No,
    /// Some inputs failed; the others were processed.
    Partial,
}

impl Outcome {
    /// `Partial` when anything failed.
    pub fn from_failures(n_failed: u64) -> Self {
        if n_failed == 0 {
            Self::Done
        } else {
            Self::Partial
        }
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::No => Self::No,
            Outcome::Partial => Self::Partial,
        }
    }
}
