//! Which part of a whole a run takes: `--shard I/N`.
//!
//! The key is the group, so that no shard parts a person or a source. Which shard a group is in follows from its name and
//! from N alone, on each machine and in each version.

mod cut;
mod number;
mod stream_cut;

pub use cut::{Item, cut};
pub use number::{ShardFlag, ShardNumber};
pub use stream_cut::{StreamCut, cut_file, cut_stream};
