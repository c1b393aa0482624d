//! The command line, as data: the flags that matter first, all others in groups.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;
use wo_cli::{CaptionsFlag, Common, Reading, Seed, Threads};
use wo_clip::Pooling;
use wo_record::GroupBy;

use crate::cli::dry_run_flag::DryRunFlag;
use crate::hyperparameters::Interpolation;

/// Fine-tune CLIP on described frames so that it judges form
///
/// Reads records from stdin, a file, or a folder of labelled frames. All videos of one person and all of one source stay
/// in one split: training, validation or test. A person in two sources joins them. The model stores the split, and
/// wo-eval scores only held-out videos. Metrics go to stdout as NDJSON, the model to --output.
///
/// A stopped or killed run resumes when you repeat the command on the same data.
#[derive(Debug, Clone, Parser)]
#[command(name = "wo-train", version, after_help = EXAMPLES, args_override_self = true)]
pub struct Args {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub main: MainArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub base_model: BaseModelArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub data: DataArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub split: SplitArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub optimization: OptimizationArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub loss: LossArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub lora: LoraArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub machine: MachineArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub running: RunArgs,
}

/// The flags that matter.
#[derive(Debug, Clone, clap::Args)]
pub struct MainArgs {
    /// File of records; `-` or nothing reads stdin
    #[arg(value_name = "INPUT", conflicts_with = "data_dir")]
    pub input: Option<PathBuf>,
    /// Folder of labelled frames to read instead of INPUT: its records.ndjson and CSVs. Or tar shards of wo-describe, named
    /// as WebDataset does: 'frames-{000000..000031}.tar', 'frames-*.tar', a.tar::b.tar, 'pipe:COMMAND'
    #[arg(long, value_name = "DIR|SHARDS")]
    pub data_dir: Option<PathBuf>,
    /// Where to write the model: a `.pt` file, or a folder for Hugging Face's CLIPModel.from_pretrained
    #[arg(
        short,
        long,
        value_name = "PATH",
        default_value = "models/clip_finetuned_workout.pt"
    )]
    pub output: PathBuf,
    /// Base model: `auto`, `tiny` (built in), `scratch:tiny`, `scratch:small`, a model folder or .pt, or a repository on
    /// the Hugging Face Hub. `auto` takes `tiny` for drawn videos and openai/clip-vit-base-patch32 for real ones
    /// [default: WO_INIT, else train.init of wo.toml, else auto]
    #[arg(long, value_name = "MODEL")]
    pub init: Option<String>,
    /// Which weights to train
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub method: MethodFlag,
    /// Passes over the training videos
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub epochs: u32,
    /// Print the plan and stop. `--dry-run=records` opens no image, for a quick look at many frames: near-duplicates and
    /// broken images are then not found
    #[arg(long, value_name = "FROM", num_args = 0..=1, require_equals = true, default_missing_value = "images")]
    pub dry_run: Option<DryRunFlag>,
}

/// Which version of the base model, and from where.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Base model")]
pub struct BaseModelArgs {
    /// Use no network: the repository must be in Hugging Face's cache
    #[arg(long)]
    pub offline: bool,
    /// Fetch the base model of real videos, or that of --init, into the cache, pin it, and stop
    #[arg(long)]
    pub fetch_base: bool,
    /// Branch, tag, refs/pr/NUMBER or commit of the repository [default: as pinned in models/models.lock, else main]
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
}

/// Which of the input is used.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// What to do with frames whose label differs from their video's
    #[arg(long, value_name = "HOW", default_value = "leave-out")]
    pub mixed: MixedFlag,
    /// What to do with videos that show the same frames, such as one uploaded twice
    #[arg(long, value_name = "HOW", default_value = "group")]
    pub near_duplicates: NearDuplicatesFlag,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub captions: CaptionsFlag,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub reading: Reading,
}

/// How the data is split, and what is chosen and measured on held-out videos.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = "Split and validation")]
pub struct SplitArgs {
    /// Fraction of the videos, in whole groups, that chooses the best epoch
    #[arg(long, value_name = "FRACTION", default_value_t = 0.15)]
    pub validation: f64,
    /// Fraction of the videos, in whole groups, that is held out for wo-eval; wo-train never looks at it
    #[arg(long, value_name = "FRACTION", default_value_t = 0.2)]
    pub test: f64,
    /// What stays on one side of each split: `both` all videos of a person and all of a source, `person` or `source` only
    /// those of one kind; metrics then hold for new people in known sources, or for known people in new sources
    #[arg(long, value_name = "HOW", default_value_t = GroupBy::Both)]
    pub group_by: GroupBy,
    /// Cross-validate first: train K more models, each scored on groups that it has not seen. Writes the predictions
    /// beside the model. With --validation 0, or where a label has too few groups, each keeps its last epoch
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=50))]
    pub folds: Option<u32>,
    /// Train N models from different seeds and keep the one with the lowest validation loss; a probe is the same from
    /// each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub seeds: u32,
    /// Stop after N epochs without a better one; 0 never stops early
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub patience: u32,
    /// Accepted fraction of videos that get a wrong verdict, on average over validation sets. Where the model is less
    /// sure than this allows, wo-eval abstains: it says `unclear`
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1)]
    pub risk: f64,
}

/// Batches, learning rate and regularization.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Optimization")]
pub struct OptimizationArgs {
    /// Videos per step
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub batch_size: usize,
    /// Frames per video and step, sampled anew each time
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub frames: usize,
    /// Peak learning rate [default: by method and base model]
    #[arg(long, value_name = "LR")]
    pub lr: Option<f64>,
    /// Warm-up of the learning rate, as a fraction of all steps
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1)]
    pub warmup: f64,
    /// Weight decay
    #[arg(long, value_name = "W", default_value_t = 0.05)]
    pub weight_decay: f64,
    /// Layer-wise decay: learning rate of a block as a fraction of that of the next [default: 0.75 for `full` from a
    /// pretrained CLIP, else 1]
    #[arg(long, value_name = "FRACTION")]
    pub layer_decay: Option<f64>,
    /// Freeze the embeddings and the first N blocks of each tower
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub freeze_blocks: u32,
    /// Exponential moving average of the weights, used for validation and output: `auto`, `off`, or its decay per step,
    /// such as 0.99
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub ema: EmaDecay,
    /// Interpolate between base model (0) and fine-tuned model (1), as WiSE-FT does: `off`, a fraction, or `auto`, which
    /// takes the lowest validation loss that costs no balanced accuracy, and stays at 1 with fewer than 40 validation
    /// videos or 10 groups
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub wise: Interpolation,
    /// How strongly brightness, colour and sharpness are augmented, from 0 to 1
    #[arg(long, value_name = "STRENGTH", default_value_t = 1.0)]
    pub augment: f64,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub seed: Seed,
}

/// What is minimized.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Loss")]
pub struct LossArgs {
    /// What the frames are compared with, and how
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub loss: LossFlag,
    /// How the logits of frames become those of a video: `mean`, or `topk:F`, the mean of the highest fraction F per
    /// class
    #[arg(long, value_name = "HOW", default_value = "mean")]
    pub pooling: Pooling,
    /// Weight of the frame loss beside the video loss
    #[arg(long, value_name = "W", default_value_t = 0.3)]
    pub frame_loss: f64,
    /// Captions per class and step, sampled anew each time [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub captions_a_step: Option<u32>,
    /// Weight of the pose loss, for pre-training on frames with poses (wo-synth --stills writes them)
    #[arg(long, value_name = "W", default_value_t = 0.0)]
    pub pose_loss: f64,
}

/// Low-rank adapters, for `--method lora`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "LoRA")]
pub struct LoraArgs {
    /// Rank of the adapters [default: 2 below 60 videos of an exercise, else 8]
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub lora_rank: Option<u32>,
    /// Scale of the adapters: their output is multiplied by this over the rank [default: twice the rank]
    #[arg(long, value_name = "A")]
    pub lora_alpha: Option<f64>,
    /// Dropout on the input of the adapters
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1)]
    pub lora_dropout: f64,
}

/// What changes time and memory, and not what is learnt.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Speed and memory")]
pub struct MachineArgs {
    /// `auto`, `cpu`, `cuda` or `cuda:N`
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = wo_clip::device_name)]
    pub device: String,
    /// Precision of the forward pass; loss and weights always have 32 bits
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub precision: Precision,
    /// Videos per forward pass: fewer take less memory and give the same step [default: as many as give 64 frames; on a GPU as fit its memory]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub micro_batch: Option<u32>,
    /// Recompute activations in the backward pass (gradient checkpointing): a third more compute, much less memory
    #[arg(long)]
    pub checkpoint_blocks: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub threads: Threads,
}

/// How the run goes and what it writes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Run and output")]
pub struct RunArgs {
    /// Store the weights in 16 bits (folders only)
    #[arg(long)]
    pub half: bool,
    /// Whether to resume a stopped run
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub resume: ResumeFlag,
    /// Minutes between snapshots for resuming
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0)]
    pub snapshot_every: f64,
    /// Whether to check first that the model can overfit one batch
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub self_check: SelfCheckFlag,
    /// Write metrics for TensorBoard into this folder
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub common: Common,
}

/// The ways to train a model on a set of videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum MethodFlag {
    /// By the number of training videos per exercise
    Auto,
    /// A linear head on frozen features, initialized from the captions (LP++: Huang et al. 2024, arXiv 2404.02285)
    Probe,
    /// Low-rank adapters in the attention of both towers (CLIP-LoRA: Zanella & Ben Ayed 2024, arXiv 2405.18541)
    Lora,
    /// All weights, with lower learning rates near the input
    Full,
}

/// What to do with frames whose label differs from their video's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum MixedFlag {
    /// Report and exclude them
    LeaveOut,
    /// Train on each with its own label; never validate on it
    Frames,
}

/// What to do with videos that show the same frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum NearDuplicatesFlag {
    /// Report them and keep them in one group, so that no split separates them
    Group,
    /// Stop if they join two persons or sources
    Refuse,
    /// Keep the first of those with the same label; report and exclude the others
    Drop,
}

/// What is minimized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LossFlag {
    /// sigmoid where the model has a logit bias (SigLIP), else bank
    Auto,
    /// Cross-entropy of videos over classes, and of frames over all distinct captions
    Bank,
    /// Each pair of a video and a class, and of a frame and a caption, is right or wrong by itself
    Sigmoid,
    /// Frames against the captions of their batch; equal captions are positives
    Infonce,
    /// Frames against the captions of their batch; only a frame's own caption is a positive, as in `open_clip_train`.
    /// For comparison only
    #[value(hide = true)]
    Diagonal,
}

/// Whether to resume a stopped run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ResumeFlag {
    /// If there is a snapshot of the same flags and data
    Auto,
    /// Never; existing snapshots are overwritten
    Never,
}

/// Whether to check that the model can learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SelfCheckFlag {
    /// Before runs of a thousand steps or more
    Auto,
    /// Always
    On,
    /// Never
    Off,
}

/// The decay of the moving average of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EmaDecay {
    /// By the number of videos.
    Auto,
    /// This fraction of the average stays at each step; 0 turns it off.
    Fixed(f64),
}

impl FromStr for EmaDecay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse::<f64>()) {
            ("auto", _) => Ok(Self::Auto),
            ("off", _) => Ok(Self::Fixed(0.0)),
            (_, Ok(decay)) if (0.0..1.0).contains(&decay) => Ok(Self::Fixed(decay)),
            _ => Err("take auto, off, or a number from 0 to below 1".to_owned()),
        }
    }
}

/// The precision of the forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Precision {
    /// `bf16` on a GPU that multiplies faster in it (Ampere and later), and on a CPU that multiplies in it if a check finds
    /// the same first losses and verdicts; else `fp32`
    Auto,
    /// 32 bits
    Fp32,
    /// 32 bits of which the upper 19 are multiplied; for GPUs of Ampere and later
    Tf32,
    /// bfloat16: 16 bits with the range of 32; many times slower on CPUs that do not multiply in it
    Bf16,
}

const EXAMPLES: &str = "Examples:
  wo-extract data/training_data | wo-describe | wo-train --output models/clip_finetuned_workout.pt
  wo-train --data-dir data/labeled_frames --epochs 20 --output models/workout
  wo-train --init openai/clip-vit-base-patch32 --data-dir data/labeled_frames --method lora
  wo-train --data-dir 'frames-{000000..000031}.tar' --output models/workout
  wo-train --data-dir 'pipe:aws s3 cp s3://bucket/frames-{000000..000031}.tar -' --output models/workout
  wo-train --data-dir data/labeled_frames --dry-run
  torchrun --no-python --nproc-per-node 2 wo-train --data-dir data/labeled_frames --output models/workout";

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.running.common
    }
}
