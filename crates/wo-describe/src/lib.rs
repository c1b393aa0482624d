//! Records to records with labels and descriptions.
//!
//! Decodes no image. A description follows from the label, the faults and the captions table, or comes from a CSV. In memory
//! are what a few reads brought, the last video, the CSVs, the words of each class, and a number for each distinct
//! description.

mod blocks;
mod class_words;
mod cli;
mod describer;
mod description_check;
mod lines_ahead;
mod shard_sink;
mod sink;
mod written_descriptions;

use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Hint, OnError, Outcome, OutputFile, open_stream};
use wo_folder::{
    BaseFolder, Corrections, FolderLock, cure_of_records, folder_of_records, head_of_records,
    stream_error, tables_not_read,
};
use wo_label::Captions;
use wo_record::{Failure, Frame, Image, Line, ReadError, Record, code};

use crate::class_words::Classes;
pub use crate::cli::args::{Args, FormatFlag};
use crate::cli::config::{Config, To};
use crate::describer::{Action, Describer};
use crate::description_check::DescriptionCheck;
use crate::lines_ahead::{LinesAhead, Next};
use crate::shard_sink::ShardSink;
use crate::sink::{Sink, Target};
use crate::written_descriptions::warn_of_judging_descriptions;

/// Runs the tool.
pub fn run(args: Args, stdin: &mut dyn BufRead, stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    describe(&Config::of(args)?, stdin, stdout)
}

fn describe(
    config: &Config,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let folder = config.input.as_deref().and_then(folder_of_records);
    let is_same = |(input, output): (&Path, &Path)| {
        input.canonicalize().ok() == output.canonicalize().ok() && input.exists()
    };
    config
        .csv
        .iter()
        .try_for_each(|it| wo_cli::check_file(it))?;
    let reviews = config.reviews.as_deref();
    let captions = &config.captions;
    let captions = captions.load(Captions::parse, Captions::embedded, Captions::difference)?;
    if let Some(sentence) = tables_not_read(config.input.as_deref(), &config.csv) {
        wo_cli::warn_line(&sentence);
    }
    let output = config.file();
    let in_place = folder
        .zip(config.input.as_deref().zip(output))
        .filter(|(_, paths)| is_same(*paths));
    if let Some((dir, _)) = in_place.filter(|_| !config.csv.is_empty()) {
        warn_of_override(dir);
    }
    // Two writers would overwrite each other.
    let _lock = in_place.map(|(dir, _)| FolderLock::take(dir)).transpose()?;
    let base = |file| BaseFolder::of(file).context("find the working directory");
    let read_from = base(config.input.as_deref())?;
    let images = read_from.clone();
    let mut describer = Describer {
        corrections: Corrections::of(folder, &config.csv, reviews, captions)?,
        written_to: match config.to {
            To::One(_) => base(config.output.as_deref())?,
            // Images are read, and their paths not written.
            To::Shards(..) => read_from.clone(),
        },
        read_from,
        keeps_deleted: in_place.is_some(),
        video: None,
        classes: Classes::default(),
        check: DescriptionCheck::default(),
    };
    warn_of_judging_descriptions(&describer.corrections);
    let (input_name, input) = open_stream(config.input.as_deref(), stdin)?;
    let lines = LinesAhead::of(input, config.reading.max_line)?;
    let write =
        |target: Target<'_>| describe_stream(config, &mut describer, &input_name, lines, target);
    match (&config.to, output) {
        (To::Shards(names, size), _) => {
            let sink = ShardSink::new(names.clone(), *size, images)?;
            write(Target::Shards(Box::new(sink)))
        }
        (To::One(format), None) => write(Target::Stream(stdout, *format)),
        // The output of a pipe may replace the records of a folder that another tool has just written.
        (To::One(format), Some(path)) => {
            let dir = folder_of_records(path).filter(|_| in_place.is_none());
            write_file(path, dir, |output| write(Target::Stream(output, *format)))
        }
    }
}

/// Writes a file, which is replaced only when complete, under the lock of its folder where it is one of frames.
fn write_file(
    path: &Path,
    dir: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<Outcome>,
) -> anyhow::Result<Outcome> {
    let written = || format!("write {}", path.display());
    let mut output = OutputFile::open(path)
        .with_context(written)
        .exit_with(Exit::Io)?;
    let outcome = write(&mut output)?;
    let _lock = dir.map(FolderLock::wait).transpose()?;
    output.commit().with_context(written)?;
    Ok(outcome)
}

fn warn_of_override(dir: &Path) {
    wo_cli::warn!(
        "--csv overrides the tables of {} in this output only; the next run reads the tables again",
        dir.display();
        "correct the rows in the tables"
    );
}

/// Reads each line, changes it if it is a frame, and writes it.
fn describe_stream(
    config: &Config,
    describer: &mut Describer,
    input_name: &str,
    mut lines: LinesAhead<'_>,
    target: Target<'_>,
) -> anyhow::Result<Outcome> {
    let mut target = Some(target);
    let mut sink = None;
    let mut n_skipped = 0;
    loop {
        let mut line = match lines.next() {
            Ok(Next::Line(line)) => line,
            Ok(Next::Waits) => {
                // What came must not wait for what may never come.
                sink.as_mut().map_or(Ok(()), Sink::flush)?;
                lines.wait();
                continue;
            }
            Ok(Next::End) => break,
            Err(bad @ ReadError::Line { .. }) if config.reading.on_error == OnError::Skip => {
                wo_cli::warn!("{input_name}: {bad}");
                n_skipped += 1;
                // A bad line before `begin` has no output stream yet.
                sink.as_mut()
                    .map_or(Ok(()), |sink: &mut Sink<'_>| sink.failure(bad_line(&bad)))?;
                continue;
            }
            Err(error) => {
                let cure = || config.input.as_deref().and_then(cure_of_records);
                return Err(stream_error(error))
                    .with_context(|| input_name.to_owned())
                    .hint_with(cure);
            }
        };
        // The first line is a `begin`, so the reader knows the upstream tools.
        if let Some(target) = target.take() {
            // The log beside another file is not that of the input.
            let elsewhere = config.file().filter(|_| !describer.keeps_deleted);
            let reviews = match (elsewhere, &line.record) {
                (Some(file), _) => head_of_records(file),
                (None, Ok(Record::Begin(begin))) => begin.reviews.clone(),
                _ => None,
            };
            sink = Some(Sink::begin(target, lines.producers(), reviews)?);
        }
        let Some(sink) = &mut sink else { continue };
        describe_line(config, describer, &mut line, sink)?;
    }
    // Before `end`, so that a stream with contradictions does not look complete.
    describer.finish(config.captions.file())?;
    let n_failed = sink.map_or(Ok(0), |sink| sink.end(lines.producers()))?;
    Ok(Outcome::from_failures(n_skipped + n_failed))
}

/// Changes a frame, and writes the line. `begin` and `end` are written elsewhere.
fn describe_line(
    config: &Config,
    describer: &mut Describer,
    line: &mut Line,
    sink: &mut Sink<'_>,
) -> anyhow::Result<()> {
    let action = match &mut line.record {
        Ok(Record::Begin(_) | Record::End(_)) => Action::Drop,
        Ok(Record::Video(video)) => {
            describer.start_video(video);
            Action::PassThrough
        }
        Ok(Record::Frame(frame)) => {
            refuse_terminal(config, frame)?;
            describer.describe(frame)
        }
        _ => Action::PassThrough,
    };
    match (action, &line.record) {
        (Action::Drop, _) => Ok(()),
        (Action::Write, Ok(record)) => sink.frame(line, record),
        (Action::Write | Action::PassThrough, _) => sink.pass(line),
    }
}

/// Refuses to print inline images to a terminal.
fn refuse_terminal(config: &Config, frame: &Frame) -> anyhow::Result<()> {
    let is_inline = matches!(frame.image, Image::Inline { .. });
    if is_inline && config.prints_records() {
        wo_cli::refuse_terminal(
            "`> FILE` or `-o FILE` keeps the records; `wo-extract --out DIR` writes images as files",
        )?;
    }
    Ok(())
}

fn bad_line(error: &ReadError) -> Failure {
    Failure {
        code: code::BAD_LINE.to_owned(),
        what: error.to_string(),
        tool: env!("CARGO_PKG_NAME").to_owned(),
        path: None,
        video_id: None,
    }
}
