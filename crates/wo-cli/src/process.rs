//! From `main` to an exit code.

use std::io::{self, BufRead, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::error::{exit_of, message_of};
use crate::input::{NoInput, Stdin};
use crate::{Common, Exit, Outcome, report};

/// The size of the output buffer.
const OUTPUT_BUFFER: usize = 64 * 1024;

/// What a tool does with its flags, stdin and stdout.
type Run<A> = fn(A, &mut dyn BufRead, &mut dyn Write) -> anyhow::Result<Outcome>;

/// Runs a tool: parses its flags, gives it stdin and stdout, reports its error, and returns its exit code. An error without
/// a code is a bug of ours.
pub fn strict_main<A: clap::Parser + AsRef<Common>>(run: Run<A>) -> ExitCode {
    main_with(run, Exit::Bug)
}

/// The same for a tool whose data errors carry no code yet: an error without a code counts as bad data.
pub fn main<A: clap::Parser + AsRef<Common>>(run: Run<A>) -> ExitCode {
    main_with(run, Exit::Integrity)
}

fn main_with<A: clap::Parser + AsRef<Common>>(run: Run<A>, without_code: Exit) -> ExitCode {
    let tool = A::command().get_name().to_owned();
    let args = match A::try_parse() {
        Ok(args) => args,
        Err(answer) => return print_answer(&tool, &answer).into(),
    };
    report::start(&tool, args.as_ref());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut output = BufWriter::with_capacity(OUTPUT_BUFFER, io::stdout().lock());
        let outcome = run(args, &mut Stdin::new(), &mut output);
        // Flush after an error too: earlier records are valid, and without an `end` record the stream counts as incomplete.
        let flushed = output.flush().map_err(anyhow::Error::new);
        // Drop the buffer unwritten: another flush would fail the same way.
        let (_stdout, _unwritten) = output.into_parts();
        outcome.and_then(|outcome| flushed.map(|()| outcome))
    }));
    report::clear_progress();
    let exit = match result {
        Ok(Ok(outcome)) => Exit::from(outcome),
        Ok(Err(error)) => exit_with_message(&error, without_code),
        Err(_panic) => {
            report::error_line("this is a bug in the tool; the message above says where");
            Exit::Bug
        }
    };
    exit.into()
}

fn exit_with_message(error: &anyhow::Error, without_code: Exit) -> Exit {
    let no_input = error
        .chain()
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .find_map(|e| e.get_ref()?.downcast_ref::<NoInput>());
    if let Some(no_input) = no_input {
        report::error_line(&message_of(&anyhow::anyhow!("{no_input}")));
        return Exit::Usage;
    }
    let exit = exit_of(error, without_code);
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
