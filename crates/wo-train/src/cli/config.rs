//! From flags to what a run needs: checks, defaults that depend on the data and the machine, and the settings of each
//! part. Below `cli/` nothing knows flags.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::ensure;
use wo_cli::{Exit, ExitWith};
use wo_clip::{FoundDevice, LoraConfig, Precision, Processor};

use crate::cli::args::{
    Args, EmaDecay, LoraArgs, LossFlag, MethodFlag, MixedFlag, NearDuplicatesFlag, ResumeFlag,
    SelfCheckFlag,
};
use crate::cli::base_flag::base_request;
use crate::cli::dry_run_flag::DryRunFlag;
use crate::cli::loss_flag::loss_of;
use crate::cli::machine::MachineConfig;
use crate::data::config::{DataConfig, Mixed, NearDuplicates, Source};
use crate::data::frame_cache::Storage;
use crate::data::split::Fractions;
use crate::hyperparameters::{Hyperparameters, Interpolation, Loss};
use crate::model::base_request::BaseRequest;
use crate::model::init::{Defaults, Init};
use crate::model::method::{Choice, Method};
use crate::trainer::config::{Resume, SelfCheck, TrainerConfig};

/// Frames per forward pass on a CPU unless `--micro-batch` says otherwise.
const FRAMES_PER_PASS: usize = 64;
/// The most on a GPU, which takes as many as fit: enough that it computes for longer than it takes to tell it what.
const MOST_FRAMES_PER_PASS: usize = 1024;

/// What a run does, and with what.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where the videos are and how they are split.
    pub(crate) data: DataConfig,
    pub(crate) base_model: BaseRequest,
    pub(crate) method: Method,
    pub(crate) trainer: TrainerConfig,
    pub(crate) models: ModelsConfig,
    pub(crate) output: OutputConfig,
    pub(crate) machine: MachineConfig,
    /// Whether the plan is all that is wanted.
    pub(crate) is_dry_run: bool,
    /// Whether to fetch the base model is all that is wanted.
    pub(crate) fetches_only: bool,
    pub(crate) args: Args,
}

/// How many models are trained, and which mistakes are accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ModelsConfig {
    /// More models that are each scored on groups that they have not seen.
    pub(crate) folds: Option<u32>,
    /// Models from different seeds, of which the best is kept.
    pub(crate) seeds: u32,
    /// The accepted fraction of wrong verdicts.
    pub(crate) risk: f64,
}

/// What is written, and where.
#[derive(Debug)]
pub(crate) struct OutputConfig {
    pub(crate) model: PathBuf,
    /// Whether weights are stored in 16 bits.
    pub(crate) is_half: bool,
    /// The folder of metrics for TensorBoard.
    pub(crate) tensorboard: Option<PathBuf>,
}

impl Config {
    /// Fails where a value is out of range.
    pub(crate) fn of(args: Args) -> anyhow::Result<Self> {
        check(&args).exit_with(Exit::Usage)?;
        let (main, running) = (&args.main, &args.running);
        Ok(Self {
            data: data_config(&args),
            base_model: base_request(&args)?,
            method: main.method.into(),
            trainer: TrainerConfig {
                resume: running.resume.into(),
                snapshot_every: Duration::from_secs_f64(60.0 * running.snapshot_every),
                self_check: running.self_check.into(),
            },
            models: ModelsConfig {
                folds: args.split.folds,
                seeds: args.split.seeds,
                risk: args.split.risk,
            },
            output: OutputConfig {
                model: main.output.clone(),
                is_half: running.half,
                tensorboard: running.tensorboard.clone(),
            },
            machine: MachineConfig {
                device: args.machine.device.clone(),
                threads: args.machine.threads.clone(),
                precision: args.machine.precision.asked(),
                has_bfloat16: Processor::of_machine().has_bfloat16(),
            },
            is_dry_run: main.dry_run.is_some(),
            fetches_only: args.base_model.fetch_base,
            args,
        })
    }

    /// Videos per forward pass, where a frame takes `bytes` on its way there and back.
    pub(crate) fn micro_batch(&self, found: &FoundDevice, bytes: f64) -> usize {
        let n_frames = found.items_a_pass(bytes, FRAMES_PER_PASS, MOST_FRAMES_PER_PASS);
        micro_batch(&self.args, n_frames)
    }

    /// What the run's result depends on, with defaults for what the command line leaves open.
    pub(crate) fn hyperparameters(
        &self,
        init: &Init,
        choice: &Choice,
        n_train: usize,
        found: &FoundDevice,
    ) -> anyhow::Result<Hyperparameters> {
        let args = &self.args;
        let (main, split) = (&args.main, &args.split);
        let (optimization, loss, machine) = (&args.optimization, &args.loss, &args.machine);
        let defaults = init.defaults();
        let method = choice.method;
        Ok(Hyperparameters {
            method,
            epochs: main.epochs,
            batch_size: optimization.batch_size.max(1),
            micro_batch: micro_batch(args, FRAMES_PER_PASS),
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
            // Settled once the model can be run.
            bf16: false,
            tf32: self.machine.precision_on(found) == Precision::Tf32,
            freeze_blocks: optimization.freeze_blocks,
            lora: (method == Method::Lora).then(|| lora_config(&args.lora, choice)),
            warmup: optimization.warmup,
            weight_decay: optimization.weight_decay,
            loss: self.loss(init)?,
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
            wise: self.wise(init),
            patience: split.patience,
            validation: split.validation,
            test: split.test,
            seed: optimization.seed.seed,
        })
    }

    fn wise(&self, init: &Init) -> Interpolation {
        // Random weights are nothing to go back to.
        if init.is_scratch() {
            return Interpolation::OFF;
        }
        self.args.optimization.wise
    }

    fn loss(&self, init: &Init) -> anyhow::Result<Loss> {
        let name = self.args.main.init.as_deref();
        loss_of(
            self.args.loss.loss,
            init.has_logit_bias(),
            name.unwrap_or("the base model"),
        )
    }
}

fn data_config(args: &Args) -> DataConfig {
    let parent = args.main.output.parent();
    let parent = parent.filter(|dir| !dir.as_os_str().is_empty());
    DataConfig {
        source: match &args.main.data_dir {
            Some(named) => Source::of_data_dir(named),
            None => Source::Stream(args.main.input.clone()),
        },
        cache_dir: parent.unwrap_or(Path::new(".")).to_owned(),
        storage: match (args.main.dry_run, args.main.method) {
            (Some(DryRunFlag::Records), _) => Storage::Unread,
            // A probe reads each frame at most once.
            (_, MethodFlag::Probe) => Storage::Files,
            _ => Storage::Pixels,
        },
        captions: args.data.captions.clone(),
        reading: args.data.reading.clone(),
        mixed: args.data.mixed.into(),
        near_duplicates: args.data.near_duplicates.into(),
        group_by: args.split.group_by,
        fractions: Fractions {
            validation: args.split.validation,
            test: args.split.test,
        },
        seed: args.optimization.seed.seed,
    }
}

/// Videos per forward pass where `n_frames` fit into one.
fn micro_batch(args: &Args, n_frames: usize) -> usize {
    let (batch_size, frames) = (args.optimization.batch_size, args.optimization.frames);
    let n = match args.machine.micro_batch {
        // A loss that compares the frames of a batch needs all of them at once.
        _ if matches!(args.loss.loss, LossFlag::Infonce | LossFlag::Diagonal) => batch_size,
        Some(n) => n as usize,
        None => n_frames / frames.max(1),
    };
    n.clamp(1, batch_size.max(1))
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
fn check(args: &Args) -> anyhow::Result<()> {
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

impl From<MethodFlag> for Method {
    fn from(flag: MethodFlag) -> Self {
        match flag {
            MethodFlag::Auto => Self::Auto,
            MethodFlag::Probe => Self::Probe,
            MethodFlag::Lora => Self::Lora,
            MethodFlag::Full => Self::Full,
        }
    }
}

impl From<MixedFlag> for Mixed {
    fn from(flag: MixedFlag) -> Self {
        match flag {
            MixedFlag::LeaveOut => Self::LeaveOut,
            MixedFlag::Frames => Self::Frames,
        }
    }
}

impl From<NearDuplicatesFlag> for NearDuplicates {
    fn from(flag: NearDuplicatesFlag) -> Self {
        match flag {
            NearDuplicatesFlag::Group => Self::Group,
            NearDuplicatesFlag::Refuse => Self::Refuse,
            NearDuplicatesFlag::Drop => Self::Drop,
        }
    }
}

impl From<ResumeFlag> for Resume {
    fn from(flag: ResumeFlag) -> Self {
        match flag {
            ResumeFlag::Auto => Self::Auto,
            ResumeFlag::Never => Self::Never,
        }
    }
}

impl From<SelfCheckFlag> for SelfCheck {
    fn from(flag: SelfCheckFlag) -> Self {
        match flag {
            SelfCheckFlag::Auto => Self::Auto,
            SelfCheckFlag::On => Self::On,
            SelfCheckFlag::Off => Self::Off,
        }
    }
}
