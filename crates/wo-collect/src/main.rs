//! `wo-collect`: see the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    wo_cli::main(wo_collect::run)
}
