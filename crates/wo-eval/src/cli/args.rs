//! The command line, as data.

use std::path::PathBuf;

use wo_cli::{CaptionsFlag, Common, Reading, Seed, Threads};
use wo_shard::ShardFlag;
use wo_stats::Confidence;

use crate::score::gate::Terms;

/// Score a model on held-out videos, and judge new ones
///
/// Reads records, or a folder of labelled frames, and judges each video. Only held-out labelled videos are scored: a
/// video whose person or source was in the model's training or validation split is excluded. The model is never given
/// the exercise. Each metric has a 95 % confidence interval over groups, and stands beside two
/// baselines that use no image: the majority label of each exercise, and the duration of the video.
///
/// On a terminal, stdout is a table. Otherwise it is records: a verdict for each video, then scores and confusion
/// matrices. --table and --json choose one of the two. --output FILE writes the records to a file, so `wo-eval --table
/// --output eval.ndjson` gives both.
// More than 12 fields: one for each flag.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "wo-eval", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// A subcommand.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Records to read; `-` or nothing is stdin
    #[arg(value_name = "INPUT", conflicts_with = "data_dir")]
    pub input: Option<PathBuf>,
    /// Read a folder of labelled frames instead, as wo-extract --out writes it
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Evaluate a file of `prediction` records from any source, without a model
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "data_dir", "contact_sheet", "robustness"])]
    pub predictions: Option<PathBuf>,
    /// Merge what runs with --shard wrote into one evaluation, as if one run had judged all; needs --model
    #[arg(
        long,
        value_name = "FILE",
        num_args = 1..,
        conflicts_with_all = ["input", "data_dir", "predictions", "shard", "contact_sheet", "robustness", "force_verdict", "allow_seen"]
    )]
    pub merge: Vec<PathBuf>,
    /// Model to evaluate: a directory or .pt file from wo-train
    #[arg(
        long,
        value_name = "MODEL",
        default_value = "models/clip_finetuned_workout.pt"
    )]
    pub model: PathBuf,
    /// Also score videos that the model was trained or chosen on, in a separate, marked part
    #[arg(long, alias = "include-seen")]
    pub allow_seen: bool,
    /// Which parts of the analysis are made.
    #[command(flatten)]
    pub analysis: AnalysisArgs,
    /// Write a table to stdout, even if it is not a terminal
    #[arg(long, conflicts_with_all = ["json", "shard"])]
    pub table: bool,
    /// Write records to stdout, even if it is a terminal
    #[arg(long)]
    pub json: bool,
    /// Write the records to FILE instead of stdout; FILE is complete or unchanged
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write all results as one HTML page, with the shortcut audit and the suspects
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    pub report: Option<PathBuf>,
    /// Write an image of videos, frames and verdicts (PNG)
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    pub contact_sheet: Option<PathBuf>,
    /// Number of videos on the contact sheet: wrong verdicts first, then a random sample of the others
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub contact_videos: u16,
    /// Give verdicts even if the model has no abstention threshold, so that nothing bounds how many are wrong
    #[arg(long, conflicts_with = "predictions")]
    pub force_verdict: bool,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub shard: ShardFlag,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub judging: JudgingArgs,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub common: Common,
}

/// Which parts of the analysis are made.
#[derive(Debug, Clone, clap::Args)]
pub struct AnalysisArgs {
    /// Run the shortcut audit: how well duration, exercise, file, source, image quality, background, first frame or the
    /// lifter at rest alone predict the label
    #[arg(long)]
    pub audit: bool,
    /// List likely label errors, duplicates and outliers; wo-review --suspects reads the output
    #[arg(long, conflicts_with = "shard")]
    pub suspects: bool,
    /// Estimate what more training videos would bring, and which to film next
    #[arg(long, conflicts_with = "shard")]
    pub next: bool,
    /// Measure accuracy on blurred, compressed, darkened, downscaled and mirrored images, and with reworded classes;
    /// many times slower
    #[arg(long)]
    pub robustness: bool,
    /// Video fields to slice by, separated by commas [default: exercise, angle, source_id, person_id, resolution,
    /// lighting, duration]
    #[arg(
        long,
        value_name = "FIELDS",
        value_delimiter = ',',
        conflicts_with = "shard"
    )]
    pub slice_by: Vec<String>,
    /// Exit 1 if a condition fails, such as `balanced_accuracy>=0.75, recall.bad_form.low>=0.6, ece<=0.1`
    #[arg(long, value_name = "TERMS", conflicts_with = "shard")]
    pub fail_under: Option<Terms>,
}

/// The subcommands.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Compare two models, or two files of predictions, on the same videos
    ///
    /// CANDIDATE and CHAMPION are models, or files of `prediction` records. Models judge the videos of --data-dir or
    /// stdin. A video is rejected if either model was trained or chosen on its group: seen videos say nothing about new
    /// ones.
    Compare(Compare),
}

/// The command line of a comparison. Its help stands at [`Command::Compare`], since that is what clap shows.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = COMPARE_EXAMPLES)]
pub struct Compare {
    /// Model or predictions file that might replace the champion
    #[arg(value_name = "CANDIDATE")]
    pub candidate: PathBuf,
    /// Model or predictions file that is in use
    #[arg(value_name = "CHAMPION")]
    pub champion: PathBuf,
    /// Folder of labelled frames to judge
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Exit 1 if a condition fails, such as `difference.balanced_accuracy.low>=-0.02, recall.bad_form>=0.8`
    ///
    /// `difference.METRIC.low` and `.high` are the ends of the paired confidence interval of candidate minus champion. `METRIC>=champion-0.01` compares the two estimates, which a worse model passes by chance.
    #[arg(long, value_name = "TERMS")]
    pub gate: Option<Terms>,
    /// Of the intervals of differences: surer ones, such as 0.99, where the same videos are looked at more than once
    ///
    /// With N looks at the same groups, 1 - 0.1/N keeps the chance that any of them shows a gain of two equal models at
    /// 5 %.
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = confidence)]
    pub confidence: Confidence,
    /// Judge conditions on a difference or on the champion with fewer than 10 effective groups in a class, too
    #[arg(long, requires = "gate")]
    pub allow_few_groups: bool,
    /// Write a table to stdout, even if it is not a terminal
    #[arg(long, conflicts_with = "json")]
    pub table: bool,
    /// Write records to stdout, even if it is a terminal
    #[arg(long)]
    pub json: bool,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// How videos are read and judged, in both commands.
#[derive(Debug, Clone, clap::Args)]
pub struct JudgingArgs {
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = wo_clip::device_name)]
    pub device: String,
    /// Precision of the model's matrix products
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub precision: PrecisionFlag,
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

/// The precision of the model's matrix products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PrecisionFlag {
    /// `tf32` on a GPU that has it (Ampere and later), else `fp32`
    Auto,
    /// 32 bits
    Fp32,
    /// 32 bits of which the upper 19 are multiplied; for GPUs of Ampere and later
    Tf32,
    /// bfloat16: 16 bits with the range of 32; slow on most CPUs
    Bf16,
}

/// A share between 0.5 and 1.
fn confidence(text: &str) -> Result<Confidence, String> {
    let share = text.parse().ok().and_then(Confidence::new);
    share.ok_or_else(|| "a number between 0.5 and 1, such as 0.95".to_owned())
}

const COMPARE_EXAMPLES: &str = "Examples:
  wo-eval compare models/new models/current --data-dir data/labeled_frames --gate 'difference.balanced_accuracy.low>=-0.02'
  wo-eval compare new.ndjson current.ndjson --table";

const EXAMPLES: &str = "Examples:
  wo-extract data/training_data | wo-describe | wo-eval --model models/clip_finetuned_workout.pt
  wo-extract new_video.mp4 | wo-eval > verdict.ndjson
  wo-extract data/training_data | wo-eval --table --output eval.ndjson --contact-sheet eval.png
  wo-eval --data-dir data/labeled_frames --model models/workout --report report.html
  wo-eval --predictions models/workout/out_of_fold.ndjson --fail-under 'ece<=0.1'
  wo-eval records.ndjson --model models/workout --shard 2/8 --output part-2.ndjson
  wo-eval --model models/workout --merge part-*.ndjson --report report.html

With --shard no metric is computed: those of a part mean little. --merge computes them over all
parts, and stops where a part is missing, comes twice, or was judged otherwise than the others.";

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
