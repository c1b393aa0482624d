//! From flags to what a run needs: checks, defaults that depend on the data and the machine, and the settings of each
//! part. Below `cli/` nothing knows flags.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use wo_clip::LoraConfig;
use wo_clip::tch::Device;

use crate::cli::args::{Args, EmaDecay, LoraArgs, Precision};
use crate::data::config::{DataConfig, Source};
use crate::data::frame_cache::Storage;
use crate::data::split::Fractions;
use crate::hyperparameters::{Hyperparameters, Interpolation, Loss};
use crate::model::download::BaseModel;
use crate::model::init::{Defaults, Init};
use crate::model::method::{Choice, Method};
use crate::trainer::config::TrainerConfig;

/// Frames per forward pass unless `--micro-batch` says otherwise.
const FRAMES_PER_PASS: usize = 64;

impl Args {
    /// Where the videos are and how they are split.
    pub(crate) fn data_config(&self) -> DataConfig {
        let parent = self.main.output.parent();
        let parent = parent.filter(|dir| !dir.as_os_str().is_empty());
        DataConfig {
            source: match &self.main.data_dir {
                Some(folder) => Source::Folder(folder.clone()),
                None => Source::Stream(self.main.input.clone()),
            },
            cache_dir: parent.unwrap_or(Path::new(".")).to_owned(),
            // A probe reads each frame at most once.
            storage: match self.main.method {
                Method::Probe => Storage::Files,
                _ => Storage::Pixels,
            },
            captions: self.data.captions.clone(),
            reading: self.data.reading.clone(),
            mixed: self.data.mixed,
            near_duplicates: self.data.near_duplicates,
            group_by: self.split.group_by,
            fractions: Fractions {
                validation: self.split.validation,
                test: self.split.test,
            },
            seed: self.optimization.seed.seed,
        }
    }

    /// The base model.
    pub(crate) fn base_model(&self) -> BaseModel {
        BaseModel {
            name: self.main.init.clone(),
            revision: self.base_model.revision.clone(),
            is_offline: self.base_model.offline,
        }
    }

    /// The settings of the trainer that do not change its result.
    pub(crate) fn trainer_config(&self) -> TrainerConfig {
        TrainerConfig {
            resume: self.running.resume,
            snapshot_every: Duration::from_secs_f64(60.0 * self.running.snapshot_every),
            self_check: self.running.self_check,
        }
    }

    /// What the run's result depends on, with defaults for what the command line leaves open.
    pub(crate) fn hyperparameters(
        &self,
        init: &Init,
        choice: &Choice,
        n_train: usize,
        device: Device,
    ) -> Hyperparameters {
        let (main, split) = (&self.main, &self.split);
        let (optimization, loss, machine) = (&self.optimization, &self.loss, &self.machine);
        let defaults = init.defaults();
        let method = choice.method;
        Hyperparameters {
            method,
            epochs: main.epochs,
            batch_size: optimization.batch_size.max(1),
            micro_batch: self.micro_batch(),
            frames: optimization.frames.max(1),
            lr: optimization
                .lr
                .unwrap_or_else(|| default_lr(method, &defaults)),
            text_lr_factor: match method {
                Method::Lora => 1.0,
                _ => defaults.text_lr_factor,
            },
            scale_lr_factor: defaults.text_lr_factor,
            layer_decay: optimization
                .layer_decay
                .unwrap_or_else(|| default_layer_decay(method, &defaults)),
            checkpoint_blocks: machine.checkpoint_blocks,
            bf16: is_bf16(machine.precision, device),
            freeze_blocks: optimization.freeze_blocks,
            lora: (method == Method::Lora).then(|| lora_config(&self.lora, choice)),
            warmup: optimization.warmup,
            weight_decay: optimization.weight_decay,
            loss: loss.loss,
            pooling: loss.pooling,
            frame_loss: loss.frame_loss,
            augment: optimization.augment,
            captions: loss.captions_a_step,
            pose_loss: loss.pose_loss,
            optimizer: defaults.optimizer,
            ema: match optimization.ema {
                EmaDecay::Fixed(decay) => decay,
                EmaDecay::Auto => default_ema(method, &defaults, n_train),
            },
            // Random weights are nothing to go back to.
            wise: if init.is_scratch() {
                Interpolation::OFF
            } else {
                optimization.wise
            },
            patience: split.patience,
            validation: split.validation,
            test: split.test,
            seed: optimization.seed.seed,
        }
    }

    fn micro_batch(&self) -> usize {
        let (batch_size, frames) = (self.optimization.batch_size, self.optimization.frames);
        let n = match self.machine.micro_batch {
            // A loss that compares the frames of a batch needs all of them at once.
            _ if self.loss.loss != Loss::Bank => batch_size,
            Some(n) => n as usize,
            None => FRAMES_PER_PASS / frames.max(1),
        };
        n.clamp(1, batch_size.max(1))
    }
}

fn is_bf16(precision: Precision, device: Device) -> bool {
    match precision {
        Precision::Auto => device != Device::Cpu,
        Precision::Fp32 => false,
        Precision::Bf16 => true,
    }
}

fn default_lr(method: Method, base_model: &Defaults) -> f64 {
    match method {
        Method::Probe => 1e-3,
        Method::Lora => 2e-4,
        Method::Auto | Method::Full => base_model.lr,
    }
}

fn default_layer_decay(method: Method, base_model: &Defaults) -> f64 {
    if method == Method::Full && base_model.is_pretrained {
        0.75
    } else {
        1.0
    }
}

fn default_ema(method: Method, base_model: &Defaults, n_train: usize) -> f64 {
    if !base_model.is_pretrained || method == Method::Probe {
        return 0.0;
    }
    match n_train {
        0..60 => 0.0,
        60..=300 => 0.99,
        _ => 0.999,
    }
}

fn lora_config(args: &LoraArgs, choice: &Choice) -> LoraConfig {
    let rank = args.lora_rank.map_or(choice.rank, i64::from);
    LoraConfig {
        rank,
        alpha: args.lora_alpha.unwrap_or(2.0 * rank as f64),
        dropout: args.lora_dropout,
    }
}

/// Rejects values out of range.
pub(crate) fn check(args: &Args) -> anyhow::Result<()> {
    ensure!(args.main.epochs > 0, "--epochs must be 1 or more");
    check_split(args)?;
    check_optimization(args)?;
    check_loss_and_lora(args)?;
    let running = &args.running;
    check_not_negative("--snapshot-every", running.snapshot_every)?;
    let extension = args.main.output.extension();
    let is_file = extension.is_some_and(|extension| extension == "pt");
    ensure!(
        !(running.half && is_file),
        "--half is for folders: a .pt file holds 32-bit floats"
    );
    Ok(())
}

fn check_split(args: &Args) -> anyhow::Result<()> {
    let (validation, test, risk) = (args.split.validation, args.split.test, args.split.risk);
    ensure!(
        is_fraction(validation) && is_fraction(test) && validation + test < 0.95,
        "--validation and --test are fractions from 0 to 1, and must leave something to train on"
    );
    ensure!(
        risk > 0.0 && risk < 1.0,
        "--risk is a fraction between 0 and 1"
    );
    Ok(())
}

fn check_optimization(args: &Args) -> anyhow::Result<()> {
    let it = &args.optimization;
    ensure!(
        (0.0..=1.0).contains(&it.warmup),
        "--warmup is a fraction from 0 to 1"
    );
    ensure!(it.lr.is_none_or(is_positive), "--lr must be above 0");
    check_not_negative("--weight-decay", it.weight_decay)?;
    ensure!(
        it.layer_decay
            .is_none_or(|decay| decay > 0.0 && decay <= 1.0),
        "--layer-decay is a fraction from 0 to 1"
    );
    ensure!(
        (0.0..=1.0).contains(&it.augment),
        "--augment is a strength from 0 to 1"
    );
    Ok(())
}

fn check_loss_and_lora(args: &Args) -> anyhow::Result<()> {
    check_not_negative("--frame-loss", args.loss.frame_loss)?;
    check_not_negative("--pose-loss", args.loss.pose_loss)?;
    ensure!(
        args.lora.lora_alpha.is_none_or(is_positive),
        "--lora-alpha must be above 0"
    );
    ensure!(
        is_fraction(args.lora.lora_dropout),
        "--lora-dropout is a fraction from 0 to below 1"
    );
    Ok(())
}

fn is_fraction(value: f64) -> bool {
    (0.0..1.0).contains(&value)
}

fn is_positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn check_not_negative(flag: &str, value: f64) -> anyhow::Result<()> {
    ensure!(
        value.is_finite() && value >= 0.0,
        "{flag} must be 0 or more"
    );
    Ok(())
}
