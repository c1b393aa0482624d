//! Frames in tar shards, as WebDataset has them: a sample is a frame, its members are the image, the text and a JSON file.
//!
//! The JSON file of a sample holds the records of its frame and its video, so that a shard can be read back into what it
//! was made from. The frames of a video lie behind each other in one shard. The last member of a shard says how much the
//! shard holds; WebDataset passes over it. Decodes no image.

mod braces;
mod encoded_image;
mod gathered_videos;
mod names;
mod reader;
mod sample;
mod shard_names;
mod shard_size;
mod sources;
mod tar_stream;
mod writer;

pub use encoded_image::{MAX_IMAGE_BYTES, jpeg_is_whole};
pub use reader::{Shards, ShardsRest};
pub use sample::{ShardFrame, ShardVideo, Span};
pub use shard_names::ShardNames;
pub use shard_size::ShardSize;
pub use sources::{ShardSource, is_list_of_shards};
pub use writer::{ShardWriter, Written};
