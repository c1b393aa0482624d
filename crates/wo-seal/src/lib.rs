//! The seal of a model: a hash over what of its `wo.json` says which videos are held out and when the model abstains. It is
//! stored with the weights, so that an edited `wo.json` is noticed.
//!
//! Who may change a `wo.json`, as a takedown does, seals it anew. Opens no file, and needs no libtorch.

mod place;
mod seal;

pub use place::seal_place;
pub use seal::{METADATA, read_seal, seal_of, write_seal};
