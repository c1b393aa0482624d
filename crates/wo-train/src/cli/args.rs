//! The command line, as data.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;
use wo_cli::{CaptionsFlag, Common, Reading, Seed, Threads};
use wo_clip::Pooling;

use crate::data::config::{Mixed, NearDuplicates};
use crate::hyperparameters::{Interpolation, Loss};
use crate::model::method::Method;
use crate::trainer::config::{Resume, SelfCheck};

/// Fine-tune CLIP on described frames, so that it judges form
///
/// Reads records from stdin, a file or a folder of labelled frames. Videos of one person (else one source, else one
/// video) stay on one side of the split into training, validation and test; the split is stored in the model, and
/// wo-eval scores only what the model has not seen. Writes metrics as NDJSON on stdout and the model to --output.
///
/// A run that is stopped or killed goes on where it was when it is started again with the same flags and data.
#[derive(Debug, Clone, Parser)]
#[command(name = "wo-train", version, after_help = EXAMPLES, args_override_self = true)]
pub struct Args {
    /// A file of records; `-` or nothing for stdin
    #[arg(value_name = "INPUT", conflicts_with = "data_dir")]
    pub input: Option<PathBuf>,
    /// Read a folder of labelled frames instead: its records.ndjson and CSVs
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Where the model goes: a `.pt` file, or a folder that Hugging Face's CLIPModel.from_pretrained reads
    #[arg(
        short,
        long,
        value_name = "PATH",
        default_value = "models/clip_finetuned_workout.pt"
    )]
    pub output: PathBuf,
    /// What to start from: `tiny` (in this binary), `scratch:tiny`, `scratch:small`, a model directory or .pt, or a
    /// repository on the Hugging Face Hub; for real use openai/clip-vit-base-patch32
    #[arg(long, value_name = "MODEL", default_value = "tiny")]
    pub init: String,
    /// Open no socket: a repository must be in Hugging Face's cache already
    #[arg(long)]
    pub offline: bool,
    /// Branch, tag, refs/pr/NUMBER or commit of the repository [default: as pinned in models/models.lock, else main]
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// What is fitted, and to what.
    #[command(flatten)]
    pub fit: FitArgs,
    /// How the data is split.
    #[command(flatten)]
    pub parts: SplitArgs,
    /// How the run goes and what it leaves.
    #[command(flatten)]
    pub running: RunArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub seed: Seed,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub threads: Threads,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub captions: CaptionsFlag,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub reading: Reading,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub common: Common,
}

/// What is fitted, and to what.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Fitting")]
pub struct FitArgs {
    /// What of the model is fitted
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub method: Method,
    /// Times to go through the training videos
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub epochs: u32,
    /// Videos a step
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub batch_size: usize,
    /// Frames of each video a step, drawn anew each time
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub frames: usize,
    /// Videos that go through the model at once; the step is the same, but takes less memory [default: as many as give 64
    /// frames]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub micro_batch: Option<u32>,
    /// Forget what is inside the blocks and compute it once more on the way back: a third more work, much less memory
    #[arg(long)]
    pub checkpoint_blocks: bool,
    /// How numbers are kept on the way through the model; the loss and the weights have 32 bits in any case
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub precision: Precision,
    /// Peak learning rate [default: by method and start]
    #[arg(long, value_name = "LR")]
    pub lr: Option<f64>,
    /// Part of all steps over which the learning rate rises
    #[arg(long, value_name = "PART", default_value_t = 0.1)]
    pub warmup: f64,
    /// Pull of matrices towards zero
    #[arg(long, value_name = "W", default_value_t = 0.05)]
    pub weight_decay: f64,
    /// Factor of the learning rate from one block to the one before it [default: 0.75 for `full` from a model that knows
    /// much, else 1]
    #[arg(long, value_name = "F")]
    pub layer_decay: Option<f64>,
    /// Leave the first N blocks of each tower, and what comes before them, as they are
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub freeze_blocks: u32,
    /// Rank of `lora` [default: 2 below 60 videos of an exercise, else 8]
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub lora_rank: Option<u32>,
    /// Strength of `lora`: its changes are multiplied with this over the rank [default: twice the rank]
    #[arg(long, value_name = "A")]
    pub lora_alpha: Option<f64>,
    /// Part of what goes into `lora` that is dropped at random
    #[arg(long, value_name = "PART", default_value_t = 0.1)]
    pub lora_dropout: f64,
    /// `bank`: frames and videos over all captions; `infonce`: frames against the captions of their batch, equal ones alike
    #[arg(long, value_name = "HOW", default_value = "bank")]
    pub loss: Loss,
    /// How frames become a video: `mean`, or `topk:F`, the mean of the part F of them that says it loudest
    #[arg(long, value_name = "HOW", default_value = "mean")]
    pub pooling: Pooling,
    /// Weight of the loss of single frames beside that of whole videos
    #[arg(long, value_name = "W", default_value_t = 0.3)]
    pub frame_loss: f64,
    /// How strongly light, colour and sharpness of a video are changed at random, from 0 to 1
    #[arg(long, value_name = "STRENGTH", default_value_t = 1.0)]
    pub augment: f64,
    /// Captions of each class a step, drawn anew each time; all of them where it is not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub captions_a_step: Option<u32>,
    /// Weight of the loss of joints, where the input has poses (wo-synth --stills writes them); for pre-training
    #[arg(long, value_name = "W", default_value_t = 0.0)]
    pub pose_loss: f64,
    /// Judge by a running average of the weights: `auto`, `off`, or how much of it stays at a step, such as 0.99
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub ema: EmaDecay,
    /// How far to go from the start to what was fitted, in a straight line: `auto` (the validation part decides), `off`, or
    /// a part from 0 to 1
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub wise: Interpolation,
    /// The share of videos that may get a wrong verdict: wo-eval says `unclear` where the model is less sure than that allows
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    pub risk: f64,
    /// Stop after so many epochs without a better one; 0 for never
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub patience: u32,
}

/// A running average of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EmaDecay {
    /// By the number of videos.
    Auto,
    /// This part of it stays at a step; 0 is none.
    Decay(f64),
}

impl FromStr for EmaDecay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse::<f64>()) {
            ("auto", _) => Ok(Self::Auto),
            ("off", _) => Ok(Self::Decay(0.0)),
            (_, Ok(decay)) if (0.0..1.0).contains(&decay) => Ok(Self::Decay(decay)),
            _ => Err("take auto, off, or a number from 0 to below 1".to_owned()),
        }
    }
}

/// How numbers are kept on the way through the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Precision {
    /// `bf16` on a GPU, else `fp32`
    Auto,
    /// 32 bits
    Fp32,
    /// 16 bits with the range of 32; slow on most CPUs
    Bf16,
}

/// How the data is split.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = "Splitting")]
pub struct SplitArgs {
    /// Part of the videos, by group, that the best epoch is chosen by
    #[arg(long, value_name = "PART", default_value_t = 0.15)]
    pub validation: f64,
    /// Part of the videos, by group, that is kept for wo-eval and looked at by nothing here
    #[arg(long, value_name = "PART", default_value_t = 0.2)]
    pub test: f64,
    /// First fit K more models, each judging a K-th of the groups that it has not seen, for an honest figure; their
    /// predictions go beside the model
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=50))]
    pub folds: Option<u32>,
    /// What becomes of frames that say otherwise than most frames of their video
    #[arg(long, value_name = "HOW", default_value = "leave-out")]
    pub mixed: Mixed,
    /// What becomes of videos that show the same frames, such as one that was uploaded twice
    #[arg(long, value_name = "HOW", default_value = "group")]
    pub near_duplicates: NearDuplicates,
    /// Fit N models from different seeds and keep the one that is best on the validation part
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub seeds: u32,
}

/// How the run goes and what it leaves.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Running")]
pub struct RunArgs {
    /// `auto`, `cpu`, `cuda` or `cuda:N`
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = wo_clip::device_name)]
    pub device: String,
    /// Store the weights in 16 bits (folders only)
    #[arg(long)]
    pub half: bool,
    /// Whether to go on where an earlier run with the same flags and data was stopped
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub resume: Resume,
    /// Minutes between two snapshots that a run can go on from
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0)]
    pub snapshot_every: f64,
    /// Whether to see first that the model can learn one batch by heart
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub self_check: SelfCheck,
    /// Write figures for TensorBoard into this folder
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  wo-extract data/training_data | wo-describe | wo-train --output models/clip_finetuned_workout.pt
  wo-train --data-dir data/labeled_frames --epochs 20 --output models/workout
  wo-train --init openai/clip-vit-base-patch32 --data-dir data/labeled_frames --method lora
  wo-train --data-dir data/labeled_frames --dry-run";

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
