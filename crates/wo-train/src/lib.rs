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
mod run;
mod session;
mod trainer;
mod validation;

use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, IgnoreBrokenPipe, Outcome, Stop, error, shell_word};
use wo_clip::{OutOfMemory, or_out_of_memory};
use wo_input::{cures, failed_inputs, folder_of_frames};
use wo_record::{Failure, Writer};

pub use cli::args::{
    Args, BaseModelArgs, DataArgs, EmaDecay, LoraArgs, LossArgs, MachineArgs, MainArgs,
    OptimizationArgs, Precision, RunArgs, SplitArgs,
};
pub use data::config::{Mixed, NearDuplicates};
pub use hyperparameters::{Hyperparameters, Interpolation, Loss};
pub use model::method::Method;
pub use trainer::config::{Resume, SelfCheck};

use artifacts::previous_model::PreviousModel;
use artifacts::run_dir::RunDir;
use data::leakage;
use model::init::Init;
use session::Session;

const TOOL: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the tool.
#[expect(
    clippy::needless_pass_by_value,
    reason = "wo_cli::main hands the arguments over"
)]
pub fn run(args: Args, input: &mut dyn BufRead, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    let result = or_out_of_memory(|| train(&args, input, output));
    let result = result.unwrap_or_else(|e| Err(e.into()));
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

fn train(args: &Args, input: &mut dyn BufRead, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    cli::config::check(args).exit_with(Exit::Usage)?;
    wo_clip::set_threads(args.machine.threads.count());
    let device = wo_clip::device_of(&args.machine.device)
        .map_err(anyhow::Error::msg)
        .exit_with(Exit::Environment)?;
    let stop = Stop::listen().context("listen to signals")?;
    let previous = PreviousModel::of(&args.main.output)?;
    let init = Init::find(&args.base_model())?;
    let run_dir = RunDir::open(&args.main.output)?;
    let mut session = Session::prepare(args, init, input, device)?;
    session.announce(&args.split, previous.as_ref());
    let folder = folder_of_frames(args.main.data_dir.as_deref(), args.main.input.as_deref());
    let n_skipped_lines = session.dataset.n_skipped_lines;
    let failures = std::mem::take(&mut session.dataset.failures);
    if args.main.dry_run {
        leakage::check_split(&session.dataset)?;
    } else {
        let mut output = IgnoreBrokenPipe::new(output);
        let mut writer = Writer::begin(&mut output, TOOL, VERSION, &session.dataset.upstream)?;
        for failure in &failures {
            writer.failure(failure.clone())?;
        }
        let trained = session.train(args, &stop, &run_dir, &mut writer)?;
        session.write(args, trained, previous.as_ref(), run_dir, &mut writer)?;
        writer.end()?;
    }
    Ok(outcome(&failures, n_skipped_lines, folder.as_deref()))
}

/// Lists the inputs that failed, as the last lines of the run.
fn outcome(failures: &[Failure], n_skipped_lines: u64, folder: Option<&Path>) -> Outcome {
    let inputs = failed_inputs(failures, n_skipped_lines);
    if !inputs.is_empty() {
        let cures = cures(failures, folder, shell_word);
        wo_cli::warn!("{}", wo_cli::failed(&inputs, &cures));
    }
    Outcome::from_failures(inputs.len() as u64)
}
