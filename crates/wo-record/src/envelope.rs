//! The first and the last record of a stream.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ReviewsHead, Shard};

/// The name of this contract, in every `begin` record.
pub const SCHEMA: &str = "wo-record";
/// Its major version. A reader refuses a stream of a newer one; new fields and types do not change it.
pub const SCHEMA_VERSION: u32 = 1;

/// A tool that had a hand in a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Producer {
    /// The tool's name, such as `wo-extract`.
    pub tool: String,
    /// The tool's version.
    pub version: String,
}

/// The first record: who writes, and in which version of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Begin {
    /// The tool that writes this stream.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// Always `wo-record`.
    pub schema: String,
    /// The major version of the contract.
    pub schema_version: u32,
    /// The tools that the records went through before, first one first.
    #[serde(default)]
    pub upstream: Vec<Producer>,
    /// What locks the decoder of strangers' files in, for a tool that has one: the parts that hold, as in
    /// `landlock+seccomp+userns`, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// In which precision a model's matrix products were computed where it was less than 32 bits: `tf32` or `bf16`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<String>,
    /// The last review that is in these records: the log beside them must still have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviews: Option<ReviewsHead>,
    /// Which part of a whole the stream holds. Absent means all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

impl Begin {
    /// The record of a tool that decodes nothing.
    pub fn of(tool: &str, version: &str, upstream: &[Producer]) -> Self {
        Self {
            tool: tool.to_owned(),
            version: version.to_owned(),
            schema: SCHEMA.to_owned(),
            schema_version: SCHEMA_VERSION,
            upstream: upstream.to_vec(),
            sandbox: None,
            precision: None,
            reviews: None,
            shard: None,
        }
    }
}

/// The last record: nothing was cut off. The counts are of the records written, not of what was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct End {
    /// How many `video` records the stream has.
    pub n_videos: u64,
    /// How many `frame` records the stream has.
    pub n_frames: u64,
    /// How many `error` records the stream has.
    pub n_errors: u64,
    /// How many frames were left out, by the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub n_dropped: BTreeMap<String, u64>,
}
