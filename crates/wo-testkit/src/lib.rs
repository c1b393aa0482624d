//! What the tests of all tools share: a way to run a built binary and see all that came of it, and streams to feed it.
//!
//! Only for `[dev-dependencies]`. It knows no tool and no record type: tests declare their own mirrors of what a tool
//! writes, so that a change of the contract does not go unnoticed on both sides at once.

pub mod http;
pub mod hub;
pub mod mutation;
mod records;
mod run;
pub mod skip;
pub mod structure;
mod terminal;
mod tool;
pub mod wounds;

pub use records::{BEGIN, end, stream};
pub use run::Run;
pub use tempfile::{TempDir, tempdir};
pub use tool::Tool;
