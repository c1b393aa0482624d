//! Videos to frames: `wo-extract [PATH]…` writes a record for each video and for each frame taken from it.
//!
//! It never waits for ever and never lets one bad file end a run. It does not judge what the frames show.

mod cli;
mod decoding;
mod error;
mod extraction;
mod input;
mod output;
mod probe;
mod quality;
mod sampling;
mod worker;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use wo_cli::{Exit, ExitWith, Outcome};
use wo_record::{Failure, code};

pub use cli::args::{Args, Command, Decoding, Probe, Prune};
pub use sampling::frame_filter::MinSharpness;
pub use sampling::sample::Sample;
pub use worker::{Sandbox, serve};

use extraction::Settings;
use input::sources;
use output::layout::Layout;
use output::merge::Merge;
use output::state::{Known, State};
use output::writer::Output;
use worker::Crew;

/// The name in records and messages.
const TOOL: &str = "wo-extract";
/// The version in records.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What to do where records with pictures would fill a terminal.
const TERMINAL_HINT: &str = "`--out DIR` writes the pictures as files; `> FILE` and `| wo-describe > FILE` keep the records; \
                             `wo-extract probe PATH --table` says what the videos are like";
/// Where videos are looked for when no path is given.
const DEFAULT_FOLDER: &str = "data/training_data";

/// Takes frames from all videos that `args` names and writes the records to `output`.
pub fn run(
    args: Args,
    _input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    if args.serve {
        serve(args.decoding.sandbox, |_, _| None)?;
        return Ok(Outcome::Done);
    }
    let is_verbose = args.common.verbose;
    match args.command {
        Some(Command::Probe(probe)) => probe::run(probe, &args.decoding, is_verbose, output),
        None => extract(args, output),
    }
}

fn extract(args: Args, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    let settings = Settings::of(&args);
    let Args {
        paths,
        video_dir,
        out,
        retry_failed,
        prune,
        restore,
        emit_dropped,
        decoding,
        common,
        ..
    } = args;
    let paths = paths_or_default(paths.into_iter().chain(video_dir).collect())?;
    let sources = sources::list(&paths, out.as_deref())?;
    if sources.is_empty() && prune.is_some() {
        return Err(anyhow!(
            "{}, so there is nothing to compare the frames with, and none is taken away\nhint: name the folder that holds the videos; is its disk there?",
            no_source(&paths)
        ))
        .exit_with(Exit::Usage);
    }
    // Without a source nothing of the folder is touched.
    let out = out.filter(|_| !sources.is_empty());
    if out.is_none() && !sources.is_empty() {
        wo_cli::refuse_terminal(TERMINAL_HINT)?;
    }
    let crew = Crew::start(&decoding, sources.len(), common.verbose)?;
    let layout = out
        .as_deref()
        .map(|dir| Layout::open(dir, restore))
        .transpose()?;
    let state = out
        .as_deref()
        .map(|dir| State::open(dir, &settings, retry_failed))
        .transpose()?;
    let mut spool = layout.as_ref().map(Layout::create_records).transpose()?;
    let folder = layout.as_ref().zip(state.as_ref()).zip(spool.as_mut());
    let known = layout.as_ref().zip(state.as_ref());
    let known = known.map(|(layout, state)| Known {
        state,
        deleted: layout.deleted(),
    });
    let merge = Merge::of(&paths, prune);
    let mut output = Output::begin(output, folder, merge, crew.begin(), emit_dropped)?;

    extraction::of_all(&sources, &settings, known, &crew, &decoding, |extraction| {
        let n_frames = extraction.frames.count();
        output.write(extraction)?;
        Ok(n_frames)
    })?;

    let ended = output.end()?;
    if let Some(((layout, state), spool)) = layout.as_ref().zip(state.as_ref()).zip(spool) {
        let video_ids = layout.commit(spool)?;
        state.compact(|id| video_ids.contains(id))?;
        layout.say_edits();
    }
    if sources.is_empty() {
        wo_cli::warn!("{}", no_source(&paths));
        return Ok(Outcome::No);
    }
    if ended.failures.is_empty() && ended.has_refused {
        return Ok(Outcome::No);
    }
    if sources.len() > 1 || ended.failures.iter().any(is_conflict) {
        say_failed(&ended.failures, out.is_some());
    }
    Ok(Outcome::from_failures(ended.failures.len() as u64))
}

fn is_conflict(failure: &Failure) -> bool {
    failure.code == code::LABEL_CONFLICT
}

/// Says which files failed and what to do, as the last that is said: much may have been said since they did.
fn say_failed(failures: &[Failure], has_folder: bool) {
    if failures.is_empty() {
        return;
    }
    let name = |failure: &Failure| failure.path.as_ref().map(ToString::to_string);
    let inputs: Vec<(String, String)> = failures
        .iter()
        .map(|it| (name(it).unwrap_or_default(), it.what.clone()))
        .collect();
    let n_conflicts = failures.iter().filter(|it| is_conflict(it)).count();
    let mut cures = Vec::new();
    if n_conflicts < failures.len() {
        cures.push(if has_folder {
            "mend files and give the same command with --retry-failed, or remove them and give it with --prune"
        } else {
            "mend or remove the files, and give the same command again"
        });
    }
    if n_conflicts > 0 {
        cures.push("of two videos that are the same remove one, or mend groups.csv where that tells them apart, and give the same command again");
    }
    let cures: Vec<String> = cures.into_iter().map(str::to_owned).collect();
    wo_cli::warn!("{}", wo_cli::failed(&inputs, &cures));
}

fn no_source(paths: &[PathBuf]) -> String {
    let names = wo_cli::named(paths.iter().map(|path| path.display()));
    format!("no video or picture in {names}")
}

/// The paths given, else the default folder. Where some are there, those that are not become `error` records; where none is,
/// the command line is wrong.
fn paths_or_default(given: Vec<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    if given.iter().any(|path| path.symlink_metadata().is_ok()) {
        return Ok(given);
    }
    if !given.is_empty() {
        let names = wo_cli::named(given.iter().map(|path| path.display()));
        return Err(anyhow!("{names}: no such file or folder")).exit_with(Exit::Usage);
    }
    if Path::new(DEFAULT_FOLDER).is_dir() {
        return Ok(vec![DEFAULT_FOLDER.into()]);
    }
    Err(anyhow!("no videos named, and there is no {DEFAULT_FOLDER} here\nhint: wo-extract VIDEO_OR_FOLDER…; see --help"))
        .exit_with(Exit::Usage)
}
