//! `models/last-run.json`: how the last run went. It is replaced as a whole, so that it can be read at each moment.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

use wo_cli::Outcome;

use crate::cli::args::OutcomeFlag;
use crate::cli::config::NoteConfig;
use crate::event::{Version, now};
use crate::folder::ModelsFolder;
use crate::ledger::read_history;

/// The file. Programs that watch runs read it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct LastRun {
    /// `running`, `promoted`, `refused`, `unchanged`, `failed` or `stopped`.
    pub(crate) outcome: String,
    /// The exit code; absent while it is running.
    pub(crate) exit: Option<u8>,
    pub(crate) stage: String,
    /// The reason, for a person.
    pub(crate) why: String,
    pub(crate) started: Option<String>,
    pub(crate) ended: Option<String>,
    /// The model in use afterwards.
    pub(crate) in_use: Option<Version>,
    pub(crate) report: Option<PathBuf>,
}

impl LastRun {
    /// Writes it, with the time at which the run began, where that is known.
    pub(crate) fn write(mut self, folder: &ModelsFolder) -> anyhow::Result<()> {
        let path = folder.last_run();
        let running = wo_cli::read_text(&path).ok();
        let running = running.and_then(|text| serde_json::from_str::<Self>(&text).ok());
        let running = running.filter(|it| it.outcome == "running");
        if self.outcome == "running" {
            self.started = Some(now());
        } else {
            self.started = running.and_then(|it| it.started);
            self.ended = Some(now());
        }
        let text = serde_json::to_string_pretty(&self)? + "\n";
        wo_folder::replace(&path, text.as_bytes())
    }
}

/// Writes how a run went that decided nothing.
pub(crate) fn note(config: &NoteConfig) -> anyhow::Result<Outcome> {
    let folder = ModelsFolder::here();
    let _lock = folder.lock()?;
    let (outcome, exit) = match config.outcome {
        OutcomeFlag::Running => ("running", None),
        OutcomeFlag::Unchanged => ("unchanged", Some(config.exit)),
        OutcomeFlag::Failed => ("failed", Some(config.exit)),
        OutcomeFlag::Stopped => ("stopped", Some(config.exit)),
    };
    // A ledger that cannot be read is a reason to say so here, and not to say nothing.
    let in_use = read_history(&folder).ok();
    LastRun {
        outcome: outcome.to_owned(),
        exit,
        stage: config.stage.clone(),
        why: config.why.clone(),
        in_use: in_use.and_then(|it| Some(it.champion()?.version.clone())),
        ..LastRun::default()
    }
    .write(&folder)?;
    Ok(Outcome::Done)
}
