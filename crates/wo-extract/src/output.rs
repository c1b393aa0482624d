//! Where records and images go: stdout, and the folder of `--out`.

mod damage_warning;
mod earlier;
pub(crate) mod layout;
pub(crate) mod merge;
mod restored;
pub(crate) mod state;
pub(crate) mod writer;
