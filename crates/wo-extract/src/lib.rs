//! Videos to frames: `wo-extract [PATH]…` writes a record for each video and for each frame taken from it.
//!
//! It never hangs, and one bad file never ends a run. It does not judge what the frames show.

mod cli;
mod decoding;
mod error;
mod extraction;
#[doc(hidden)]
pub mod fuzzing;
mod input;
mod job;
mod output;
mod probe;
mod quality;
mod sampling;
mod session;
mod time;
mod worker;

use std::io::{BufRead, Write};

use wo_cli::Outcome;

pub use cli::args::{Args, Command, DecodingArgs, ProbeArgs, PruneFlag, SandboxFlag};
use cli::config::Config;
pub use sampling::frame_filter::MinSharpness;
pub use sampling::sample::Sample;
pub use worker::{Sandbox, serve};

/// The name in records and messages.
const TOOL: &str = "wo-extract";
/// The version in records.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Does what `args` ask for, and writes the records to `output`.
pub fn run(
    args: Args,
    _input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    match Config::from(args) {
        Config::Extract(config) => session::run(config, output),
        Config::Probe(config) => probe::run(config, output),
        Config::Serve(sandbox) => {
            serve(sandbox, |_, _| None)?;
            Ok(Outcome::Done)
        }
    }
}
