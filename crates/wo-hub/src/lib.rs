//! Names of models on the Hugging Face Hub to verified folders on this disk.
//!
//! What is fetched is pinned: a lock file holds the commit of each repository and the sha256 of each file. The first
//! use of a repository writes its entry, every later use asks for that commit and checks each file before anybody
//! opens it, since clients of the Hub check nothing. Files lie in the cache that all tools of Hugging Face share.
//!
//! Only a fixed list of file names is ever asked for: data formats, never pickles. Offline, no socket is opened. This
//! crate knows nothing of models beyond the names of their files, prints nothing and loads nothing.

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
