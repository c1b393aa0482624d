//! One run that takes frames: from the files that are named to the records of their frames.

use std::io::Write;
use std::path::PathBuf;

use wo_cli::{Exit, IgnoreBrokenPipe, Outcome, shell_word};
use wo_folder::{RECORDS, Spool, begin_of_records};
use wo_record::{Begin, Failure, Shard, code};

use crate::cli::config::{ExtractConfig, OutConfig};
use crate::extraction;
use crate::input::{shards, sources};
use crate::job::Settings;
use crate::output::layout::Layout;
use crate::output::merge::Merge;
use crate::output::state::{FinishedVideos, State};
use crate::output::writer::{Ended, Output};
use crate::worker::WorkerPool;

/// What to do where records with images would fill a terminal.
const TERMINAL_HINT: &str = "`--out DIR` writes the images as files; `> FILE` and `| wo-describe > FILE` keep the records; \
                             `wo-extract probe PATH --table` describes the videos";

/// Takes frames from all videos that are named and writes the records to `output`.
pub(crate) fn run(config: ExtractConfig, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    let paths = sources::paths_or_default(config.paths)?;
    let out = config.out;
    let mut sources = sources::list(&paths, out.as_ref().map(|out| out.dir.as_path()))?;
    // A shard may be empty where the whole is not.
    let is_empty = sources.is_empty();
    let shard = config
        .shard
        .map(|number| shards::keep(&mut sources, number));
    let prune = out.as_ref().and_then(|out| out.prune);
    if is_empty && prune.is_some() {
        return Err(nothing_to_prune(&paths));
    }
    // Without a source the folder stays untouched.
    let out = out.filter(|_| !is_empty);
    if out.is_none() && !is_empty {
        wo_cli::refuse_terminal(TERMINAL_HINT)?;
    }
    let pool = WorkerPool::start(config.pool, sources.len())?;
    // A folder must not be left unfinished when nobody reads the records.
    let output = &mut *IgnoreBrokenPipe::beside(out.as_ref(), output);
    let opened = out
        .as_ref()
        .map(|out| OpenFolder::open(out, &config.settings));
    let opened = opened.transpose()?;
    if let Some((out, shard)) = out.as_ref().zip(shard.as_ref()) {
        refuse_other_shard(out, shard)?;
    }
    let mut spool = opened
        .as_ref()
        .map(|folder| folder.layout.create_records())
        .transpose()?;
    let folder = opened
        .as_ref()
        .map(|folder| (&folder.layout, &folder.state));
    let merge = Merge::of(&paths, prune);
    let target = folder.zip(spool.as_mut());
    let begin = Begin {
        shard,
        ..pool.begin()
    };
    let mut output = Output::begin(output, target, merge, begin, config.dropped)?;
    let known = opened.as_ref().map(OpenFolder::known);
    extraction::of_all(&sources, &config.settings, known, &pool, |extraction| {
        let n_frames = extraction.frames.count();
        output.write(extraction)?;
        Ok(n_frames)
    })?;
    let ended = output.end()?;
    if let Some((folder, spool)) = opened.as_ref().zip(spool) {
        folder.commit(spool)?;
    }
    if is_empty {
        wo_cli::warn!("{}", no_source(&paths));
        return Ok(Outcome::No);
    }
    Ok(outcome(&ended, sources.len(), out.as_ref()))
}

fn nothing_to_prune(paths: &[PathBuf]) -> anyhow::Error {
    let error = wo_cli::error!(
        Exit::Usage,
        "{}, so --prune cannot tell which frames to delete, and deletes none",
        no_source(paths);
        "name the folder that holds the videos, and check that its disk is mounted"
    );
    error.into()
}

/// Reports what failed.
fn outcome(ended: &Ended, n_sources: usize, out: Option<&OutConfig>) -> Outcome {
    if ended.failures.is_empty() && ended.has_refused {
        return Outcome::No;
    }
    if n_sources > 1 || ended.failures.iter().any(is_conflict) {
        say_failed(&ended.failures, out);
    }
    Outcome::from_failures(ended.failures.len() as u64)
}

/// The folder of `--out`, and what is finished in it.
struct OpenFolder {
    layout: Layout,
    state: State,
}

impl OpenFolder {
    fn open(config: &OutConfig, settings: &Settings) -> anyhow::Result<Self> {
        let layout = Layout::open(&config.dir, config.deleted_by_hand)?;
        let state = State::open(&config.dir, settings, config.failed_files)?;
        Ok(Self { layout, state })
    }

    fn known(&self) -> FinishedVideos<'_> {
        FinishedVideos {
            state: &self.state,
            deleted: self.layout.deleted(),
        }
    }

    /// Publishes the new records, and reports what people's edits led to.
    fn commit(&self, spool: Spool) -> anyhow::Result<()> {
        let video_ids = self.layout.commit(spool)?;
        self.state.compact(|id| video_ids.contains(id))?;
        self.layout.say_edits();
        Ok(())
    }
}

/// Stops where a folder holds another shard: what it says of itself would be wrong.
fn refuse_other_shard(out: &OutConfig, shard: &Shard) -> anyhow::Result<()> {
    let Some(begin) = begin_of_records(&out.dir.join(RECORDS)) else {
        return Ok(());
    };
    let held = match begin.shard {
        Some(held) if (held.index, held.count) == (shard.index, shard.count) => return Ok(()),
        Some(held) => format!("shard {held}"),
        None => "videos of all shards".to_owned(),
    };
    wo_cli::bail!(
        Exit::Usage,
        "{} holds {held}, so shard {shard} needs a folder of its own", out.dir.display();
        "--out {}-{}", shell_word(&out.dir), shard.index
    )
}

fn is_conflict(failure: &Failure) -> bool {
    failure.code == code::LABEL_CONFLICT
}

/// Lists the failed files and what to do. It comes last: many lines may follow the message about a single file.
fn say_failed(failures: &[Failure], out: Option<&OutConfig>) {
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
        cures.push(if out.is_some() {
            "repair the files and run the same command with --retry-failed, or remove them and run it with --prune"
        } else {
            "repair or remove the files, and run the same command again"
        });
    }
    if n_conflicts > 0 {
        cures.push("remove one of two identical videos, or correct groups.csv if it tells them apart, and run the same command again");
    }
    let cures: Vec<String> = cures.into_iter().map(str::to_owned).collect();
    wo_cli::warn_line(&wo_cli::failed(&inputs, cures));
}

fn no_source(paths: &[PathBuf]) -> String {
    let names = wo_cli::named(paths.iter().map(|path| path.display()));
    format!("no video or image in {names}")
}
