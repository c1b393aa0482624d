//! One run that takes frames: from the files that are named to the records of their frames.

use std::io::Write;
use std::path::PathBuf;

use wo_cli::{Exit, IgnoreBrokenPipe, Outcome};
use wo_folder::Spool;
use wo_record::{Failure, code};

use crate::cli::config::{ExtractConfig, OutConfig};
use crate::extraction;
use crate::input::sources;
use crate::job::Settings;
use crate::output::layout::Layout;
use crate::output::merge::Merge;
use crate::output::state::{FinishedVideos, State};
use crate::output::writer::Output;
use crate::worker::WorkerPool;

/// What to do where records with images would fill a terminal.
const TERMINAL_HINT: &str = "`--out DIR` writes the images as files; `> FILE` and `| wo-describe > FILE` keep the records; \
                             `wo-extract probe PATH --table` describes the videos";

/// Takes frames from all videos that are named and writes the records to `output`.
pub(crate) fn run(config: ExtractConfig, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    let paths = sources::paths_or_default(config.paths)?;
    let out = config.out;
    let sources = sources::list(&paths, out.as_ref().map(|out| out.dir.as_path()))?;
    let prune = out.as_ref().and_then(|out| out.prune);
    if sources.is_empty() && prune.is_some() {
        wo_cli::bail!(
            Exit::Usage,
            "{}, so --prune cannot tell which frames to delete, and deletes none",
            no_source(&paths);
            "name the folder that holds the videos, and check that its disk is mounted"
        );
    }
    // Without a source the folder stays untouched.
    let out = out.filter(|_| !sources.is_empty());
    if out.is_none() && !sources.is_empty() {
        wo_cli::refuse_terminal(TERMINAL_HINT)?;
    }
    let pool = WorkerPool::start(config.pool, sources.len())?;
    // A folder must not be left unfinished when nobody reads the records.
    let output = &mut *IgnoreBrokenPipe::beside(out.as_ref(), output);
    let opened = out
        .as_ref()
        .map(|out| OpenFolder::open(out, &config.settings));
    let opened = opened.transpose()?;
    let mut spool = opened
        .as_ref()
        .map(|folder| folder.layout.create_records())
        .transpose()?;
    let folder = opened
        .as_ref()
        .map(|folder| (&folder.layout, &folder.state));
    let merge = Merge::of(&paths, prune);
    let target = folder.zip(spool.as_mut());
    let mut output = Output::begin(output, target, merge, pool.begin(), config.dropped)?;
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
    if sources.is_empty() {
        wo_cli::warn!("{}", no_source(&paths));
        return Ok(Outcome::No);
    }
    if ended.failures.is_empty() && ended.has_refused {
        return Ok(Outcome::No);
    }
    if sources.len() > 1 || ended.failures.iter().any(is_conflict) {
        say_failed(&ended.failures, out.as_ref());
    }
    Ok(Outcome::from_failures(ended.failures.len() as u64))
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
