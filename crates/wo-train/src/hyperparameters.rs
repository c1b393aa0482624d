//! The hyperparameters of a run, with all defaults filled in, as the model stores them.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use wo_clip::{LoraConfig, Pooling, Precision, Rule};

use crate::model::method::Method;

/// What is minimized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Loss {
    /// Cross-entropy of videos over classes, and of frames over all distinct captions.
    Bank,
    /// The same pairs, each right or wrong by itself: for models with a logit bias, which were trained so.
    Sigmoid,
    /// Frames against the captions of their batch; equal captions are positives.
    Infonce,
    /// Frames against the captions of their batch; only a frame's own caption is a positive, as in `open_clip_train`.
    /// For comparison only.
    Diagonal,
}

impl Loss {
    /// Whether each video stands for itself, so that a step is the sum of its parts.
    pub(crate) fn is_of_single_videos(self) -> bool {
        match self {
            Self::Bank | Self::Sigmoid => true,
            Self::Infonce | Self::Diagonal => false,
        }
    }
}

/// Where between base model and fine-tuned model to end (WiSE-FT: Wortsman et al. 2022, arXiv 2109.01903).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// Where the validation loss is lowest without a loss of balanced accuracy.
    Auto,
    /// At this fraction: 0 is the base model, 1 the fine-tuned model.
    #[serde(rename = "part")]
    Fraction(f64),
}

impl Interpolation {
    /// The fine-tuned model as it is.
    pub(crate) const OFF: Self = Self::Fraction(1.0);
}

impl FromStr for Interpolation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse::<f64>()) {
            ("auto", _) => Ok(Self::Auto),
            ("off", _) => Ok(Self::OFF),
            (_, Ok(fraction)) if (0.0..=1.0).contains(&fraction) => Ok(Self::Fraction(fraction)),
            _ => Err("take auto, off, or a number from 0 to 1".to_owned()),
        }
    }
}

impl fmt::Display for Interpolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fraction(fraction) => write!(f, "{fraction}"),
        }
    }
}

/// What the result of a run depends on, beside its data.
// More than 12 fields: one flat list, since the model stores it as one flat JSON object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Hyperparameters {
    /// Which weights are trained; never [`Method::Auto`].
    pub(crate) method: Method,
    /// Passes over the training videos.
    pub(crate) epochs: u32,
    /// Videos per step.
    pub(crate) batch_size: usize,
    /// Videos per forward pass.
    pub(crate) micro_batch: usize,
    /// Frames per video and step.
    pub(crate) frames: usize,
    /// Peak learning rate.
    pub(crate) lr: f64,
    /// Learning rate of the text tower, as a fraction of `lr`.
    pub(crate) text_lr_factor: f64,
    /// Learning rate of the logit scale, as a fraction of `lr`.
    pub(crate) scale_lr_factor: f64,
    /// Learning rate of a block, as a fraction of that of the next block.
    pub(crate) layer_decay: f64,
    /// Whether the backward pass recomputes activations (gradient checkpointing).
    pub(crate) checkpoint_blocks: bool,
    /// Whether the forward pass computes in bfloat16.
    pub(crate) bf16: bool,
    /// Whether products of 32-bit matrices are computed in TF32, on a GPU.
    pub(crate) tf32: bool,
    /// Blocks of each tower that are frozen.
    pub(crate) freeze_blocks: u32,
    /// Low-rank adapters, for [`Method::Lora`].
    pub(crate) lora: Option<LoraConfig>,
    /// Warm-up, as a fraction of all steps.
    pub(crate) warmup: f64,
    /// Weight decay of matrices.
    pub(crate) weight_decay: f64,
    /// What is minimized.
    pub(crate) loss: Loss,
    /// How the logits of frames become those of a video.
    pub(crate) pooling: Pooling,
    /// Weight of the frame loss.
    pub(crate) frame_loss: f64,
    /// Strength of the augmentation of brightness, colour and sharpness.
    pub(crate) augment: f64,
    /// Captions per class and step; `None` is all.
    pub(crate) captions: Option<u32>,
    /// Weight of the pose loss.
    pub(crate) pose_loss: f64,
    /// The optimizer of the matrices in the towers' blocks.
    pub(crate) optimizer: Rule,
    /// Decay per step of the moving average of the weights; 0 for none.
    pub(crate) ema: f64,
    /// Where between base model and fine-tuned model to end.
    pub(crate) wise: Interpolation,
    /// Epochs without a better one after which the run stops; 0 for never.
    pub(crate) patience: u32,
    /// Fraction of the videos that chooses the best epoch.
    pub(crate) validation: f64,
    /// Fraction of the videos that is held out for evaluation.
    pub(crate) test: f64,
    /// Seed of all random choices.
    pub(crate) seed: u64,
}

impl Hyperparameters {
    /// In which precision the forward pass computes.
    pub(crate) fn precision(&self) -> Precision {
        match (self.bf16, self.tf32) {
            (true, _) => Precision::Bf16,
            (false, true) => Precision::Tf32,
            (false, false) => Precision::Fp32,
        }
    }
}

#[cfg(test)]
impl Hyperparameters {
    /// For a small run.
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
            tf32: false,
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
