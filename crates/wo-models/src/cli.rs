//! The command line: flags, and what they ask for.

pub(crate) mod args;
pub(crate) mod config;
