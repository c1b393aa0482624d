//! `wo-models`: which groups no model is trained on, what each look at them costs, and which model is in use.
//!
//! It trains nothing and judges nothing: `wo-train` and `wo-eval` do, and `scripts/retrain` calls all of them in their order.
//! What happened stands in `models/ledger.ndjson`, and what is to be done is written there before it is done.

mod budget;
mod champion;
mod cli;
mod event;
mod fingerprint;
mod folder;
mod gc;
mod history;
mod judged;
mod last_run;
mod ledger;
mod look;
mod model_files;
mod promote;
mod rollback;
mod show;
mod side;
#[cfg(test)]
mod simulation;
mod split;
mod swap;

use std::io::{BufRead, Write};

use anyhow::Context;
use wo_cli::{Exit, Outcome};
use wo_settings::Settings;

pub use cli::args::{
    Args, Command, Fingerprint, Gc, Get, History, KeepFlag, Look, Note, OutcomeFlag, Promote,
    Rollback, Show, Split,
};

use cli::config::Config;

/// What could not be done where stdout takes nothing.
const WRITING: &str = "write the output";

/// Runs the tool.
pub fn run(args: Args, stdin: &mut dyn BufRead, stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    match Config::from_args(args)? {
        Config::Get(key) => get(&key, stdout),
        Config::Fingerprint(files) => fingerprint::fingerprint(&files, stdout),
        Config::Split(config) => split::split(&config, stdin, stdout),
        Config::Look(config) => look::look(&config, stdin, stdout),
        Config::Promote(config) => promote::promote(&config),
        Config::Note(config) => last_run::note(&config),
        Config::Rollback(n) => rollback::rollback(n),
        Config::History(format) => show::history(format, stdout),
        Config::Show(version, format) => show::show(version.as_deref(), format, stdout),
        Config::Gc(deleting) => gc::gc(deleting),
    }
}

/// Writes a setting.
fn get(key: &str, stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    let Some(values) = Settings::read(None)?.get(key) else {
        let known = Settings::keys().join(", ");
        wo_cli::bail!(Exit::Usage, "there is no setting {key}"; "known are {known}");
    };
    for value in values {
        writeln!(stdout, "{value}").context(WRITING)?;
    }
    Ok(Outcome::Done)
}
