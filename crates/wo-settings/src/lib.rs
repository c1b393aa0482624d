//! `wo.toml`: the settings of a workspace, for the tools that run by themselves.
//!
//! A key that is not known is an error with its line and the key that may be meant, since a misspelt key would otherwise be
//! ignored silently.

mod file;
mod read;
mod settings;
mod size;

pub use file::SettingsError;
pub use settings::{Collect, Extract, Gate, HeldOut, Keep, Settings, Train};
pub use size::Size;
