//! The command line.

use std::path::PathBuf;

use clap::Parser;
use serde::Serialize;
use wo_cli::{Common, Reading, Seed, Threads};
use wo_clip::Rule;

/// Fine-tune CLIP on described frames, so that it judges form
///
/// Reads records from stdin, a file or a folder of labelled frames. Videos of one person (else one source, else one
/// video) stay on one side of the split into training, validation and test; the split is stored in the model, and
/// wo-eval scores only what the model has not seen. Writes metrics as NDJSON on stdout and the model to --output.
#[derive(Debug, Clone, Parser)]
#[command(name = "wo-train", version, after_help = EXAMPLES)]
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
    /// What to start from: `tiny` (in this binary), `scratch:tiny`, `scratch:small`, or a model directory or .pt
    #[arg(long, value_name = "MODEL", default_value = "tiny")]
    pub init: String,
    /// Times to go through the training videos
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub epochs: u32,
    /// Videos a step
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub batch_size: usize,
    /// Frames of each video a step, drawn anew each time
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub frames: usize,
    /// Peak learning rate [default: 1e-3 from scratch, 1e-4 from tiny, 1e-5 from any other model]
    #[arg(long, value_name = "LR")]
    pub lr: Option<f64>,
    /// Part of all steps over which the learning rate rises
    #[arg(long, value_name = "PART", default_value_t = 0.1)]
    pub warmup: f64,
    /// Pull of matrices towards zero
    #[arg(long, value_name = "W", default_value_t = 0.05)]
    pub weight_decay: f64,
    /// Weight of the loss of single frames beside that of whole videos
    #[arg(long, value_name = "W", default_value_t = 0.3)]
    pub frame_loss: f64,
    /// How strongly light, colour and sharpness of a video are changed at random, from 0 to 1
    #[arg(long, value_name = "STRENGTH", default_value_t = 1.0)]
    pub augment: f64,
    /// Captions of each class a step, drawn anew each time; all of them where it is not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub captions: Option<u32>,
    /// Weight of the loss of joints, where the input has poses (wo-synth --stills writes them); for pre-training
    #[arg(long, value_name = "W", default_value_t = 0.0)]
    pub pose_loss: f64,
    /// Part of the videos, by group, that the best epoch is chosen by
    #[arg(long, value_name = "PART", default_value_t = 0.15)]
    pub validation: f64,
    /// Part of the videos, by group, that is kept for wo-eval and looked at by nothing here
    #[arg(long, value_name = "PART", default_value_t = 0.2)]
    pub test: f64,
    /// `auto`, `cpu`, `cuda` or `cuda:N`
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = wo_clip::device_name)]
    pub device: String,
    /// Store the weights in 16 bits (folders only)
    #[arg(long)]
    pub half: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub seed: Seed,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub threads: Threads,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub reading: Reading,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented where it is defined")]
    pub common: Common,
}

const EXAMPLES: &str = "Examples:
  wo-extract data/training_data | wo-describe | wo-train --output models/clip_finetuned_workout.pt
  wo-train --data-dir data/labeled_frames --epochs 20 --output models/workout
  wo-train --init models/clip-vit-base-patch32 --data-dir data/labeled_frames";

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// What a run depends on, as it is stored in the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hyperparameters {
    /// Times through the training videos.
    pub epochs: u32,
    /// Videos a step.
    pub batch_size: usize,
    /// Frames of each video a step.
    pub frames: usize,
    /// Peak learning rate.
    pub lr: f64,
    /// Share of the learning rate that the text tower and the scale get.
    pub text_lr_factor: f64,
    /// Part of all steps over which the learning rate rises.
    pub warmup: f64,
    /// Pull of matrices towards zero.
    pub weight_decay: f64,
    /// Weight of the loss of single frames.
    pub frame_loss: f64,
    /// How strongly looks are changed at random.
    pub augment: f64,
    /// Captions of each class a step; `None` is all.
    pub captions: Option<u32>,
    /// Weight of the loss of joints.
    pub pose_loss: f64,
    /// What moves the matrices of the towers' blocks.
    pub optimizer: Rule,
    /// Part of the videos that the best epoch is chosen by.
    pub validation: f64,
    /// Part of the videos that is kept for evaluation.
    pub test: f64,
    /// Where all randomness comes from.
    pub seed: u64,
}
