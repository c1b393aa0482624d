//! From `main` to an exit code.

use std::io::{self, BufRead, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

use signal_hook::consts::SIGXFSZ;

use crate::error::{exit_of, io_errors, message_of};
use crate::input::{NoInput, Stdin};
use crate::{Common, Exit, Message, Outcome, escaped, report};

/// The size of the output buffer.
const OUTPUT_BUFFER: usize = 64 * 1024;

/// What a tool does with its flags, stdin and stdout.
type Run<A> = fn(A, &mut dyn BufRead, &mut dyn Write) -> anyhow::Result<Outcome>;

/// Runs a tool: parses its flags, gives it stdin and stdout, reports its error, and returns its exit code. An error
/// without a code is a bug of ours.
pub fn main<A: clap::Parser + AsRef<Common>>(run: Run<A>) -> ExitCode {
    let tool = A::command().get_name().to_owned();
    let args = match A::try_parse() {
        Ok(args) => args,
        Err(answer) => return print_answer(&tool, &with_escapes::<A>(answer)).into(),
    };
    report::start(&tool, args.as_ref());
    // A file that is larger than `ulimit -f` allows is then an error of its write, and not the end of the tool.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut output = BufWriter::with_capacity(OUTPUT_BUFFER, io::stdout().lock());
        let outcome = run(args, &mut Stdin::new(), &mut output);
        // Flush after an error too: earlier records are valid, and without an `end` record the stream counts as
        // incomplete.
        let flushed = output.flush();
        // Drop the buffer unwritten: another flush would fail the same way.
        let (_stdout, _unwritten) = output.into_parts();
        outcome.and_then(|outcome| flush_of(flushed).map(|()| outcome))
    }));
    report::clear_progress();
    ended(result).into()
}

/// What flushing the output at the end came to. A run that got so far has its outcome, whether anybody reads on or not.
fn flush_of(flushed: io::Result<()>) -> anyhow::Result<()> {
    match flushed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The exit code of a run, whose error is reported here.
fn ended(result: std::thread::Result<anyhow::Result<Outcome>>) -> Exit {
    match result {
        Ok(Ok(outcome)) => Exit::from(outcome),
        Ok(Err(error)) => exit_with_message(&error),
        Err(_panic) => {
            let text = "this is a bug in the tool; the message above says where";
            report::error_line(&Message::new(text));
            Exit::Bug
        }
    }
}

fn exit_with_message(error: &anyhow::Error) -> Exit {
    let no_input = io_errors(error)
        .into_iter()
        .find_map(|e| e.get_ref()?.downcast_ref::<NoInput>());
    if let Some(no_input) = no_input {
        report::error_line(&no_input.message());
        return Exit::Usage;
    }
    let exit = exit_of(error);
    if exit != Exit::Done {
        report::error_line(&message_of(error));
    }
    exit
}

/// A usage error about the arguments as they are shown: a shell's `*` makes arguments of the names of files. clap repeats
/// arguments in several places of a message, so all of it is made anew.
fn with_escapes<A: clap::Parser>(answer: clap::Error) -> clap::Error {
    let given = || std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
    let shown: Vec<String> = given().map(|arg| escaped(&arg)).collect();
    if given().eq(shown.iter().cloned()) {
        return answer;
    }
    A::try_parse_from(shown).err().unwrap_or(answer)
}

/// Prints help, version or a usage error, as clap formats it.
fn print_answer(tool: &str, answer: &clap::Error) -> Exit {
    let is_help = !answer.use_stderr();
    match answer.print().and_then(|()| io::stdout().flush()) {
        Ok(()) if is_help => Exit::Done,
        Ok(()) => Exit::Usage,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(e) => {
            report::start(tool, &Common::default());
            report::error_line(&Message::new(format!("write the output: {e}")));
            Exit::Io
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_reader_that_leaves_does_not_change_the_outcome() {
        for (kind, is_done) in [
            (io::ErrorKind::BrokenPipe, true),
            (io::ErrorKind::StorageFull, false),
        ] {
            assert_eq!(flush_of(Err(kind.into())).is_ok(), is_done, "{kind}");
        }
    }

    #[test]
    fn a_run_ends_with_the_code_of_its_end() {
        let io_error = |kind: io::ErrorKind| Err(io::Error::from(kind).into());
        for (result, expected) in [
            (Ok(Outcome::Done), Exit::Done),
            (Ok(Outcome::No), Exit::No),
            (Ok(Outcome::Partial), Exit::Partial),
            (
                Err(crate::error!(Exit::Locked, "busy").into()),
                Exit::Locked,
            ),
            (io_error(io::ErrorKind::StorageFull), Exit::Io),
            (io_error(io::ErrorKind::BrokenPipe), Exit::Done),
            (Err(io::Error::other(NoInput).into()), Exit::Usage),
            (Err(anyhow!("nobody gave it a code")), Exit::Bug),
        ] {
            let what = format!("{result:?}");
            assert_eq!(ended(Ok(result)), expected, "{what}");
        }
        assert_eq!(ended(Err(Box::new("a panic"))), Exit::Bug);
    }
}
