//! From flags to what a run needs: checks, defaults that depend on the data and the machine, and the settings of each part.
//! Below it nobody sees flags.

use std::path::Path;
use std::time::Duration;

use wo_clip::LoraConfig;
use wo_clip::tch::Device;

use crate::cli::args::{Args, EmaDecay, Precision};
use crate::data::config::{DataConfig, Source};
use crate::data::frame_cache::Storage;
use crate::data::split::Shares;
use crate::hyperparameters::{Hyperparameters, Interpolation, Loss};
use crate::model::init::{BaseModel, Init};
use crate::model::method::{Choice, Method};
use crate::trainer::config::TrainerConfig;

/// Frames that go through the model at once where nothing else is asked for.
const FRAMES_AT_ONCE: usize = 64;

impl Args {
    /// Where the videos are and how they are split.
    pub(crate) fn data_config(&self) -> DataConfig {
        let beside = self.output.parent();
        let beside = beside.filter(|dir| !dir.as_os_str().is_empty());
        DataConfig {
            source: match &self.data_dir {
                Some(folder) => Source::Folder(folder.clone()),
                None => Source::Stream(self.input.clone()),
            },
            store_dir: beside.unwrap_or(Path::new(".")).to_owned(),
            // A probe looks at each frame once, and perhaps not at all.
            storage: match self.fit.method {
                Method::Probe => Storage::Files,
                _ => Storage::Pixels,
            },
            captions: self.captions.clone(),
            reading: self.reading.clone(),
            mixed: self.parts.mixed,
            near_duplicates: self.parts.near_duplicates,
            shares: Shares {
                validation: self.parts.validation,
                test: self.parts.test,
            },
            seed: self.seed.seed,
        }
    }

    /// What the model starts from.
    pub(crate) fn base_model(&self) -> BaseModel {
        BaseModel {
            name: self.init.clone(),
            revision: self.revision.clone(),
            is_offline: self.offline,
        }
    }

    /// How a fit goes, apart from what it learns.
    pub(crate) fn trainer_config(&self) -> TrainerConfig {
        let running = &self.running;
        TrainerConfig {
            resume: running.resume,
            snapshot_every: Duration::from_secs_f64(60.0 * running.snapshot_every),
            self_check: running.self_check,
        }
    }
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
            EmaDecay::Decay(decay) => decay,
            EmaDecay::Auto if !start.knows_much || method == Method::Probe => 0.0,
            EmaDecay::Auto => match n_train {
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
