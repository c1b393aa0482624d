//! What a run over one shard hands to the run that merges them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What `wo-eval --shard` writes for `wo-eval --merge`: of each video that can be scored, and of its whole shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Part {
    /// The video; absent where it is about the whole shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_id: Option<String>,
    /// The version of the tool that wrote it. No other reads it.
    pub version: String,
    /// What the tool knows of the video or the shard, in a form of its own.
    pub state: Map<String, Value>,
}
