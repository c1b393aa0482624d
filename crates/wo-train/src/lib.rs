//! `wo-train`: described frames to a fine-tuned CLIP.
//!
//! Videos are split by group; what can be had without fine-tuning is printed first; then a head, changes of low rank, or
//! all weights are fitted, and the model is written with everything that is needed to use and to doubt it: tokenizer,
//! preprocessing, classes, split, arguments, figures, a card. The test part is looked at by nothing here.

mod artifacts;
mod cli;
mod data;
mod fit;
mod hyperparameters;
mod model;
mod run;
mod trainer;
mod validation;

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, IgnoreBrokenPipe, Outcome, Stop, error, shell_word};
use wo_clip::{Manifest, OutOfMemory, Split, Trust, or_out_of_memory, tch, write_checkpoint};
use wo_input::{cures, failed_inputs, folder_of_frames};
use wo_record::{Failure, LearningCurve, Model, Record, Writer};

pub use cli::args::{Args, EmaDecay, FitArgs, Precision, RunArgs, SplitArgs};
pub use data::config::{Mixed, NearDuplicates};
pub use hyperparameters::{Hyperparameters, Interpolation, Loss};
pub use model::method::Method;
pub use trainer::config::{Resume, SelfCheck};

use artifacts::previous_model::PreviousModel;
use artifacts::run_dir::RunDir;
use artifacts::tensorboard::EventFile;
use artifacts::{loss_plot, model_card};
use cli::{config, plan};
use data::dataset::Dataset;
use data::reader::read_dataset;
use data::{captions, leakage, photographs};
use model::init::Init;
use model::method;
use run::{Fitted, Run};
use validation::{abstention, folds, learning_curve};

const TOOL: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the tool.
pub fn run(args: Args, input: &mut dyn BufRead, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    let result = or_out_of_memory(|| train(args, input, output)).unwrap_or_else(|e| Err(e.into()));
    result.map_err(|error| match OutOfMemory::of(&format!("{error:#}")) {
        Some(short) => error!(
            Exit::Environment,
            "{short}";
            "--micro-batch 1 and --checkpoint-blocks need less memory and learn the same; --method lora and probe need less \
             still"
        )
        .into(),
        None => error,
    })
}

fn train(args: Args, input: &mut dyn BufRead, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    config::check(&args).exit_with(Exit::Usage)?;
    wo_clip::set_threads(args.threads.count());
    let device = wo_clip::device_of(&args.running.device)
        .map_err(anyhow::Error::msg)
        .exit_with(Exit::Environment)?;
    let stop = Stop::listen().context("listen to signals")?;
    let previous = PreviousModel::of(&args.output)?;
    let init = Init::find(&args.base_model())?;
    let is_tiny = matches!(init, Init::Tiny(_));
    let run_dir = RunDir::open(&args.output)?;
    let mut dataset =
        read_dataset(&args.data_config(), input, &init.preprocessor()).exit_or(Exit::Integrity)?;
    for caption in plan::empty_captions(&dataset) {
        wo_cli::warn!(
            "the description \"{caption}\" says good or bad and nothing that can be seen\nhint: name faults, or write what shows"
        );
    }
    let choice = method::choose(
        args.fit.method,
        init.is_model(),
        &n_videos_of_exercises(&dataset),
    );
    let n_train = dataset.of(Split::Train).len();
    let hyper = Hyperparameters::of(&args, &init, &choice, n_train, device);
    let (is_scratch, is_large) = (init.is_scratch(), init.is_model());
    let checkpoint = init
        .into_checkpoint(&dataset.captions, hyper.seed)
        .exit_or(Exit::Integrity)?;
    captions::warn(&dataset, &checkpoint.tokenizer).exit_or(Exit::Integrity)?;
    captions::settle(&mut dataset, &checkpoint.tokenizer).exit_or(Exit::Integrity)?;
    let n_parameters = checkpoint.n_parameters();
    let is_cpu = device == tch::Device::Cpu;
    for line in plan::lines(
        &dataset,
        &hyper,
        &choice,
        &checkpoint.config,
        n_parameters,
        is_cpu,
    ) {
        wo_cli::say!("{line}");
    }
    let is_of_another_kind = is_tiny && dataset.are_photographs;
    if is_of_another_kind {
        wo_cli::warn!("{}", photographs::HINT);
    }
    if let Some(old) = &previous {
        wo_cli::say!("{}", old.announcement());
    }
    let folder = folder_of_frames(args.data_dir.as_deref(), args.input.as_deref());
    if args.dry_run {
        leakage::check_split(&dataset)?;
        let (failures, n_lines) = (&dataset.failures, dataset.n_skipped_lines);
        return Ok(ended(failures, n_lines, folder.as_deref()));
    }
    let mut output = IgnoreBrokenPipe::new(output);
    let mut writer = Writer::begin(&mut output, TOOL, VERSION, &dataset.upstream)?;
    let n_skipped_lines = dataset.n_skipped_lines;
    let failures = std::mem::take(&mut dataset.failures);
    for failure in &failures {
        writer.failure(failure.clone())?;
    }
    let mut run = Run {
        checkpoint: &checkpoint,
        hyper: &hyper,
        config: args.trainer_config(),
        device,
        is_scratch,
        is_large,
        stop: &stop,
        shows_baselines: true,
        writer: &mut writer,
        events: args
            .running
            .tensorboard
            .as_deref()
            .map(EventFile::create)
            .transpose()?,
    };
    let out_of_fold = args
        .parts
        .folds
        .map(|n| folds::cross_validate(&mut run, &dataset, n, run_dir.snapshots()))
        .transpose()?;
    let (fitted, hyper) = best_of_seeds(&mut run, &dataset, args.parts.seeds, &run_dir)?;

    let trust = abstention::measure(
        &dataset,
        &fitted.judged,
        out_of_fold.as_ref().map(|it| it.predictions.as_slice()),
        args.fit.risk,
    );
    wo_cli::say!("{}", abstention::in_words(trust.as_ref()));
    // A start from nothing sees nothing that more videos would help with.
    let learning_curve = (!is_scratch)
        .then(|| learning_curve::learning_curve(&dataset, &fitted, &hyper))
        .flatten();
    if let Some(curve) = &learning_curve {
        wo_cli::say!("{}", learning_curve::in_words(curve));
        writer.record(&Record::LearningCurve(curve.clone()))?;
    }
    let mut notes = BTreeMap::from([(
        "README.md",
        model_card::card(
            &dataset,
            &hyper,
            &args.init,
            &fitted.metrics,
            &fitted.comparison,
            out_of_fold.as_ref().map(|it| &it.comparison),
            learning_curve.as_ref(),
        ),
    )]);
    notes.extend(loss_plot::svg(&fitted.history)?.map(|svg| ("learning_curve.svg", svg)));
    let predictions = out_of_fold
        .as_ref()
        .map(|it| folds::stream(&it.predictions))
        .transpose()?;
    notes.extend(predictions.map(|stream| ("out_of_fold.ndjson", stream)));
    let scores = fitted
        .comparison
        .scores
        .iter()
        .chain(out_of_fold.iter().flat_map(|it| &it.comparison.scores));
    for score in scores {
        writer.record(&Record::Score(score.clone()))?;
    }
    let mut checkpoint = checkpoint;
    let known = Known {
        trust,
        learning_curve,
    };
    checkpoint.manifest = Some(manifest(dataset, &args, &hyper, &fitted, known)?);
    if let Some(old) = &previous {
        old.keep()?;
    }
    let model_id = write_checkpoint(&args.output, &checkpoint, &fitted.vs, args.running.half)
        .exit_or(Exit::Integrity)?;
    run_dir.close(&notes)?;
    wo_cli::say!("wrote {}", args.output.display());
    if let Some(old) = &previous {
        wo_cli::say!("{}", old.way_back());
    }
    if is_of_another_kind {
        wo_cli::warn!("{}", photographs::REMINDER);
    }
    writer.record(&Record::Model(Model {
        path: args.output.into(),
        model_id,
        n_parameters,
        init: args.init,
    }))?;
    writer.end()?;
    Ok(ended(&failures, n_skipped_lines, folder.as_deref()))
}

/// Says which inputs failed, as the last that is said.
fn ended(failures: &[Failure], n_skipped_lines: u64, folder: Option<&Path>) -> Outcome {
    let inputs = failed_inputs(failures, n_skipped_lines);
    if !inputs.is_empty() {
        let cures = cures(failures, folder, shell_word);
        wo_cli::warn!("{}", wo_cli::failed(&inputs, &cures));
    }
    Outcome::from_failures(inputs.len() as u64)
}

/// How many training videos each exercise has.
fn n_videos_of_exercises(dataset: &Dataset) -> Vec<usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for example in dataset.videos(Split::Train) {
        *counts.entry(example.class.exercise.as_str()).or_default() += 1;
    }
    counts.into_values().collect()
}

/// Fits from `n_seeds` seeds and keeps what the validation part likes best.
fn best_of_seeds(
    run: &mut Run<'_, '_>,
    dataset: &Dataset,
    n_seeds: u32,
    run_dir: &RunDir,
) -> anyhow::Result<(Fitted, Hyperparameters)> {
    let mut best: Option<(f64, Fitted, Hyperparameters)> = None;
    for number in 0..n_seeds {
        let hyper = Hyperparameters {
            seed: run.hyper.seed.wrapping_add(u64::from(number)),
            ..run.hyper.clone()
        };
        if n_seeds > 1 {
            wo_cli::say!("seed {} ({} of {n_seeds})", hyper.seed, number + 1);
        }
        let mut run = run.with(&hyper);
        // They are the same from each seed.
        run.shows_baselines = number == 0;
        let fitted = fit::fit(
            &mut run,
            dataset,
            &run_dir.snapshots().join(format!("seed-{number}")),
        )?;
        let score = fitted
            .metrics
            .get("validation_loss")
            .copied()
            .unwrap_or(f64::INFINITY);
        if best.as_ref().is_none_or(|(least, ..)| score < *least) {
            best = Some((score, fitted, hyper.clone()));
        }
    }
    let (_, fitted, hyper) = best.context("--seeds 1 or more")?;
    Ok((fitted, hyper))
}

/// What was measured on videos that the weights were not fitted to.
struct Known {
    trust: Option<Trust>,
    learning_curve: Option<LearningCurve>,
}

fn manifest(
    dataset: Dataset,
    args: &Args,
    hyper: &Hyperparameters,
    fitted: &Fitted,
    known: Known,
) -> anyhow::Result<Manifest> {
    let head = |head: &tch::Tensor| -> anyhow::Result<Vec<Vec<f32>>> {
        let head = head.to_device(tch::Device::Cpu);
        (0..head.size()[0])
            .map(|class| Ok(Vec::try_from(head.get(class))?))
            .collect()
    };
    Ok(Manifest {
        version: VERSION.to_owned(),
        init: args.init.clone(),
        classes: dataset.classes,
        prompts: dataset.captions,
        pooling: hyper.pooling,
        head: fitted.head.as_ref().map(head).transpose()?,
        trust: known.trust,
        learning_curve: known.learning_curve,
        videos: dataset
            .examples
            .into_iter()
            .filter(|example| !example.is_part)
            .map(|example| example.video)
            .collect(),
        arguments: serde_json::to_value(hyper)?,
        metrics: fitted.metrics.clone(),
        run_hash: fitted.run_hash.clone(),
    })
}
