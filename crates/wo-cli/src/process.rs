//! From `main` to an exit code.

use std::io::{self, BufRead, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::exit::exit_of;
use crate::input::{NoInput, Stdin};
use crate::{Common, Exit, Outcome, report};

/// How much output is gathered before it is handed to the system.
const OUTPUT_BUFFER: usize = 64 * 1024;

/// Runs a tool: parses its flags, gives it stdin and stdout, reports its error, and returns its exit code.
pub fn main<A: clap::Parser + AsRef<Common>>(
    run: fn(A, &mut dyn BufRead, &mut dyn Write) -> anyhow::Result<Outcome>,
) -> ExitCode {
    let tool = A::command().get_name().to_owned();
    let args = match A::try_parse() {
        Ok(args) => args,
        Err(answer) => return print_answer(&tool, &answer).into(),
    };
    report::start(&tool, args.as_ref());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut output = BufWriter::with_capacity(OUTPUT_BUFFER, io::stdout().lock());
        let outcome = run(args, &mut Stdin::new(), &mut output);
        // After an error too: what came before it is good, and without an `end` record nobody takes it for all.
        let flushed = output.flush().map_err(anyhow::Error::new);
        // The buffer is given up unwritten: a second try on drop would fail the same way.
        let (_stdout, _unwritten) = output.into_parts();
        outcome.and_then(|outcome| flushed.map(|()| outcome))
    }));
    report::clear_progress();
    let exit = match result {
        Ok(Ok(outcome)) => Exit::from(outcome),
        Ok(Err(error)) => exit_with_message(&error),
        Err(_panic) => {
            report::error_line("this is a bug in the tool; the message above says where");
            Exit::Bug
        }
    };
    exit.into()
}

fn exit_with_message(error: &anyhow::Error) -> Exit {
    let no_input = error
        .chain()
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .find_map(|e| e.get_ref()?.downcast_ref::<NoInput>());
    if let Some(no_input) = no_input {
        report::error_line(&no_input.to_string());
        return Exit::Usage;
    }
    let exit = exit_of(error);
    if exit != Exit::Done {
        report::error_line(&format!("{error:#}"));
    }
    exit
}

/// Prints help, version or a usage error as clap has it.
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
