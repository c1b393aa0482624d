//! The record of one input that failed while the run went on.

use serde::{Deserialize, Serialize};

use crate::RecordPath;

/// The codes of `error` records: stable words to match on.
pub mod code {
    /// The file cannot be opened or read.
    pub const UNREADABLE: &str = "unreadable";
    /// The file has no bytes.
    pub const EMPTY_FILE: &str = "empty_file";
    /// The file is not a video or image that can be decoded.
    pub const NOT_MEDIA: &str = "not_media";
    /// The file has sound or text but no video stream.
    pub const NO_VIDEO_STREAM: &str = "no_video_stream";
    /// The decoder reported an error and no frame came out.
    pub const DECODE: &str = "decode";
    /// The file ends early; the frames before the cut came out.
    pub const TRUNCATED: &str = "truncated";
    /// No frame came for longer than the stall limit.
    pub const STALLED: &str = "stalled";
    /// The process that decoded the file crashed or misbehaved at every try.
    pub const CRASHED: &str = "crashed";
    /// The file names other files or addresses, which are not followed.
    pub const UNSUPPORTED_CONTAINER: &str = "unsupported_container";
    /// A decoder for this codec is not installed.
    pub const MISSING_PLUGIN: &str = "missing_plugin";
    /// The image of a frame cannot be decoded.
    pub const BAD_IMAGE: &str = "bad_image";
    /// A line of the input is not a record.
    pub const BAD_LINE: &str = "bad_line";
    /// More frames were asked for than one video may give.
    pub const TOO_MANY_FRAMES: &str = "too_many_frames";
    /// The same video came with two labels.
    pub const LABEL_CONFLICT: &str = "label_conflict";
    /// The model was trained or chosen on other videos of the same group, so its prediction is no held-out result.
    pub const SEEN_GROUP: &str = "seen_group";
    /// A row of a table cannot be used.
    pub const BAD_ROW: &str = "bad_row";
    /// The site says that the source is no longer there.
    pub const GONE: &str = "gone";
    /// The host asks to be left alone for a while.
    pub const RATE_LIMITED: &str = "rate_limited";
    /// The file is larger than the settings allow.
    pub const TOO_LARGE: &str = "too_large";
    /// The host does not answer.
    pub const UNREACHABLE: &str = "unreachable";
    /// The source could not be fetched for another reason.
    pub const NOT_FETCHED: &str = "not_fetched";
    /// The source was forgotten by request, and is refused.
    pub const FORGOTTEN: &str = "forgotten";
    /// The model was trained or chosen on the same images under another name.
    pub const NEAR_DUPLICATE: &str = "near_duplicate";
}

/// One input that failed. The run went on, and the tool exits 3 at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failure {
    /// What kind of failure, a stable word such as `no_video_stream`.
    pub code: String,
    /// What happened, for a person.
    pub what: String,
    /// The tool that reports it.
    pub tool: String,
    /// The file.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// The video, if its bytes could be read.
    #[serde(default)]
    pub video_id: Option<String>,
}
