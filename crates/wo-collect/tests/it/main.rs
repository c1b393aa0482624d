//! The binary, as a person and a pipe see it.

mod check;
mod forget;
mod workspace;

use wo_testkit::Tool;

fn tool() -> Tool {
    Tool::new(env!("CARGO_BIN_EXE_wo-collect"))
}
