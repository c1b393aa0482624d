//! What the JSON file of a sample and the last member of a shard hold, and videos as they come out of shards.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use wo_record::{Failure, Frame, Pose, Producer, Video};

/// Names the JSON file of a sample.
pub(crate) const SAMPLE_SCHEMA: &str = "wo-sample";
/// Names the last member of a shard.
pub(crate) const SHARD_SCHEMA: &str = "wo-shard";
/// The version of both.
pub(crate) const VERSION: u32 = 1;

/// The JSON file of a sample.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SampleJson {
    /// [`SAMPLE_SCHEMA`].
    pub(crate) schema: String,
    pub(crate) schema_version: u32,
    /// The video that the frame is from.
    pub(crate) video: Video,
    /// The frame. The path of its image is the member beside this file.
    pub(crate) frame: Frame,
    /// Where the joints are, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pose: Option<Pose>,
}

/// The last member of a shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardJson {
    /// [`SHARD_SCHEMA`].
    pub(crate) schema: String,
    pub(crate) schema_version: u32,
    /// The number of the shard, from 0.
    pub(crate) shard: u32,
    pub(crate) n_videos: u64,
    pub(crate) n_frames: u64,
    /// Whether no shard follows.
    pub(crate) is_last: bool,
    /// The tools that made the records.
    #[serde(default)]
    pub(crate) upstream: Vec<Producer>,
    /// The `error` records of the stream; in the last shard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) failures: Vec<Failure>,
}

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: u64,
    /// The number of bytes.
    pub length: u64,
}

/// A frame out of a shard.
#[derive(Debug, Clone, PartialEq)]
pub struct ShardFrame {
    /// The record. Its image is the shard's file, or lies within where the shard came out of a pipe.
    pub frame: Frame,
    /// Where the image is in the shard's file.
    pub span: Option<Span>,
}

/// A video out of a shard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShardVideo {
    /// The record.
    pub video: Video,
    /// Its frames, in the order of the shard.
    pub frames: Vec<ShardFrame>,
    /// The poses of its frames, where known.
    pub poses: Vec<Pose>,
    /// The shard that it lies in.
    pub shard: PathBuf,
}
