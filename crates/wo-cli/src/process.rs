//! From `main` to an exit code.

use std::io::{self, BufRead, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

use signal_hook::consts::SIGXFSZ;

use crate::error::{exit_of, io_errors, message_of};
use crate::input::{NoInput, Stdin};
use crate::{Common, Exit, Outcome, report};

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
        Err(answer) => return print_answer(&tool, &answer).into(),
    };
    report::start(&tool, args.as_ref());
    // A file that is larger than `ulimit -f` allows is then an error of its write, and not the end of the tool.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut output = BufWriter::with_capacity(OUTPUT_BUFFER, io::stdout().lock());
        let outcome = run(args, &mut Stdin::new(), &mut output);
        // Flush after an error too: earlier records are valid, and without an `end` record the stream counts as
        // incomplete.
        let flushed = output.flush().map_err(anyhow::Error::new);
        // Drop the buffer unwritten: another flush would fail the same way.
        let (_stdout, _unwritten) = output.into_parts();
        outcome.and_then(|outcome| flushed.map(|()| outcome))
    }));
    report::clear_progress();
    ended(result).into()
}

/// The exit code of a run, whose error is reported here.
fn ended(result: std::thread::Result<anyhow::Result<Outcome>>) -> Exit {
    match result {
        Ok(Ok(outcome)) => Exit::from(outcome),
        Ok(Err(error)) => exit_with_message(&error),
        Err(_panic) => {
            report::error_line(&"this is a bug in the tool; the message above says where");
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

/// Prints help, version or a usage error, as clap formats it.
fn print_answer(tool: &str, answer: &clap::Error) -> Exit {
    let is_help = !answer.use_stderr();
    match answer.print().and_then(|()| io::stdout().flush()) {
        Ok(()) if is_help => Exit::Done,
        Ok(()) => Exit::Usage,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(e) => {
            report::start(tool, &Common::default());
            report::error_line(&format!("write the output: {e}"));
            Exit::Io
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

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
