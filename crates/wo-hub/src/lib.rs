//! Fetches models from the Hugging Face Hub into verified local folders.
//!
//! Models are pinned: a lock file holds the commit of each repository and the sha256 of each file. The first use writes
//! the entry. Later uses take that commit and check each file before it is opened, since clients of the Hub check
//! nothing. Files lie in the cache that all of Hugging Face's tools share.
//!
//! A Hub may be slow, but not endlessly; it may send no more than it announces, and no more than the disk has room for.
//! From HTTPS no redirect leads to HTTP.
//!
//! Only a fixed list of file names is ever fetched: data formats, never pickles. Offline, no socket is opened. This
//! crate knows nothing of models beyond the names of their files. It prints nothing and loads nothing.

mod address;
mod cache;
mod digest;
mod error;
mod fetch;
mod files;
mod hub;
mod limits;
mod lock;
mod options;
mod pace;
mod part_file;
mod remote;
mod repository;
mod room;
mod shards;

pub use error::Error;
pub use fetch::{Fetched, fetch};
pub use limits::Limits;
pub use options::{Options, Step, Watch};
pub use repository::{default_revision, is_path, is_repository};
