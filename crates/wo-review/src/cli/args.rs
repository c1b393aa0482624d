//! The command line, as data.

use std::net::IpAddr;
use std::path::PathBuf;

use wo_cli::{CaptionsFlag, Common};
use wo_folder::WrittenLabel;
use wo_record::Name;

use crate::label_studio::role::Role;

const EXAMPLES: &str = "Examples:
  wo-review data/labeled_frames
  wo-review data/labeled_frames --queue suspects --suspects suspects.ndjson
  wo-review data/labeled_frames --queue uncertain --predictions predictions.ndjson
  wo-review data/labeled_frames --reviewer anna --reviewer ben --port 8080 --no-open
  wo-review export data/labeled_frames --to csv -o labels.csv

Each decision is one line of FOLDER/reviews.ndjson, on disk before the page shows \"saved\".
To review on a remote machine, run ssh -L 8080:127.0.0.1:8080 HOST, start wo-review --port 8080
there, and open the link here.";

/// Confirm and correct frame labels on a local page, one key a frame
#[derive(Debug, clap::Parser)]
#[command(
    name = "wo-review",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    help_template = "{usage-heading} {usage}\n\n{about-with-newline}\n{all-args}{after-help}"
)]
pub struct Args {
    /// Other tasks than serving the page.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub serve: Serve,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub common: Common,
}

/// Options of the page.
// More than 12 fields: one for each flag.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Folder of frames: written by `wo-extract --out`, or with CSVs alone
    #[arg(value_name = "FOLDER", default_value = "data/labeled_frames")]
    pub folder: PathBuf,
    /// Port to listen on; 0 for any free port [default: a fixed port for the folder, or a free one]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Name of a reviewer; repeat for several, each gets a link [default: the user's name]
    #[arg(long, value_name = "NAME", value_parser = parse_reviewer)]
    pub reviewer: Vec<String>,
    /// First queue to show
    #[arg(long, value_name = "QUEUE", default_value = "all")]
    pub queue: QueueFlag,
    /// File of `suspect` records: probable label errors to review
    #[arg(long, value_name = "FILE")]
    pub suspects: Option<PathBuf>,
    /// File of `prediction` or `verdict` records about the folder's videos, from wo-eval --output or wo-train --folds
    #[arg(long, value_name = "FILE")]
    pub predictions: Option<PathBuf>,
    /// Print the frames of --queue as `queued` records, in the order of the page, and serve no page
    #[arg(long)]
    pub list: bool,
    /// Percentage of decisions to ask for again later, to measure how far reviewers agree with themselves
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = parse_percent)]
    pub blind_repeats: f64,
    /// Key for an action or a label, such as good_form=a; may be repeated
    #[arg(long, value_name = "ACTION=KEY", value_parser = parse_key)]
    pub key: Vec<(String, String)>,
    /// Which captions table describes frames.
    #[command(flatten)]
    pub captions: CaptionsFlag,
    /// Do not open a browser
    #[arg(long)]
    pub no_open: bool,
    /// Continue although saved reviews are missing from reviews.ndjson; the log records the loss
    #[arg(long, conflicts_with = "list")]
    pub accept_lost_reviews: bool,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Allow an address that other machines can reach; traffic is not encrypted, so use a TLS proxy
    #[arg(long)]
    pub allow_remote: bool,
    /// With --allow-remote: a host name of the server
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
}

/// The queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum QueueFlag {
    /// All frames, video by video
    All,
    /// Frames that nobody has decided yet
    Undecided,
    /// Undecided frames of --predictions, those first that are nearest to the threshold between two labels: one video
    /// after the other, spread over people, sources and classes
    Uncertain,
    /// Blurry frames first
    Blurry,
    /// Groups of frames that look alike
    NearDuplicates,
    /// Suspects of --suspects, the highest score first
    Suspects,
    /// Frames on which reviewers disagree
    Disagreements,
    /// Frames that others have decided and this reviewer has not; their labels stay hidden
    SecondOpinion,
    /// Deleted frames
    Trash,
}

/// Tasks other than serving the page.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write the reviewed labels in another format
    Export(Export),
    /// Read labels from Label Studio as reviews
    Import(Import),
}

/// Writes the reviewed labels in another format.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Folder of frames
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Format to write
    #[arg(long, value_name = "FORMAT")]
    pub to: FormatFlag,
    /// Output file, or output folder of `imagefolder` [default: stdout]
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Which captions table describes frames.
    #[command(flatten)]
    pub captions: CaptionsFlag,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FormatFlag {
    /// A table with frame_path,label,description and faults if there are any
    Csv,
    /// Records
    Ndjson,
    /// Label Studio tasks with annotations
    LabelStudio,
    /// A Hugging Face ImageFolder: images and metadata.jsonl
    Imagefolder,
}

/// Reads labels from Label Studio as reviews.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// Folder of frames
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Export of Label Studio: JSON, JSON_MIN, or one task a line
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Meaning of a question: label, faults, description, note or nothing; may be repeated [default: by its name]
    #[arg(long, value_name = "NAME[=WHAT]", value_parser = parse_question)]
    pub(crate) question: Vec<(String, Option<Role>)>,
    /// Label of a choice, such as 'Looks fine=good_form'; may be repeated
    #[arg(long, value_name = "VALUE=LABEL", value_parser = parse_label)]
    pub label: Vec<(String, Name)>,
    /// Reviewer of answers without a person
    #[arg(long, value_name = "NAME", default_value = "label_studio", value_parser = parse_reviewer)]
    pub reviewer: String,
    /// Which captions table describes frames.
    #[command(flatten)]
    pub captions: CaptionsFlag,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

fn parse_reviewer(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("write a name".to_owned());
    }
    if text.len() > Name::MAX_BYTES {
        return Err(too_long());
    }
    Ok(text.to_owned())
}

fn too_long() -> String {
    format!(
        "a name has at most {} bytes; write a shorter one",
        Name::MAX_BYTES
    )
}

fn parse_key(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((action, _)) if Name::label(action).is_too_long() => Err(too_long()),
        Some((action, key)) if !action.is_empty() && !key.is_empty() => {
            // The name in browsers.
            let key = if key.eq_ignore_ascii_case("space") {
                " "
            } else {
                key
            };
            Ok((action.to_owned(), key.to_owned()))
        }
        _ => Err("write it as ACTION=KEY, such as good_form=a".to_owned()),
    }
}

fn parse_question(text: &str) -> Result<(String, Option<Role>), String> {
    let (name, role) = match text.rsplit_once('=') {
        None => (text, None),
        Some((name, word)) => {
            let role = Role::ALL.into_iter().find(|role| role.word() == word);
            let words = Role::ALL.map(Role::word).join(", ");
            (
                name,
                Some(role.ok_or_else(|| format!("write one of {words} after ="))?),
            )
        }
    };
    if name.is_empty() {
        return Err("write it as NAME or NAME=WHAT, such as form=label".to_owned());
    }
    Ok((name.to_owned(), role))
}

fn parse_label(text: &str) -> Result<(String, Name), String> {
    let Some((value, label)) = text.rsplit_once('=').filter(|(value, _)| !value.is_empty()) else {
        return Err("write it as VALUE=LABEL, such as 'Looks fine=good_form'".to_owned());
    };
    match WrittenLabel::of(label) {
        WrittenLabel::Known(name) | WrittenLabel::New(name) => Ok((value.to_owned(), name)),
        WrittenLabel::Misspelt { meant, .. } => {
            Err(format!("{label} is no label; did you mean {meant}?"))
        }
        WrittenLabel::TooLong(_) => Err(too_long()),
        WrittenLabel::None => Err(format!("`{label}` is no label")),
    }
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let percent = text.parse().ok().filter(|it| (0.0..=100.0).contains(it));
    percent.ok_or_else(|| "give a number from 0 to 100".to_owned())
}
