//! What a run depends on: the command line with all defaults filled in, as it is stored in the model.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use wo_clip::tch::Device;
use wo_clip::{LoraConfig, Pooling, Rule};

use crate::args::{Args, Precision};
use crate::init::Init;
use crate::method::{Choice, Method};

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

/// A running average of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Average {
    /// By the number of videos.
    Auto,
    /// This part of it stays at a step; 0 is none.
    Decay(f64),
}

impl FromStr for Average {
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

/// Frames that go through the model at once where nothing else is asked for.
const FRAMES_AT_ONCE: usize = 64;

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

impl Hyperparameters {
    /// Fills in what the command line leaves open.
    pub(crate) fn of(
        args: &Args,
        init: &Init,
        choice: &Choice,
        n_train: usize,
        device: Device,
    ) -> Self {
        let fit = &args.fit;
        let start = init.defaults();
        let method = choice.method;
        let lr = match method {
            Method::Probe => 1e-3,
            Method::Lora => 2e-4,
            _ => start.lr,
        };
        let layer_decay = if method == Method::Full && start.knows_much {
            0.75
        } else {
            1.0
        };
        let ema = match fit.ema {
            Average::Decay(decay) => decay,
            Average::Auto if !start.knows_much || method == Method::Probe => 0.0,
            Average::Auto => match n_train {
                0..60 => 0.0,
                60..=300 => 0.99,
                _ => 0.999,
            },
        };
        let rank = fit.lora_rank.map_or(choice.rank, i64::from);
        Self {
            method,
            epochs: fit.epochs,
            batch_size: fit.batch_size.max(1),
            micro_batch: match fit.micro_batch {
                // What is compared within a batch cannot be taken apart.
                _ if fit.loss != Loss::Bank => fit.batch_size,
                Some(n) => n as usize,
                None => FRAMES_AT_ONCE / fit.frames.max(1),
            }
            .clamp(1, fit.batch_size.max(1)),
            frames: fit.frames.max(1),
            lr: fit.lr.unwrap_or(lr),
            text_lr_factor: if method == Method::Lora {
                1.0
            } else {
                start.text_lr_factor
            },
            scale_lr_factor: start.text_lr_factor,
            layer_decay: fit.layer_decay.unwrap_or(layer_decay),
            checkpoint_blocks: fit.checkpoint_blocks,
            bf16: match fit.precision {
                Precision::Auto => device != Device::Cpu,
                Precision::Fp32 => false,
                Precision::Bf16 => true,
            },
            freeze_blocks: fit.freeze_blocks,
            lora: (method == Method::Lora).then(|| LoraConfig {
                rank,
                alpha: fit.lora_alpha.unwrap_or(2.0 * rank as f64),
                dropout: fit.lora_dropout,
            }),
            warmup: fit.warmup,
            weight_decay: fit.weight_decay,
            loss: fit.loss,
            pooling: fit.pooling,
            frame_loss: fit.frame_loss,
            augment: fit.augment,
            captions: fit.captions_a_step,
            pose_loss: fit.pose_loss,
            optimizer: start.optimizer,
            ema,
            // What starts from nothing has nothing to go back to.
            wise: if init.is_scratch() {
                Interpolation::OFF
            } else {
                fit.wise
            },
            patience: fit.patience,
            validation: args.parts.validation,
            test: args.parts.test,
            seed: args.seed.seed,
        }
    }
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

/// Values that cannot be meant.
pub(crate) fn check(args: &Args) -> anyhow::Result<()> {
    let (fit, parts, running) = (&args.fit, &args.parts, &args.running);
    anyhow::ensure!(fit.epochs > 0, "--epochs must be 1 or more");
    let is_part = |part: f64| (0.0..1.0).contains(&part);
    anyhow::ensure!(
        is_part(parts.validation) && is_part(parts.test) && parts.validation + parts.test < 0.95,
        "--validation and --test are parts from 0 to 1, and must leave something to train on"
    );
    anyhow::ensure!(
        (0.0..=1.0).contains(&fit.warmup),
        "--warmup is a part from 0 to 1"
    );
    anyhow::ensure!(
        fit.lr.is_none_or(|lr| lr.is_finite() && lr > 0.0),
        "--lr must be above 0"
    );
    anyhow::ensure!(
        fit.risk > 0.0 && fit.risk < 1.0,
        "--risk is a share between 0 and 1"
    );
    for (name, value) in [
        ("--frame-loss", fit.frame_loss),
        ("--pose-loss", fit.pose_loss),
        ("--weight-decay", fit.weight_decay),
        ("--snapshot-every", running.snapshot_every),
    ] {
        anyhow::ensure!(
            value.is_finite() && value >= 0.0,
            "{name} must be 0 or more"
        );
    }
    anyhow::ensure!(
        fit.layer_decay
            .is_none_or(|decay| decay > 0.0 && decay <= 1.0),
        "--layer-decay is a factor from 0 to 1"
    );
    anyhow::ensure!(
        fit.lora_alpha
            .is_none_or(|alpha| alpha.is_finite() && alpha > 0.0),
        "--lora-alpha must be above 0"
    );
    anyhow::ensure!(
        is_part(fit.lora_dropout),
        "--lora-dropout is a part from 0 to below 1"
    );
    anyhow::ensure!(
        (0.0..=1.0).contains(&fit.augment),
        "--augment is a strength from 0 to 1"
    );
    let is_file = args
        .output
        .extension()
        .is_some_and(|extension| extension == "pt");
    anyhow::ensure!(
        !(running.half && is_file),
        "--half is for folders: a .pt file holds 32-bit floats"
    );
    Ok(())
}
