//! How good a model is, and what it says about a new video.
//!
//! It never scores a video that the model was trained or chosen on together with others, never tells the model the
//! exercise, and gives no figure without saying how far to trust it. Of pictures it holds those of one video at a time.

mod answers;
mod args;
mod contact_sheet;
mod evaluation;
mod font;
mod predict;
mod prediction;
mod question;
mod session;
mod source;
mod table;
mod tally;

use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use atomic_write_file::AtomicWriteFile;
use wo_cli::{Exit, ExitWith, Outcome};
use wo_clip::or_out_of_memory;

pub use crate::args::Args;
use crate::session::{Finished, Session};
use crate::source::Source;

/// Runs the tool.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that wo_cli::main calls"
)]
pub fn run(args: Args, input: &mut dyn BufRead, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    or_out_of_memory(|| evaluate(&args, input, output)).unwrap_or_else(|short| {
        Err(anyhow!("{short}\nhint: --device cpu has more memory")).exit_with(Exit::Environment)
    })
}

fn evaluate(
    args: &Args,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let shows_table = args.table || (!args.json && io::stdout().is_terminal());
    let finished = match &args.output {
        Some(path) => into_file(path, |file| judge_all(args, input, file))?,
        None if shows_table => judge_all(args, input, &mut io::sink())?,
        None => judge_all(args, input, output)?,
    };
    if shows_table {
        output
            .write_all(finished.table.as_bytes())
            .context("write the table")?;
    }
    draw(args, &finished)?;
    Ok(Outcome::from_failures(finished.n_failed))
}

/// Reads all videos and writes all records.
fn judge_all(
    args: &Args,
    input: &mut dyn BufRead,
    records: &mut dyn Write,
) -> anyhow::Result<Finished> {
    let source = Source::of(args);
    let (session, rest) = source.read(
        input,
        &args.reading,
        move |upstream| Session::start(args, records, upstream),
        Session::judge,
    )?;
    session.finish(rest)
}

/// What `write` writes is in the file whole, or the file is as it was.
fn into_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<Finished>,
) -> anyhow::Result<Finished> {
    let written = || format!("write {}", path.display());
    let file = AtomicWriteFile::open(path)
        .with_context(written)
        .exit_with(Exit::Io)?;
    let mut output = BufWriter::new(file);
    let finished = write(&mut output)?;
    let file = output
        .into_inner()
        .map_err(io::IntoInnerError::into_error)
        .with_context(written)?;
    file.commit().with_context(written)?;
    Ok(finished)
}

fn draw(args: &Args, finished: &Finished) -> anyhow::Result<()> {
    let Some(path) = &args.contact_sheet else {
        return Ok(());
    };
    if finished.sheet.is_empty() {
        wo_cli::warn!(
            "{} is not written: there is no video to show",
            path.display()
        );
        return Ok(());
    }
    finished.sheet.write(path)
}
