//! `wo-train`: described frames to a fine-tuned CLIP.

use std::process::ExitCode;

fn main() -> ExitCode {
    wo_cli::main(wo_train::run)
}
