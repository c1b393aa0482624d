//! The configuration: what the flags and `wo.toml` ask for.

use std::path::PathBuf;

use wo_cli::{CaptionsFlag, Reading};
use wo_settings::Settings;

use crate::cli::args::{self, Args, Command};
use crate::downloader::guard::Guarded;
use crate::hand::Hand;

/// What the tool is asked to do.
#[derive(Debug)]
pub(crate) enum Config {
    Collect(CollectConfig),
    Init(InitConfig),
    AddExercise(AddExerciseConfig),
    Check(CheckConfig),
    Forget(ForgetConfig),
    Guard(Guarded),
}

/// Where the files of a workspace lie.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) sources: PathBuf,
    pub(crate) videos: PathBuf,
    pub(crate) ledger: PathBuf,
}

/// Fetching what is new.
#[derive(Debug)]
pub(crate) struct CollectConfig {
    pub(crate) places: Places,
    pub(crate) settings: wo_settings::Collect,
    pub(crate) yt_dlp: Option<PathBuf>,
    pub(crate) dry_run: bool,
    pub(crate) retry_failed: bool,
    pub(crate) restore: bool,
}

/// Making a folder to begin with.
#[derive(Debug)]
pub(crate) struct InitConfig {
    pub(crate) dir: PathBuf,
}

/// Making the folders of a new exercise.
#[derive(Debug)]
pub(crate) struct AddExerciseConfig {
    /// The exercise, as it is written.
    pub(crate) name: String,
    pub(crate) captions: PathBuf,
    pub(crate) videos: PathBuf,
}

/// Saying what to mend.
#[derive(Debug)]
pub(crate) struct CheckConfig {
    /// What `wo-extract probe` wrote; without it the videos are not looked at.
    pub(crate) input: Option<PathBuf>,
    pub(crate) places: Places,
    /// The folder in which an unfinished takedown leaves its note.
    pub(crate) data: PathBuf,
    pub(crate) models: PathBuf,
    pub(crate) captions: CaptionsFlag,
    pub(crate) reading: Reading,
    pub(crate) json: bool,
}

/// Removing all that is known of something.
#[derive(Debug)]
pub(crate) struct ForgetConfig {
    pub(crate) targets: Vec<String>,
    pub(crate) places: Places,
    pub(crate) data: PathBuf,
    pub(crate) models: PathBuf,
    /// More folders that are looked through.
    pub(crate) also: Vec<PathBuf>,
    /// Whether models that were trained on it are set aside.
    pub(crate) retires: bool,
    pub(crate) why: Option<String>,
    pub(crate) hand: Hand,
}

impl Config {
    /// What the flags ask for.
    pub(crate) fn of(args: Args) -> anyhow::Result<Self> {
        Ok(match args.command {
            None => Self::Collect(CollectConfig::of(args.fetch)?),
            Some(Command::Init(init)) => Self::Init(InitConfig { dir: init.dir }),
            Some(Command::AddExercise(add)) => Self::AddExercise(AddExerciseConfig {
                name: add.name,
                captions: add.captions,
                videos: add.videos,
            }),
            Some(Command::Check(check)) => Self::Check(CheckConfig {
                input: check.input,
                places: Places::of(check.places)?,
                data: check.data,
                models: check.models,
                captions: check.captions,
                reading: check.reading,
                json: check.json,
            }),
            Some(Command::Forget(forget)) => Self::Forget(ForgetConfig {
                targets: forget.targets,
                places: Places::of(forget.places)?,
                data: forget.data,
                models: forget.models,
                also: forget.also,
                retires: forget.retire,
                why: forget.why,
                hand: if forget.dry_run {
                    Hand::OnlyLooks
                } else {
                    Hand::Writes
                },
            }),
            Some(Command::Guard(guard)) => {
                let mut command = guard.command.into_iter();
                Self::Guard(Guarded {
                    parent: guard.parent,
                    max_file_bytes: guard.max_file_bytes,
                    program: command.next().unwrap_or_default(),
                    arguments: command.collect(),
                })
            }
        })
    }
}

impl CollectConfig {
    fn of(fetch: args::Fetch) -> anyhow::Result<Self> {
        Ok(Self {
            settings: Settings::read(fetch.places.settings.as_deref())?.collect,
            places: Places::from(fetch.places),
            yt_dlp: fetch.yt_dlp,
            dry_run: fetch.dry_run,
            retry_failed: fetch.retry_failed,
            restore: fetch.restore,
        })
    }
}

impl Places {
    /// For a task that needs no settings: what is wrong with them is said all the same, since another task would stop there.
    fn of(places: args::Places) -> anyhow::Result<Self> {
        Settings::read(places.settings.as_deref())?;
        Ok(Self::from(places))
    }
}

impl From<args::Places> for Places {
    fn from(places: args::Places) -> Self {
        Self {
            sources: places.sources,
            videos: places.videos,
            ledger: places.ledger,
        }
    }
}
