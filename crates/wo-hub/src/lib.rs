//! Fetches models from the Hugging Face Hub into verified local folders.
//!
//! Models are pinned: a lock file holds the commit of each repository and the sha256 of each file. The first use writes the
//! entry. Later uses take that commit and check each file before it is opened, since clients of the Hub check nothing. Files
//! lie in the cache that all of Hugging Face's tools share.
//!
//! Only a fixed list of file names is ever fetched: data formats, never pickles. Offline, no socket is opened. This crate knows
//! nothing of models beyond the names of their files. It prints nothing and loads nothing.

mod address;
mod cache;
mod digest;
mod error;
mod fetch;
mod files;
mod hub;
mod lock;
mod options;
mod repository;

pub use error::Error;
pub use fetch::{Fetched, fetch};
pub use options::{Options, Step, Watch};
pub use repository::{default_revision, is_path, is_repository};
