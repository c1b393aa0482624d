//! An error that a tool ends with: its cause, its exit code, and what the user can do about it.
//!
//! Hints are kept apart from the chain of causes, so that a cause is never printed behind a hint.

use std::fmt;

use crate::{Exit, Message};

/// A cause with its exit code and its hints. In a message it looks like the cause alone.
#[derive(Debug)]
pub struct Error {
    exit: Option<Exit>,
    items: Vec<String>,
    hints: Vec<String>,
    source: anyhow::Error,
}

impl Error {
    /// An error that says `message`, without an exit code.
    pub fn msg(message: impl Into<Message>) -> Self {
        let message = message.into();
        Self {
            exit: None,
            items: message.items,
            hints: message.hints,
            source: anyhow::Error::msg(message.text),
        }
    }

    /// An error of several lines, as a parser gives it: the first is what it says, the others come under it.
    pub fn of_lines(text: &str) -> Self {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        Self::msg(Message::new(first).items(lines))
    }

    /// An error that says `message` and ends the process with `exit`.
    pub fn new(exit: Exit, message: impl Into<Message>) -> Self {
        Self::msg(message).exit(exit)
    }

    /// The same with one more hint: what the user can do, as a sentence without `hint:`.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same, which ends the process with `exit`.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = Some(exit);
        self
    }

    /// `error` where it is one of these already, else `error` as the cause of a new one.
    pub fn of(error: impl Into<anyhow::Error>) -> Self {
        let error = error.into();
        // A downcast of the whole would look through contexts and lose them.
        let is_one = error
            .chain()
            .next()
            .is_some_and(<dyn std::error::Error>::is::<Self>);
        let wrapped = |source| Self {
            exit: None,
            items: Vec::new(),
            hints: Vec::new(),
            source,
        };
        if is_one {
            error.downcast().unwrap_or_else(wrapped)
        } else {
            wrapped(error)
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.source()
    }
}

/// Fixes the exit code of an error where it arises.
pub trait ExitWith<T> {
    /// The error, if any, ends the process with `exit`.
    fn exit_with(self, exit: Exit) -> anyhow::Result<T>;

    /// The error, if any, ends the process with `exit`, unless a code is fixed on it or an I/O error caused it.
    fn exit_or(self, exit: Exit) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> ExitWith<T> for Result<T, E> {
    fn exit_with(self, exit: Exit) -> anyhow::Result<T> {
        self.map_err(|error| Error::of(error).exit(exit).into())
    }

    fn exit_or(self, exit: Exit) -> anyhow::Result<T> {
        let result = self.map_err(Into::into);
        match result {
            Err(error) if fixed_exit(&error).is_none() => Err(error).exit_with(exit),
            other => other,
        }
    }
}

/// Says what the user can do about an error.
pub trait Hint<T> {
    /// Adds `hint`, a sentence without `hint:`, to the error, if any.
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T>;

    /// Adds the hint that `hint` makes, if there is an error and it makes one.
    fn hint_with<H: Into<String>>(self, hint: impl FnOnce() -> Option<H>) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Hint<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T> {
        self.hint_with(|| Some(hint))
    }

    fn hint_with<H: Into<String>>(self, hint: impl FnOnce() -> Option<H>) -> anyhow::Result<T> {
        self.map_err(|error| match hint() {
            Some(hint) => Error::of(error).hint(hint).into(),
            None => error.into(),
        })
    }
}

/// Makes an [`Error`] of an exit code, a message and any number of hints, each formatted as `format!` does:
/// `error!(Exit::Usage, "there is no scratch:{size}"; "take scratch:tiny")`.
#[macro_export]
macro_rules! error {
    ($exit:expr, $($message:tt)*) => { $crate::Error::new($exit, $crate::message!($($message)*)) };
}

/// Returns the error that [`error!`] makes.
#[macro_export]
macro_rules! bail {
    ($($arg:tt)*) => { return Err($crate::error!($($arg)*).into()) };
}

/// Returns the error that [`error!`] makes of all but the first argument, where that is false.
#[macro_export]
macro_rules! ensure {
    ($is_good:expr, $($arg:tt)*) => {
        if !$is_good {
            $crate::bail!($($arg)*);
        }
    };
}

/// An error for people: its causes on one line, and the hints, those of the innermost cause first.
pub fn message_of(error: &anyhow::Error) -> Message {
    let errors = error.chain().filter_map(|it| it.downcast_ref::<Error>());
    let errors: Vec<&Error> = errors.collect();
    let items = errors.iter().flat_map(|it| &it.items).cloned();
    let hints = errors.iter().rev().flat_map(|it| &it.hints).cloned();
    Message::new(format!("{error:#}")).items(items).hints(hints)
}

/// The cause of a type, if there is one: also one that carries a code or a hint.
pub fn cause<T: std::error::Error + 'static>(error: &anyhow::Error) -> Option<&T> {
    causes(error).into_iter().next()
}

/// The exit code of an error: the one fixed on it, else I/O where an I/O error caused it, else that of a bug.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    let is_gone = |it: &std::io::Error| it.kind() == std::io::ErrorKind::BrokenPipe;
    if io_errors(error).into_iter().any(is_gone) {
        // Nobody reads our output any more.
        return Exit::Done;
    }
    fixed_exit(error).unwrap_or(Exit::Bug)
}

fn fixed_exit(error: &anyhow::Error) -> Option<Exit> {
    let fixed = error
        .chain()
        .find_map(|it| it.downcast_ref::<Error>().and_then(|it| it.exit));
    fixed.or_else(|| (!io_errors(error).is_empty()).then_some(Exit::Io))
}

/// All I/O errors among the causes.
pub(crate) fn io_errors(error: &anyhow::Error) -> Vec<&std::io::Error> {
    causes(error)
}

/// All causes of a type. What an [`Error`] wraps is in no chain by itself, but looked at here.
fn causes<T: std::error::Error + 'static>(error: &anyhow::Error) -> Vec<&T> {
    let wrapped = error.chain().filter_map(|it| it.downcast_ref::<Error>());
    let wrapped = wrapped.filter_map(|it| it.source.chain().next());
    error
        .chain()
        .chain(wrapped)
        .filter_map(|it| it.downcast_ref())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use anyhow::{Context, anyhow};

    use super::*;

    fn io_error(kind: ErrorKind) -> anyhow::Error {
        anyhow::Error::new(std::io::Error::from(kind)).context("write the output")
    }

    #[test]
    fn an_error_exits_with_its_cause() {
        assert_eq!(exit_of(&io_error(ErrorKind::BrokenPipe)), Exit::Done);
        assert_eq!(exit_of(&io_error(ErrorKind::StorageFull)), Exit::Io);
        assert_eq!(exit_of(&anyhow!("no code")), Exit::Bug);
        let data = Err::<(), _>(anyhow!("line 3 is no record")).exit_or(Exit::Integrity);
        assert_eq!(exit_of(&data.expect_err("an error")), Exit::Integrity);
        for kind in [ErrorKind::StorageFull, ErrorKind::BrokenPipe] {
            let wrapped = Err::<(), _>(std::io::Error::from(kind)).hint("make room");
            let wrapped = wrapped.exit_or(Exit::Integrity).expect_err("an error");
            let expected = exit_of(&io_error(kind));
            assert_eq!(exit_of(&wrapped), expected, "{kind}");
        }
    }

    #[test]
    fn a_fixed_code_survives_context_and_does_not_show() {
        let error = Err::<(), _>(anyhow!("x264enc is not installed"))
            .exit_with(Exit::Environment)
            .context("encode a.mp4")
            .exit_or(Exit::Integrity)
            .expect_err("it was an error");
        assert_eq!(exit_of(&error), Exit::Environment);
        assert_eq!(
            format!("{error:#}"),
            "encode a.mp4: x264enc is not installed"
        );
    }

    #[test]
    fn causes_come_before_hints() {
        let error = Err::<(), _>(anyhow!("no such file"))
            .context("open b")
            .hint("make b")
            .context("read a")
            .hint("see --help")
            .expect_err("an error");
        assert_eq!(
            message_of(&error).shown(),
            "read a: open b: no such file\nhint: make b\nhint: see --help"
        );
        assert_eq!(format!("{error:#}"), "read a: open b: no such file");
    }

    #[test]
    fn a_cause_is_found_behind_codes_and_hints() {
        let error = Err::<(), _>(std::io::Error::from(ErrorKind::NotFound))
            .hint("make it")
            .exit_with(Exit::Integrity)
            .context("read a")
            .expect_err("an error");
        let kind = cause::<std::io::Error>(&error).map(std::io::Error::kind);
        assert_eq!(kind, Some(ErrorKind::NotFound));
        assert!(cause::<fmt::Error>(&error).is_none());
    }

    #[test]
    fn a_macro_takes_a_message_and_hints() {
        let refuse = |n: u32| -> anyhow::Result<()> {
            crate::ensure!(n > 1, Exit::Usage, "{n} of {}", 2; "give {}", n + 1; "or none");
            Ok(())
        };
        let error = refuse(1).expect_err("too few");
        assert_eq!(exit_of(&error), Exit::Usage);
        assert_eq!(
            message_of(&error).shown(),
            "1 of 2\nhint: give 2\nhint: or none"
        );
        assert!(refuse(2).is_ok());
    }
}
