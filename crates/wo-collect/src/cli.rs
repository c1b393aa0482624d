//! The command line and what it asks for. Only these files know clap.

pub(crate) mod args;
pub(crate) mod config;
