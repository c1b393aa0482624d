//! The one table of exit codes.

use std::fmt;
use std::process::ExitCode;

/// What a tool exits with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; also when the reader of the output went away.
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
    /// The data cannot be trusted: a cut stream, a bad line, a corrupt model, a leaked split.
    Integrity = 6,
    /// A bug of ours.
    Bug = 70,
    /// Another run holds the lock, or this one was stopped and goes on when it is started again.
    Locked = 75,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How a run that came to its end went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All was done.
    Done,
    /// All was done, and the answer is no.
    No,
    /// Some inputs failed, and the run went on.
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

/// Fixes the exit code of an error where it arises.
pub trait ExitWith<T> {
    /// The error, if any, ends the process with `exit`.
    fn exit_with(self, exit: Exit) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> ExitWith<T> for Result<T, E> {
    fn exit_with(self, exit: Exit) -> anyhow::Result<T> {
        self.map_err(|error| {
            anyhow::Error::new(Coded {
                exit,
                error: error.into(),
            })
        })
    }
}

/// An error with its exit code; in a message it looks like the error that it holds.
#[derive(Debug)]
struct Coded {
    exit: Exit,
    error: anyhow::Error,
}

impl fmt::Display for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Coded {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// The exit code of an error: the one fixed on it, else I/O where an I/O error caused it, else integrity, since
/// what is left then is data that did not parse or did not hold together.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    if is_reader_gone(error) {
        return Exit::Done;
    }
    let coded = error.chain().find_map(|e| e.downcast_ref::<Coded>());
    match coded {
        Some(coded) => coded.exit,
        None if error
            .chain()
            .any(<dyn std::error::Error>::is::<std::io::Error>) =>
        {
            Exit::Io
        }
        None => Exit::Integrity,
    }
}

/// True when the error is that nobody reads our output any more.
fn is_reader_gone(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    fn io_error(kind: std::io::ErrorKind) -> anyhow::Error {
        anyhow::Error::new(std::io::Error::from(kind)).context("write the output")
    }

    #[test]
    fn an_error_exits_with_its_cause() {
        assert_eq!(
            exit_of(&io_error(std::io::ErrorKind::BrokenPipe)),
            Exit::Done
        );
        assert_eq!(
            exit_of(&io_error(std::io::ErrorKind::StorageFull)),
            Exit::Io
        );
        assert_eq!(exit_of(&anyhow!("line 3 is no record")), Exit::Integrity);
    }

    #[test]
    fn a_fixed_code_survives_context_and_does_not_show() {
        let error = Err::<(), _>(anyhow!("x264enc is not installed"))
            .exit_with(Exit::Environment)
            .context("encode a.mp4")
            .expect_err("it was an error");
        assert_eq!(exit_of(&error), Exit::Environment);
        assert_eq!(
            format!("{error:#}"),
            "encode a.mp4: x264enc is not installed"
        );
    }
}
