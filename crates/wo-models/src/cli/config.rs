//! The configuration: what the flags ask for, with the settings of the workspace.

use std::path::PathBuf;

use wo_cli::Reading;
use wo_settings::{Gate, Settings};

use crate::cli::args::{self, Args, Command, KeepFlag};

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Config {
    Get(String),
    Fingerprint(Vec<PathBuf>),
    Split(SplitConfig),
    Look(LookConfig),
    Promote(PromoteConfig),
    Note(NoteConfig),
    Rollback(usize),
    History(Format),
    Show(Option<String>, Format),
    Gc(Deleting),
}

/// How something is written to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

/// Whether something is deleted or only named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deleting {
    Yes,
    OnlySaid,
}

/// What to do where the model in use is damaged or missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damaged {
    /// Nothing is judged against it, and nothing replaces it.
    Refuse,
    /// A person asks for it to be replaced.
    Replace,
}

/// The side that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Training,
    HeldOut,
}

/// A split.
#[derive(Debug)]
pub(crate) struct SplitConfig {
    pub(crate) input: Option<PathBuf>,
    pub(crate) keep: Keep,
    pub(crate) reading: Reading,
    pub(crate) settings: Settings,
}

/// A look.
#[derive(Debug)]
pub(crate) struct LookConfig {
    pub(crate) input: Option<PathBuf>,
    /// The new model; `None` where it is not trained yet.
    pub(crate) challenger: Option<PathBuf>,
    pub(crate) inputs: String,
    pub(crate) damaged: Damaged,
    pub(crate) reading: Reading,
    pub(crate) settings: Settings,
}

/// A promotion.
#[derive(Debug)]
pub(crate) struct PromoteConfig {
    pub(crate) challenger: PathBuf,
    pub(crate) comparison: PathBuf,
    /// Of the new model and of the one in use.
    pub(crate) audits: Option<[PathBuf; 2]>,
    pub(crate) report: Option<PathBuf>,
    pub(crate) inputs: String,
    pub(crate) damaged: Damaged,
    /// The conditions that it must have passed.
    pub(crate) gate: Gate,
}

/// How a run went that decided nothing.
#[derive(Debug)]
pub(crate) struct NoteConfig {
    pub(crate) outcome: args::OutcomeFlag,
    pub(crate) exit: u8,
    pub(crate) stage: String,
    pub(crate) why: String,
}

impl Config {
    /// Fails where the command line names a file or folder that is not there.
    pub(crate) fn from_args(args: Args) -> anyhow::Result<Self> {
        check_paths(&args.command)?;
        Ok(match args.command {
            Command::Get(get) => Self::Get(get.key),
            Command::Fingerprint(fingerprint) => Self::Fingerprint(fingerprint.files),
            Command::Split(split) => Self::Split(SplitConfig {
                input: split.input,
                keep: match split.keep {
                    KeepFlag::Training => Keep::Training,
                    KeepFlag::HeldOut => Keep::HeldOut,
                },
                reading: split.reading,
                settings: Settings::read(None)?,
            }),
            Command::Look(look) => Self::Look(LookConfig {
                input: look.input,
                challenger: look.challenger,
                inputs: look.inputs,
                damaged: Damaged::of(look.force),
                reading: look.reading,
                settings: Settings::read(None)?,
            }),
            Command::Promote(promote) => Self::Promote(PromoteConfig {
                challenger: promote.challenger,
                comparison: promote.comparison,
                audits: promote
                    .audit
                    .zip(promote.audit_of_champion)
                    .map(|(new, old)| [new, old]),
                report: promote.report,
                inputs: promote.inputs,
                damaged: Damaged::of(promote.force),
                gate: Settings::read(None)?.gate,
            }),
            Command::Note(note) => Self::Note(NoteConfig {
                outcome: note.outcome,
                exit: note.exit,
                stage: note.stage,
                why: note.why,
            }),
            Command::Rollback(rollback) => Self::Rollback(rollback.n as usize),
            Command::History(history) => Self::History(Format::of(history.json)),
            Command::Show(show) => Self::Show(show.version, Format::of(show.json)),
            Command::Gc(gc) if gc.dry_run => Self::Gc(Deleting::OnlySaid),
            Command::Gc(_) => Self::Gc(Deleting::Yes),
        })
    }
}

/// The folder of a new model is looked for later: what a killed run left half done may have moved it.
fn check_paths(command: &Command) -> anyhow::Result<()> {
    let files: Vec<&PathBuf> = match command {
        Command::Fingerprint(fingerprint) => fingerprint.files.iter().collect(),
        Command::Promote(promote) => {
            let audits = promote.audit.iter().chain(&promote.audit_of_champion);
            std::iter::once(&promote.comparison).chain(audits).collect()
        }
        _ => Vec::new(),
    };
    files.into_iter().try_for_each(|it| wo_cli::check_file(it))
}

impl Format {
    // A bool, as the flag is.
    fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

impl Damaged {
    // A bool, as the flag is.
    fn of(force: bool) -> Self {
        if force { Self::Replace } else { Self::Refuse }
    }
}
