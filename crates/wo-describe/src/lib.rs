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
use wo_record::{Begin, Failure, Frame, Image, Line, ReadError, Record, ReviewsHead, code};
use wo_shard::{StreamCut, cut_stream};

use crate::class_words::Classes;
pub use crate::cli::args::{Args, FormatFlag};
use crate::cli::config::{Config, To};
use crate::describer::{Action, Describer};
use crate::description_check::DescriptionCheck;
use crate::lines_ahead::{LinesAhead, Next};
use crate::shard_sink::ShardSink;
use crate::sink::{Sink, Target};
use crate::written_descriptions::warn_of_judging_descriptions;

/// The name in records.
const TOOL: &str = env!("CARGO_PKG_NAME");
/// The version in records.
const VERSION: &str = env!("CARGO_PKG_VERSION");

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
    config
        .csv
        .iter()
        .try_for_each(|it| wo_cli::check_file(it))?;
    let reviews = config.reviews.as_deref();
    let captions =
        config
            .captions
            .load(Captions::parse, Captions::embedded, Captions::difference)?;
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
    refuse_shard_in_place(config)?;
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
    let input = Described::open(config, stdin)?;
    let write = |target: Target<'_>| describe_stream(config, &mut describer, input, target);
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

fn is_same((input, output): (&Path, &Path)) -> bool {
    input.canonicalize().ok() == output.canonicalize().ok() && input.exists()
}

fn refuse_shard_in_place(config: &Config) -> anyhow::Result<()> {
    let both = config.input.as_deref().zip(config.file());
    if let Some((input, _)) = both.filter(|paths| config.shard.is_some() && is_same(*paths)) {
        wo_cli::bail!(
            Exit::Usage,
            "--shard would take the frames of the other shards out of {}", input.display();
            "write to another file, or to stdout"
        );
    }
    Ok(())
}

fn warn_of_override(dir: &Path) {
    wo_cli::warn!(
        "--csv overrides the tables of {} in this output only; the next run reads the tables again",
        dir.display();
        "correct the rows in the tables"
    );
}

/// The input.
struct Described<'a> {
    /// Its name in messages.
    name: String,
    lines: LinesAhead<'a>,
    /// Which records are written; all without it.
    cut: Option<StreamCut>,
}

impl<'a> Described<'a> {
    fn open(config: &Config, stdin: &'a mut dyn BufRead) -> anyhow::Result<Self> {
        let (path, max_line) = (config.input.as_deref(), config.reading.max_line);
        let (name, input, cut) = if let Some(number) = config.shard {
            let (name, input, cut) = cut_stream(path, stdin, max_line, number)?;
            (name, input, Some(cut))
        } else {
            let (name, input) = open_stream(path, stdin)?;
            (name, input, None)
        };
        Ok(Self {
            name,
            lines: LinesAhead::of(input, max_line)?,
            cut,
        })
    }

    /// The `begin` record of what is written, where `read` was read.
    fn begin(&self, config: &Config, describer: &Describer, read: &Begin) -> Begin {
        Begin {
            reviews: reviews_of(config, describer, read),
            shard: match &self.cut {
                Some(cut) => Some(cut.shard().clone()),
                None => read.shard.clone(),
            },
            ..Begin::of(TOOL, VERSION, self.lines.producers())
        }
    }
}

/// Reads each line, changes it if it is a frame, and writes it.
fn describe_stream(
    config: &Config,
    describer: &mut Describer,
    mut input: Described<'_>,
    target: Target<'_>,
) -> anyhow::Result<Outcome> {
    let input_name = input.name.clone();
    let mut target = Some(target);
    let mut sink = None;
    let mut shard = None;
    let mut n_skipped = 0;
    loop {
        let mut line = match input.lines.next() {
            Ok(Next::Line(line)) => line,
            Ok(Next::Waits) => {
                // What came must not wait for what may never come.
                sink.as_mut().map_or(Ok(()), Sink::flush)?;
                input.lines.wait();
                continue;
            }
            Ok(Next::End) => break,
            Err(bad @ ReadError::Line { .. }) if config.reading.on_error == OnError::Skip => {
                wo_cli::warn!("{input_name}: {bad}");
                n_skipped += 1;
                // A bad line before `begin` has no output stream yet. One shard records it.
                let sink: Option<&mut Sink<'_>> = sink.as_mut();
                if let Some(sink) = sink.filter(|_| takes_others(input.cut.as_ref())) {
                    sink.failure(bad_line(&bad))?;
                }
                continue;
            }
            Err(error) => {
                let cure = || config.input.as_deref().and_then(cure_of_records);
                return Err(stream_error(error))
                    .with_context(|| input_name.clone())
                    .hint_with(cure);
            }
        };
        // The first line is a `begin`, so the reader knows the upstream tools.
        if let Ok(Record::Begin(read)) = &line.record {
            let begin = input.begin(config, describer, read);
            match (&mut sink, target.take()) {
                (None, Some(target)) => {
                    sink = Some(Sink::begin(target, begin.clone())?);
                }
                // Shards stay apart, so that their reader sees that all are there.
                (Some(sink), _) if begin.shard != shard => sink.next_stream(begin.clone())?,
                _ => {}
            }
            shard = begin.shard;
        }
        let Some(sink) = &mut sink else { continue };
        describe_line(config, (describer, input.cut.as_ref()), &mut line, sink)?;
    }
    // Before `end`, so that a stream with contradictions does not look complete.
    describer.finish(config.captions.file())?;
    let n_failed = sink.map_or(Ok(0), |sink| sink.end(input.lines.producers()))?;
    Ok(Outcome::from_failures(n_skipped + n_failed))
}

/// The last review that is in the records already. The log beside another file is not that of the input.
fn reviews_of(config: &Config, describer: &Describer, read: &Begin) -> Option<ReviewsHead> {
    match config.file().filter(|_| !describer.keeps_deleted) {
        Some(file) => head_of_records(file),
        None => read.reviews.clone(),
    }
}

/// Whether what is about no video is written.
fn takes_others(cut: Option<&StreamCut>) -> bool {
    cut.is_none_or(StreamCut::takes_others)
}

/// Changes a frame, and writes the line. `begin` and `end` are written elsewhere. What is in another shard is looked at as
/// well: rows and words for it are no mistake.
fn describe_line(
    config: &Config,
    (describer, cut): (&mut Describer, Option<&StreamCut>),
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
    let is_taken = |record: &Record| cut.is_none_or(|cut| cut.takes(record));
    let is_elsewhere = match &line.record {
        Ok(record) => !is_taken(record),
        Err(_) => !takes_others(cut),
    };
    match (action, &line.record) {
        _ if is_elsewhere => Ok(()),
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
        tool: TOOL.to_owned(),
        path: None,
        video_id: None,
    }
}
