//! The command line, and what it asks for.

pub(crate) mod args;
pub(crate) mod config;
