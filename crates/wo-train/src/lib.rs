//! `wo-train`: fine-tunes CLIP on described frames.
//!
//! Videos are split by group. The baselines are printed first. Then a linear head, low-rank adapters or all weights are
//! trained. The model is written with all that is needed to use and to question it: tokenizer, preprocessing, classes,
//! split, hyperparameters, metrics and a model card. Nothing here looks at the test split.

mod artifacts;
mod cli;
mod data;
mod fit;
mod hyperparameters;
mod model;
mod ranks;
mod run;
mod session;
mod trainer;
mod validation;

use std::io::{BufRead, Write};
use std::path::Path;
use std::rc::Rc;

use anyhow::Context;
use wo_cli::{Exit, IgnoreBrokenPipe, Message, Outcome, Stop, error, message, shell_word};
use wo_clip::{Group, OutOfMemory, or_out_of_memory};
use wo_input::{cures, failed_inputs};
use wo_record::{Begin, Failure, Writer};

pub use cli::args::{
    Args, BaseModelArgs, DataArgs, EmaDecay, LoraArgs, LossArgs, LossFlag, MachineArgs, MainArgs,
    MethodFlag, MixedFlag, NearDuplicatesFlag, OptimizationArgs, Precision, ResumeFlag, RunArgs,
    SelfCheckFlag, SplitArgs,
};
pub use cli::dry_run_flag::DryRunFlag;
pub use hyperparameters::Interpolation;

use artifacts::previous_model::PreviousModel;
use artifacts::run_dir::RunDir;
use cli::base_flag::arguments_not_in_force;
use cli::config::Config;
use data::frame_cache::Storage;
use model::base::{self, BaseModel};
use session::Session;

const TOOL: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the tool.
pub fn run(args: Args, input: &mut dyn BufRead, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    let config = Config::of(args)?;
    let stop = Stop::listen().context("listen to signals")?;
    let group = Rc::new(ranks::join(&config, &stop)?);
    if config.fetches_only {
        return stop.while_waiting(stopped, || group.in_turns(|| fetch_base(&config)));
    }
    let result = or_out_of_memory(|| train(&config, &group, &stop, input, output));
    let result = result.unwrap_or_else(|e| Err(e.into()));
    if let Some((group, error)) = Rc::into_inner(group).zip(result.as_ref().err()) {
        group.leave(&format!("{error:#}"));
    }
    result.map_err(|error| match OutOfMemory::of(&format!("{error:#}")) {
        Some(short) => error!(
            Exit::Environment,
            "{short}";
            "--micro-batch 1 and --checkpoint-blocks need less memory and learn the same; --method lora and probe need even \
             less"
        )
        .into(),
        None => error,
    })
}

/// Has the base model in the cache for later runs.
fn fetch_base(config: &Config) -> anyhow::Result<Outcome> {
    let record = BaseModel::for_photographs(&config.base_model)?.record;
    wo_cli::say!("{} is here", base::in_words(&record));
    Ok(Outcome::Done)
}

fn train(
    config: &Config,
    group: &Rc<Group>,
    stop: &Stop,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let found = config.machine.prepare(group)?;
    let previous = PreviousModel::of(&config.output.model)?;
    let named = stop.while_waiting(ranks::with_farewell(group, stopped), || {
        group.in_turns(|| BaseModel::named(&config.base_model))
    })?;
    let run_dir = if group.is_first() {
        RunDir::open(&config.output.model)?
    } else {
        RunDir::of_first(&config.output.model)
    };
    let leftovers = run_dir.empty_folders();
    let tidy = ranks::with_farewell(group, move || {
        leftovers.remove();
        stopped()
    });
    let mut session = stop.while_waiting(tidy, || {
        Session::prepare(config, group, named, input, found, &run_dir)
    })?;
    session.announce(previous.as_ref());
    say_what_is_not_looked_at(config);
    let folds = session.check(config)?;
    let folder = config.data.folder_of_frames();
    let n_skipped_lines = session.dataset.n_skipped_lines;
    let failures = std::mem::take(&mut session.dataset.failures);
    if !config.is_dry_run {
        session.settle_precision(config, stop)?;
        let mut nowhere = std::io::sink();
        let output = if group.is_first() {
            output
        } else {
            &mut nowhere
        };
        let mut output = IgnoreBrokenPipe::new(output);
        let begin = Begin {
            precision: session.precision().record(),
            ..Begin::of(TOOL, VERSION, &session.dataset.upstream)
        };
        let mut writer = Writer::begin_with(&mut output, begin)?;
        for failure in &failures {
            writer.failure(failure.clone())?;
        }
        let trained = session.train(config, folds.as_ref(), stop, &run_dir, &mut writer)?;
        if group.is_first() {
            session.write(config, trained, previous.as_ref(), run_dir, &mut writer)?;
        }
        writer.end()?;
    }
    Ok(outcome(&failures, n_skipped_lines, folder.as_deref()))
}

fn say_what_is_not_looked_at(config: &Config) {
    if let Some(arguments) = arguments_not_in_force() {
        wo_cli::say!(
            "train.arguments of wo.toml are for scripts/retrain, and not in force here: {arguments}"
        );
    }
    if config.data.storage == Storage::Unread {
        wo_cli::say!(
            "planned from the records alone: near-duplicates and broken images are not known"
        );
    }
}

/// What is said where a signal ends a run that waits.
fn stopped() -> Message {
    message!("stopped before anything was trained"; "the same command begins again, and goes on with a download")
}

/// Lists the inputs that failed, as the last lines of the run.
fn outcome(failures: &[Failure], n_skipped_lines: u64, folder: Option<&Path>) -> Outcome {
    let inputs = failed_inputs(failures, n_skipped_lines);
    if !inputs.is_empty() {
        let cures = cures(failures, folder, shell_word);
        wo_cli::warn_line(&wo_cli::failed(&inputs, cures));
    }
    Outcome::from_failures(inputs.len() as u64)
}
