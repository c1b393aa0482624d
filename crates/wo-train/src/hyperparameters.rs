//! What a run depends on: the command line with all defaults filled in, as it is stored in the model.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use wo_clip::{LoraConfig, Pooling, Rule};

use crate::model::method::Method;

/// What is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// Videos over classes and frames over all distinct captions
    Bank,
    /// Frames against the captions of their batch, equal captions alike
    Infonce,
    /// Frames against the captions of their batch, each caption but a frame's own wrong: what `open_clip_train` does. To
    /// compare with only
    #[value(hide = true)]
    Diagonal,
}

/// How far to go from the start to what was fitted (WiSE-FT: Wortsman et al. 2022, arXiv 2109.01903).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// As the validation part says.
    Auto,
    /// This part of the way.
    Part(f64),
}

impl Interpolation {
    /// All of it.
    pub(crate) const OFF: Self = Self::Part(1.0);
}

impl FromStr for Interpolation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse::<f64>()) {
            ("auto", _) => Ok(Self::Auto),
            ("off", _) => Ok(Self::OFF),
            (_, Ok(part)) if (0.0..=1.0).contains(&part) => Ok(Self::Part(part)),
            _ => Err("take auto, off, or a number from 0 to 1".to_owned()),
        }
    }
}

impl fmt::Display for Interpolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Part(part) => write!(f, "{part}"),
        }
    }
}

/// What a run depends on beside its data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hyperparameters {
    /// What is fitted; never [`Method::Auto`].
    pub method: Method,
    /// Times through the training videos.
    pub epochs: u32,
    /// Videos a step.
    pub batch_size: usize,
    /// Videos that go through the model at once.
    pub micro_batch: usize,
    /// Frames of each video a step.
    pub frames: usize,
    /// Peak learning rate.
    pub lr: f64,
    /// Share of the learning rate that the text tower gets.
    pub text_lr_factor: f64,
    /// Share of the learning rate that the scale of the logits gets.
    pub scale_lr_factor: f64,
    /// Factor of the learning rate from one block to the one before.
    pub layer_decay: f64,
    /// Whether what is inside the blocks is computed twice.
    pub checkpoint_blocks: bool,
    /// Whether numbers have 16 bits on the way through the model.
    pub bf16: bool,
    /// Blocks of each tower that are left as they are.
    pub freeze_blocks: u32,
    /// Changes of low rank, for that method.
    pub lora: Option<LoraConfig>,
    /// Part of all steps over which the learning rate rises.
    pub warmup: f64,
    /// Pull of matrices towards zero.
    pub weight_decay: f64,
    /// What is made small.
    pub loss: Loss,
    /// How frames become a video.
    pub pooling: Pooling,
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
    /// How much of the running average of the weights stays at a step; 0 for none.
    pub ema: f64,
    /// How far to go from the start to what was fitted.
    pub wise: Interpolation,
    /// Epochs without a better one after which the run stops; 0 for never.
    pub patience: u32,
    /// Part of the videos that the best epoch is chosen by.
    pub validation: f64,
    /// Part of the videos that is kept for evaluation.
    pub test: f64,
    /// Where all randomness comes from.
    pub seed: u64,
}

#[cfg(test)]
impl Hyperparameters {
    /// Those of a small run.
    pub(crate) fn small() -> Self {
        Self {
            method: Method::Full,
            epochs: 1,
            batch_size: 4,
            micro_batch: 4,
            frames: 2,
            lr: 1e-3,
            text_lr_factor: 1.0,
            scale_lr_factor: 1.0,
            layer_decay: 1.0,
            checkpoint_blocks: false,
            bf16: false,
            freeze_blocks: 0,
            lora: None,
            warmup: 0.1,
            weight_decay: 0.05,
            loss: Loss::Bank,
            pooling: Pooling::Mean,
            frame_loss: 0.3,
            augment: 0.0,
            captions: None,
            pose_loss: 0.0,
            optimizer: Rule::AdamW,
            ema: 0.0,
            wise: Interpolation::OFF,
            patience: 0,
            validation: 0.25,
            test: 0.25,
            seed: 0,
        }
    }
}
