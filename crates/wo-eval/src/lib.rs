//! How good a model is, and what it says about a new video.
//!
//! It never scores a video that the model was trained or chosen on together with others, never tells the model the
//! exercise, and gives no figure without saying how far to trust it. Of pictures it holds those of a few videos at a time.

mod alike;
mod answers;
mod args;
mod audit;
mod compare;
mod contact_sheet;
mod copies;
mod evaluation;
mod facts;
mod faults;
mod findings;
mod font;
mod gate;
mod learning;
mod left_out;
mod load;
mod near_duplicates;
mod page;
mod predict;
mod prediction;
mod question;
mod reliance;
mod robustness;
mod session;
mod shots;
mod sights;
mod slices;
mod source;
mod spoken;
mod suspects;
mod table;
mod tally;
mod trained_on;
mod viewer;
mod watched;
mod workers;
mod worst;
mod worst_group;

use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use atomic_write_file::AtomicWriteFile;
use wo_cli::{Exit, ExitWith, Outcome};
use wo_clip::or_out_of_memory;
use wo_input::{cures, failed_inputs, folder_of_frames};

pub use crate::args::{Args, Asking, Command, Compare};
pub use crate::gate::{GateError, Terms};
use crate::session::{Finished, Session};
use crate::source::Source;

/// Runs the tool.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that wo_cli::main calls"
)]
pub fn run(args: Args, input: &mut dyn BufRead, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    let work = || match &args.command {
        Some(Command::Compare(compare)) => compare::compare(compare, input, output),
        None => evaluate(&args, input, output),
    };
    or_out_of_memory(work).unwrap_or_else(|short| {
        Err(anyhow!("{short}\nhint: --device cpu has more memory")).exit_with(Exit::Environment)
    })
}

fn evaluate(
    args: &Args,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let needs_champion = |terms: &Terms| terms.need_champion();
    if args.asking.fail_under.as_ref().is_some_and(needs_champion) {
        return Err(anyhow!(
            "--fail-under knows no champion\nhint: wo-eval compare CANDIDATE CHAMPION --gate does"
        ))
        .exit_with(Exit::Usage);
    }
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
    if let Some(path) = &args.report {
        write_report(args, path, &finished)?;
    }
    let n_refused = finished.tally.n_refused;
    if n_refused > 0 {
        return Err(anyhow!(
            "{} refused: the model was trained or chosen on others of their group, or on the same pictures\n\
             hint: --allow-seen scores them apart and marked; for an honest figure give it people and sources that it has not seen",
            tally::counted(n_refused, "video")
        ))
        .exit_with(Exit::Integrity);
    }
    let inputs = failed_inputs(&finished.failures, finished.n_skipped);
    if !inputs.is_empty() {
        let folder = folder_of_frames(args.data_dir.as_deref(), args.input.as_deref());
        let cures = cures(&finished.failures, folder.as_deref(), wo_cli::shell_word);
        wo_cli::warn!("{}", wo_cli::failed(&inputs, &cures));
    }
    Ok(match &finished.findings.gate {
        Some(gate) if !gate.passed => Outcome::No,
        _ => Outcome::from_failures(inputs.len() as u64),
    })
}

/// Writes the page, whole or not at all.
fn write_report(args: &Args, path: &Path, finished: &Finished) -> anyhow::Result<()> {
    let model = match &args.predictions {
        Some(file) => file.display().to_string(),
        None => args.model.display().to_string(),
    };
    let page = page::page(
        &model,
        finished.manifest.as_ref(),
        &finished.findings,
        &finished.worst,
        &finished.tally,
    );
    let html = wo_report::html(&page);
    into_file(path, |file| {
        file.write_all(html.as_bytes())
            .with_context(|| format!("write {}", path.display()))
    })?;
    wo_cli::say!("wrote {}", path.display());
    Ok(())
}

/// Reads all videos and writes all records.
fn judge_all(
    args: &Args,
    input: &mut dyn BufRead,
    records: &mut dyn Write,
) -> anyhow::Result<Finished> {
    if let Some(path) = &args.predictions {
        return session::of_predictions(args, path, input, records);
    }
    let source = Source::of(args);
    let (session, rest) = source.read(
        input,
        &args.reading,
        &args.captions,
        move |upstream| Session::start(args, records, upstream),
        Session::take,
    )?;
    session.finish(rest)
}

/// What `write` writes is in the file whole, or the file is as it was.
fn into_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let written = || format!("write {}", path.display());
    let file = AtomicWriteFile::open(path)
        .with_context(written)
        .exit_with(Exit::Io)?;
    let mut output = BufWriter::new(file);
    let result = write(&mut output)?;
    let file = output
        .into_inner()
        .map_err(io::IntoInnerError::into_error)
        .with_context(written)?;
    file.commit().with_context(written)?;
    Ok(result)
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
