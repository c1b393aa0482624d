//! `wo-synth`: draws synthetic lifters with known faults. The work is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    wo_cli::main(wo_synth::run)
}
