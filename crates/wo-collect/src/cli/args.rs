//! The command line, as data.

use std::ffi::OsString;
use std::path::PathBuf;

use wo_cli::{CaptionsFlag, Common, Reading};

const EXAMPLES: &str = "Examples:
  wo-collect init gym && cd gym                 # a folder to begin with
  wo-collect --dry-run                          # what would be fetched
  wo-collect                                    # fetch what data/sources.csv names and is new
  wo-collect --retry-failed                     # try again now what failed
  wo-collect check                              # what to mend and to film first
  wo-collect forget anna --dry-run              # takedown: what would be removed of a person
  wo-collect forget anna --why 'asked by them'  # remove all that is known of them

Videos land in data/training_data, and data/ledger.ndjson says where each came from.";

/// Fetch the videos that a table of sources names, and keep a ledger of where each came from
#[derive(Debug, clap::Parser)]
#[command(
    name = "wo-collect",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    help_template = "{usage-heading} {usage}\n\n{about-with-newline}\n{all-args}{after-help}"
)]
pub struct Args {
    /// Other tasks than fetching.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub fetch: Fetch,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub common: Common,
}

/// Where the files of a workspace lie.
#[derive(Debug, Clone, clap::Args)]
pub struct Places {
    /// Table of sources
    #[arg(long, value_name = "FILE", default_value = "data/sources.csv")]
    pub sources: PathBuf,
    /// Folder of videos
    #[arg(long, value_name = "DIR", default_value = "data/training_data")]
    pub videos: PathBuf,
    /// Ledger of what was fetched
    #[arg(long, value_name = "FILE", default_value = "data/ledger.ndjson")]
    pub ledger: PathBuf,
    /// Settings [default: wo.toml, where it lies here]
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
}

/// Fetches what is new.
#[derive(Debug, clap::Args)]
pub struct Fetch {
    /// Where the files lie.
    #[command(flatten)]
    pub places: Places,
    /// The program yt-dlp [default: the first on PATH, else the one that scripts/setup collect installs]
    #[arg(long, value_name = "FILE", env = "WO_YT_DLP")]
    pub yt_dlp: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Try again now what failed or was gone
    #[arg(long)]
    pub retry_failed: bool,
    /// Fetch again the videos whose files somebody deleted
    #[arg(long)]
    pub restore: bool,
}

/// Tasks other than fetching.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a folder to begin with; what is there stays as it is
    Init(Init),
    /// Make the folders of a new exercise, and the entry of the captions table to fill in
    AddExercise(AddExercise),
    /// Say what to mend in the collected videos and what to film first
    Check(Check),
    /// Takedown: remove all that is known of a video, a person or a source
    Forget(Forget),
    /// Become a program within limits.
    #[command(hide = true)]
    Guard(Guard),
}

/// Becomes a program within limits; only this tool calls it.
#[derive(Debug, clap::Args)]
pub struct Guard {
    /// The process that starts this one.
    #[arg(long)]
    pub parent: u32,
    /// No file may be larger.
    #[arg(long)]
    pub max_file_bytes: u64,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}

/// Makes a folder to begin with.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The folder
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Makes the folders of a new exercise.
#[derive(Debug, clap::Args)]
pub struct AddExercise {
    /// The exercise, such as lunge or "push up"
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Captions table that gets the entry
    #[arg(long, value_name = "FILE", default_value = "data/captions.toml")]
    pub captions: PathBuf,
    /// Folder of videos
    #[arg(long, value_name = "DIR", default_value = "data/training_data")]
    pub videos: PathBuf,
}

/// Says what to mend.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// What `wo-extract probe` wrote of the videos; `-` is stdin. Without it the videos themselves are not looked at
    #[arg(value_name = "INPUT")]
    pub input: Option<PathBuf>,
    /// Where the files lie.
    #[command(flatten)]
    pub places: Places,
    /// Folder of data, in which a takedown that was killed leaves its note
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Folder of models
    #[arg(long, value_name = "DIR", default_value = "models")]
    pub models: PathBuf,
    /// Captions table.
    #[command(flatten)]
    pub captions: CaptionsFlag,
    /// Input records.
    #[command(flatten)]
    pub reading: Reading,
    /// Write records instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Removes all that is known of something.
#[derive(Debug, clap::Args)]
pub struct Forget {
    /// Ids or paths of videos, addresses, persons or sources; person:, source:, video: or url: before one says which
    #[arg(value_name = "TARGET", required_unless_present = "retire")]
    pub targets: Vec<String>,
    /// Where the files lie.
    #[command(flatten)]
    pub places: Places,
    /// Folder of data, in which all files are looked through
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Folder of models, likewise
    #[arg(long, value_name = "DIR", default_value = "models")]
    pub models: PathBuf,
    /// Look through this folder or file as well, such as one of exports
    #[arg(long, value_name = "PATH")]
    pub also: Vec<PathBuf>,
    /// Set the models aside that were trained on it, and those that were on what was forgotten before
    #[arg(long)]
    pub retire: bool,
    /// The reason that the ledger keeps, without names
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
