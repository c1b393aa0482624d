//! `wo-train`: described frames to a fine-tuned CLIP.
//!
//! Videos are split by group, classified by the mean of their frames over all distinct captions, and the model is
//! written with everything that is needed to use and to doubt it: tokenizer, preprocessing, classes, split, arguments,
//! figures. The test part is looked at by nothing here.

mod args;
mod augment;
mod batches;
mod data;
mod init;
mod joints;
mod schedule;
mod split;
mod tiny;
mod train;
mod validation;

use std::io::{BufRead, Write};

use wo_cli::{Exit, ExitWith, Lasting, Outcome};
use wo_clip::{Manifest, Split, write_checkpoint};
use wo_record::{Model, Record, Writer};

pub use args::{Args, Hyperparameters};
use data::Dataset;
use init::Init;

const TOOL: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the tool.
pub fn run(args: Args, input: &mut dyn BufRead, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    check(&args).exit_with(Exit::Usage)?;
    wo_clip::set_threads(args.threads.count());
    let device = wo_clip::device_of(&args.device)
        .map_err(anyhow::Error::msg)
        .exit_with(Exit::Environment)?;
    let init = Init::find(&args.init)?;
    let mut dataset = Dataset::read(&args, input, &init.preprocessor())?;
    describe(&dataset);
    let mut output = Lasting::new(output);
    let mut writer = Writer::begin(&mut output, TOOL, VERSION, &dataset.upstream)?;
    let n_failed = dataset.failures.len() as u64 + dataset.n_skipped_lines;
    for failure in std::mem::take(&mut dataset.failures) {
        writer.failure(failure)?;
    }
    let hyper = hyperparameters(&args, &init);
    let mut checkpoint = init.into_checkpoint(&dataset.captions, hyper.seed)?;
    let trained = train::train(&checkpoint, &dataset, &hyper, device, &mut writer)?;
    checkpoint.manifest = Some(Manifest {
        version: VERSION.to_owned(),
        init: args.init.clone(),
        classes: dataset.classes,
        prompts: dataset.captions,
        videos: dataset
            .examples
            .into_iter()
            .map(|example| example.video)
            .collect(),
        arguments: serde_json::to_value(&hyper)?,
        metrics: trained.metrics,
    });
    let model_id = write_checkpoint(&args.output, &checkpoint, &trained.vs, args.half)?;
    wo_cli::say!("wrote {}", args.output.display());
    let n_parameters = trained
        .vs
        .variables()
        .values()
        .map(|p| p.numel() as u64)
        .sum();
    writer.record(&Record::Model(Model {
        path: args.output.into(),
        model_id,
        n_parameters,
        init: args.init,
    }))?;
    writer.end()?;
    Ok(Outcome::from_failures(n_failed))
}

/// Values that cannot be meant.
fn check(args: &Args) -> anyhow::Result<()> {
    anyhow::ensure!(args.epochs > 0, "--epochs must be 1 or more");
    let is_part = |part: f64| (0.0..1.0).contains(&part);
    anyhow::ensure!(
        is_part(args.validation) && is_part(args.test) && args.validation + args.test < 0.95,
        "--validation and --test are parts from 0 to 1, and must leave something to train on"
    );
    anyhow::ensure!(
        (0.0..=1.0).contains(&args.warmup),
        "--warmup is a part from 0 to 1"
    );
    anyhow::ensure!(
        args.lr.is_none_or(|lr| lr.is_finite() && lr > 0.0),
        "--lr must be above 0"
    );
    anyhow::ensure!(
        args.frame_loss.is_finite() && args.frame_loss >= 0.0,
        "--frame-loss must be 0 or more"
    );
    anyhow::ensure!(
        (0.0..=1.0).contains(&args.augment),
        "--augment is a strength from 0 to 1"
    );
    anyhow::ensure!(
        args.pose_loss.is_finite() && args.pose_loss >= 0.0,
        "--pose-loss must be 0 or more"
    );
    anyhow::ensure!(
        args.weight_decay.is_finite() && args.weight_decay >= 0.0,
        "--weight-decay must be 0 or more"
    );
    let is_file = args
        .output
        .extension()
        .is_some_and(|extension| extension == "pt");
    anyhow::ensure!(
        !(args.half && is_file),
        "--half is for folders: a .pt file holds 32-bit floats"
    );
    Ok(())
}

fn hyperparameters(args: &Args, init: &Init) -> Hyperparameters {
    let defaults = init.defaults();
    Hyperparameters {
        epochs: args.epochs,
        batch_size: args.batch_size,
        frames: args.frames,
        lr: args.lr.unwrap_or(defaults.lr),
        text_lr_factor: defaults.text_lr_factor,
        warmup: args.warmup,
        weight_decay: args.weight_decay,
        frame_loss: args.frame_loss,
        augment: args.augment,
        captions: args.captions,
        pose_loss: args.pose_loss,
        optimizer: defaults.optimizer,
        validation: args.validation,
        test: args.test,
        seed: args.seed.seed,
    }
}

/// Says what goes where.
fn describe(dataset: &Dataset) {
    let part = |split: Split| {
        let videos = dataset.of(split);
        let groups: std::collections::BTreeSet<_> =
            videos.iter().map(|example| &example.video.group).collect();
        format!("{} videos of {} groups", videos.len(), groups.len())
    };
    wo_cli::say!(
        "train {}, validation {}, test {} (left for wo-eval); {} classes, {} captions",
        part(Split::Train),
        part(Split::Validation),
        part(Split::Test),
        dataset.classes.len(),
        dataset.captions.iter().map(Vec::len).sum::<usize>(),
    );
}
