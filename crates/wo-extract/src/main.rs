//! `wo-extract`: videos to frames.

use std::process::ExitCode;

fn main() -> ExitCode {
    wo_cli::main(wo_extract::run)
}
