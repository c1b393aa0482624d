//! Where records and images go: stdout, and the folder of `--out`.

pub(crate) mod layout;
pub(crate) mod merge;
mod restored;
pub(crate) mod state;
pub(crate) mod writer;
