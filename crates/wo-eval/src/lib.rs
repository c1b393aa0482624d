//! Scores a model on held-out videos, and judges new ones.
//!
//! It never mixes seen and held-out videos in one score, never gives the model the exercise, and gives each metric a
//! confidence interval. It holds the images of a few videos at a time.

mod cli;
mod compare;
mod data_quality;
mod findings;
#[cfg(test)]
mod fixtures;
#[doc(hidden)]
pub mod fuzzing;
mod input;
mod judge;
mod render;
mod score;
mod session;

use std::io::{self, BufRead, Write};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, IgnoreBrokenPipe, Outcome, OutputFile};
use wo_clip::or_out_of_memory;
use wo_input::{cures, failed_inputs};

pub use crate::cli::args::{AnalysisArgs, Args, Command, Compare, JudgingArgs, PrecisionFlag};
use crate::cli::config::{Config, ContactSheetConfig, EvaluateConfig, Subject};
use crate::input::source::HowRead;
use crate::render::html;
pub use crate::score::gate::{GateError, Terms};
use crate::session::finished::Finished;
use crate::session::judging::Session;
use crate::session::merged::merge;
use crate::session::predictions::score_predictions;

/// Runs the tool.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that wo_cli::main calls"
)]
pub fn run(args: Args, input: &mut dyn BufRead, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    let config = Config::from_args(&args)?;
    let work = || match &config {
        Config::Compare(config) => compare::compare(config, input, output),
        Config::Evaluate(config) => evaluate(config, input, output),
    };
    or_out_of_memory(work).unwrap_or_else(
        |short| wo_cli::bail!(Exit::Environment, "{short}"; "--device cpu has more memory"),
    )
}

fn evaluate(
    config: &EvaluateConfig,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let outputs = &config.outputs;
    // A page and a sheet must not be lost when nobody reads the records, nor the answer of a gate.
    let elsewhere = config.ends_elsewhere().then_some(&());
    let output = &mut *IgnoreBrokenPipe::beside(elsewhere, output);
    let finished = match &outputs.records {
        Some(path) => into_file(path, |file| judge_all(config, input, file))?,
        None if outputs.shows_table => judge_all(config, input, &mut io::sink())?,
        None => judge_all(config, input, output)?,
    };
    if outputs.shows_table {
        output
            .write_all(finished.table.as_bytes())
            .context("write the table")?;
    }
    if let Some(sheet) = &outputs.contact_sheet {
        draw(sheet, &finished)?;
    }
    if let Some(path) = &outputs.report {
        write_report(&config.subject.name(), path, &finished)?;
    }
    outcome(&config.subject, &finished)
}

/// The outcome: rejected videos, failed inputs, and the gate.
fn outcome(subject: &Subject, finished: &Finished) -> anyhow::Result<Outcome> {
    let n_rejected = finished.tally.n_rejected;
    if n_rejected > 0 {
        wo_cli::bail!(
            Exit::Integrity,
            "{} rejected: the model was trained or chosen on their group, or on the same images",
            wo_cli::count(n_rejected, "video");
            "--allow-seen scores them in a separate, marked part; for an unbiased score, give held-out people and sources"
        );
    }
    let inputs = failed_inputs(&finished.failures, finished.n_skipped);
    if !inputs.is_empty() {
        let folder = subject.folder_of_frames();
        let cures = cures(&finished.failures, folder.as_deref(), wo_cli::shell_word);
        wo_cli::warn_line(&wo_cli::failed(&inputs, cures));
    }
    Ok(match &finished.findings.gate {
        Some(gate) if !gate.passed => Outcome::No,
        _ => Outcome::from_failures(inputs.len() as u64),
    })
}

/// Writes the page, whole or not at all.
fn write_report(model: &str, path: &Path, finished: &Finished) -> anyhow::Result<()> {
    let page = html::page(
        model,
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

/// Reads all videos, or predictions, and writes all records.
fn judge_all(
    config: &EvaluateConfig,
    input: &mut dyn BufRead,
    records: &mut dyn Write,
) -> anyhow::Result<Finished> {
    match &config.subject {
        Subject::Predictions(path) => score_predictions(config, path, input, records),
        Subject::Model(model) => {
            let how = HowRead {
                reading: &config.reading,
                captions: &model.captions,
                shard: model.shard,
            };
            let (session, rest) = model.source.read(
                input,
                how,
                move |upstream| Session::start(config, model, records, upstream),
                Session::take,
            )?;
            match model.shard {
                None => session.finish(rest),
                Some(_) => session.hand_over(rest),
            }
        }
        Subject::Merge(parts) => merge(config, parts, input, records),
    }
}

/// Writes a file completely, or leaves it unchanged.
fn into_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let written = || format!("write {}", path.display());
    let mut output = OutputFile::open(path)
        .with_context(written)
        .exit_with(Exit::Io)?;
    let result = write(&mut output)?;
    output.commit().with_context(written)?;
    Ok(result)
}

fn draw(config: &ContactSheetConfig, finished: &Finished) -> anyhow::Result<()> {
    let path = &config.path;
    if finished.sheet.is_empty() {
        wo_cli::warn!(
            "{} is not written: there is no video to show",
            path.display()
        );
        return Ok(());
    }
    finished.sheet.write(path)
}
