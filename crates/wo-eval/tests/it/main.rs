//! The binary, as a pipe sees it, and the whole run with a small random model that is made here.

mod binary;
mod broken_models;
mod edited;
mod findings;
mod gates;
mod groups;
mod leakage;
mod model;
mod predicted_groups;
mod robustness;
mod run;
mod shards;
mod told;
mod written;

use wo_testkit::Tool;

fn tool() -> Tool {
    Tool::new(env!("CARGO_BIN_EXE_wo-eval"))
}
