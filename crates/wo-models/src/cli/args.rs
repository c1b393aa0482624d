//! The command line, as data.

use std::path::PathBuf;

use wo_cli::{Common, Reading};

const EXAMPLES: &str = "Examples:
  wo-models history
  wo-models show
  wo-models rollback
  wo-describe data/labeled_frames/records.ndjson | wo-models split --keep training | wo-train -o models/new

All commands work on the folder models/ and on wo.toml in the working directory. scripts/retrain calls
them in their order.";

/// Hold groups out, pay for each look at them, and keep track of the model in use
///
/// models/ledger.ndjson holds what happened: which groups are held out, each look at them, each promotion and refusal.
/// models/current is the model in use.
#[derive(Debug, clap::Parser)]
#[command(name = "wo-models", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub common: Common,
}

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write a setting of wo.toml to stdout, one line for each element of a list
    Get(Get),
    /// Write the fingerprint of what a run reads; exit 1 if the last finished run read the same
    ///
    /// It covers videos, groups, tables and reviews of frames, captions, wo.toml and the FILEs. Videos are hashed once,
    /// and again when their size or times change.
    Fingerprint(Fingerprint),
    /// Pass on the records of one side, and give new groups their side
    ///
    /// Groups are videos that share a person or a source. A group is held out or trained on for ever. A video that joins
    /// held-out and trained groups is on neither side, and is named. New held-out groups wait for the next set once two
    /// models were compared on this one.
    Split(Split),
    /// Take one look at the held-out groups: write it into the ledger and its price to stdout
    ///
    /// Reads the held-out records. Writes `first` where no model is in use, the confidence for `wo-eval compare` where one
    /// is, and nothing where the new model is the one in use. Exit 1 if the groups are too few or their looks used up.
    Look(Look),
    /// Put a model in use if the gate let it pass, and write down the decision
    Promote(Promote),
    /// Write models/last-run.json for a run that decided nothing
    Note(Note),
    /// Put an earlier model in use
    Rollback(Rollback),
    /// List what happened
    History(History),
    /// Show the model in use, or another version
    Show(Show),
    /// Delete old models and caches: keep.models and keep.disk of wo.toml say how much stays
    Gc(Gc),
}

/// A setting.
#[derive(Debug, clap::Args)]
pub struct Get {
    /// Its section and name, such as gate.alpha
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// The fingerprint of what a run reads.
#[derive(Debug, clap::Args)]
pub struct Fingerprint {
    /// More files that count, such as the tools
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// The filter.
#[derive(Debug, clap::Args)]
pub struct Split {
    /// Records to read; `-` or no INPUT is stdin
    #[arg(value_name = "INPUT")]
    pub input: Option<PathBuf>,
    /// Which side to pass on
    #[arg(long, value_name = "SIDE")]
    pub keep: KeepFlag,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub reading: Reading,
}

/// The sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum KeepFlag {
    /// Groups to train on
    Training,
    /// Held-out groups that models are judged on now
    HeldOut,
}

/// A look at the held-out groups.
#[derive(Debug, clap::Args)]
pub struct Look {
    /// The held-out records; `-` or no INPUT is stdin
    #[arg(value_name = "INPUT")]
    pub input: Option<PathBuf>,
    /// Folder of the new model
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub challenger: Option<PathBuf>,
    /// Only say whether a new model could be judged, before it is trained
    #[arg(long, conflicts_with = "challenger")]
    pub dry_run: bool,
    /// Fingerprint of what the run reads
    #[arg(long, value_name = "HASH", default_value = "")]
    pub inputs: String,
    /// Judge the new model by itself where the one in use is damaged or missing
    #[arg(long)]
    pub force: bool,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub reading: Reading,
}

/// A promotion.
#[derive(Debug, clap::Args)]
pub struct Promote {
    /// Folder of the new model; it moves to models/versions
    #[arg(long, value_name = "DIR")]
    pub challenger: PathBuf,
    /// What `wo-eval compare --gate`, or `wo-eval --fail-under` for a first model, wrote
    #[arg(long, value_name = "FILE")]
    pub comparison: PathBuf,
    /// What `wo-eval --audit` wrote of the new model; it may not be worse than --audit-of-champion
    #[arg(long, value_name = "FILE", requires = "audit_of_champion")]
    pub audit: Option<PathBuf>,
    /// What `wo-eval --audit` wrote of the model in use
    #[arg(long, value_name = "FILE", requires = "audit")]
    pub audit_of_champion: Option<PathBuf>,
    /// The report, to be named beside the decision
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Fingerprint of what the run reads
    #[arg(long, value_name = "HASH", default_value = "")]
    pub inputs: String,
    /// Replace a model that is damaged or missing
    #[arg(long)]
    pub force: bool,
}

/// How a run went that decided nothing.
#[derive(Debug, clap::Args)]
pub struct Note {
    /// How it went
    #[arg(value_name = "OUTCOME")]
    pub outcome: OutcomeFlag,
    /// Exit code of the run
    #[arg(long, value_name = "CODE", default_value_t = 0)]
    pub exit: u8,
    /// What it was doing
    #[arg(long, value_name = "STAGE", default_value = "")]
    pub stage: String,
    /// The reason, for a person
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub why: String,
}

/// Outcomes of runs that decided nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OutcomeFlag {
    /// It has begun
    Running,
    /// There was nothing to do
    Unchanged,
    /// It could not go on
    Failed,
    /// It was asked to stop
    Stopped,
}

/// The way back.
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// How many promotions to go back
    #[arg(value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub n: u32,
}

/// What happened.
#[derive(Debug, clap::Args)]
pub struct History {
    /// Write the entries of the ledger as JSON, one a line
    #[arg(long)]
    pub json: bool,
}

/// One model.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Version, such as 000003-1f2e3d4c [default: the one in use]
    #[arg(value_name = "VERSION")]
    pub version: Option<String>,
    /// Write it as JSON
    #[arg(long)]
    pub json: bool,
}

/// Deletion of what is old.
#[derive(Debug, clap::Args)]
pub struct Gc {
    /// Only say what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
