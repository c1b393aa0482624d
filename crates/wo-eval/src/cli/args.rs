//! The command line, as data.

use std::path::PathBuf;

use wo_cli::{CaptionsFlag, Common, Reading, Seed, Threads};

use crate::score::gate::Terms;

/// Say how good a model is, and what it makes of a new video
///
/// Reads records, or a folder of labelled frames, and judges each video. Labelled videos are scored, but only those that
/// the model has not seen: a video whose person or source was in the model's training or validation split is left out.
/// The model is never told the exercise. Each figure comes with a 95 % interval from a bootstrap over groups, and beside
/// two baselines that look at no picture: the majority label of each exercise, and the length of the video.
///
/// On a terminal stdout is a table for people. Else it is records: a verdict for each video, then scores and confusions.
/// --table and --json choose one of the two by hand. --output FILE takes the records away from stdout, so that
/// `wo-eval --table --output eval.ndjson` gives both.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "wo-eval", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Records to read; `-` or nothing is stdin
    #[arg(value_name = "INPUT", conflicts_with = "data_dir")]
    pub input: Option<PathBuf>,
    /// Folder of labelled frames to read instead, as wo-extract --out leaves it
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Evaluate `prediction` records that anything has written, without a model
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "data_dir", "contact_sheet", "robustness"])]
    pub predictions: Option<PathBuf>,
    /// The model to judge with: a directory or a .pt file of wo-train
    #[arg(
        long,
        value_name = "MODEL",
        default_value = "models/clip_finetuned_workout.pt"
    )]
    pub model: PathBuf,
    /// Score the videos that the model was trained or chosen on too, apart from the others and marked
    #[arg(long, alias = "include-seen")]
    pub allow_seen: bool,
    /// What of the evaluation is asked for.
    #[command(flatten)]
    pub analysis: AnalysisArgs,
    /// Write a table for people to stdout, also where stdout is no terminal
    #[arg(long, conflicts_with = "json")]
    pub table: bool,
    /// Write records and no table, also where stdout is a terminal
    #[arg(long)]
    pub json: bool,
    /// Write the records to FILE, whole or not at all, instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write all that was found as one HTML page, with the audit and the suspects
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Draw videos, frames and verdicts into a PNG
    #[arg(long, value_name = "FILE")]
    pub contact_sheet: Option<PathBuf>,
    /// How many videos the contact sheet shows: wrong verdicts first, then a mix of the others
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub contact_videos: u16,
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = wo_clip::device_name)]
    pub device: String,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub seed: Seed,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub threads: Threads,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub captions: CaptionsFlag,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub reading: Reading,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub common: Common,
}

/// What of the evaluation is asked for.
#[derive(Debug, Clone, clap::Args)]
pub struct AnalysisArgs {
    /// Look for shortcuts: what can be told from the length, the file, the source, the picture's quality, the background and
    /// the first frame alone
    #[arg(long)]
    pub audit: bool,
    /// Name videos that are probably labelled wrong, or there twice; wo-review --suspects reads what comes out
    #[arg(long)]
    pub suspects: bool,
    /// Say what more videos would bring, and which to film next
    #[arg(long)]
    pub next: bool,
    /// Measure what is left on pictures that were blurred, squeezed, darkened, shrunk or mirrored, and with the classes in
    /// other words; many times the work
    #[arg(long)]
    pub robustness: bool,
    /// Fields of the videos to slice by, with commas between [default: exercise, angle, source_id, resolution, lighting, duration]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub slice_by: Vec<String>,
    /// End with 1 unless all of this holds, such as `balanced_accuracy>=0.75, recall.bad_form.low>=0.6, ece<=0.1`
    #[arg(long, value_name = "TERMS")]
    pub fail_under: Option<Terms>,
}

/// What to do instead of evaluating.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Compare two models, or what they said, on the same videos
    ///
    /// CANDIDATE and CHAMPION are models, or files with `prediction` records. Models judge the videos of --data-dir or stdin.
    /// A video that either model was trained or chosen on together with its group is refused: what has been seen says nothing.
    Compare(Compare),
}

/// The command line of a comparison. Its help stands at [`Command::Compare`], since that is what clap shows.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = COMPARE_EXAMPLES)]
pub struct Compare {
    /// The one that might replace the other: a model, or a file of predictions
    #[arg(value_name = "CANDIDATE")]
    pub candidate: PathBuf,
    /// The one to be replaced
    #[arg(value_name = "CHAMPION")]
    pub champion: PathBuf,
    /// Folder of labelled frames to judge
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// End with 1 unless all of this holds, such as `balanced_accuracy>=champion-0.01, recall.bad_form>=0.8`
    #[arg(long, value_name = "TERMS")]
    pub gate: Option<Terms>,
    /// Write a table for people to stdout, also where stdout is no terminal
    #[arg(long, conflicts_with = "json")]
    pub table: bool,
    /// Write records and no table, also where stdout is a terminal
    #[arg(long)]
    pub json: bool,
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = wo_clip::device_name)]
    pub device: String,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub seed: Seed,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub threads: Threads,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub captions: CaptionsFlag,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub reading: Reading,
}

const COMPARE_EXAMPLES: &str = "Examples:
  wo-eval compare models/new models/current --data-dir data/labeled_frames --gate 'balanced_accuracy>=champion-0.01'
  wo-eval compare new.ndjson current.ndjson --table";

const EXAMPLES: &str = "Examples:
  wo-extract data/training_data | wo-describe | wo-eval --model models/clip_finetuned_workout.pt
  wo-extract new_video.mp4 | wo-eval > verdict.ndjson
  wo-extract data/training_data | wo-eval --table --output eval.ndjson --contact-sheet eval.png
  wo-eval --data-dir data/labeled_frames --model models/workout --report report.html
  wo-eval --predictions models/workout/out_of_fold.ndjson --fail-under 'ece<=0.1'";

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
