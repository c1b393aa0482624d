//! The record of one video file.

use serde::{Deserialize, Serialize};

use crate::{Name, RecordPath, Rep, finite};

/// One video file, before its frames. An image file counts as a video of one frame.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Video {
    /// BLAKE3 of the file's bytes, in hexadecimal: the same video has the same id on every machine.
    pub video_id: String,
    /// The path of the file.
    pub path: Option<RecordPath>,
    /// Length in milliseconds.
    #[serde(default, serialize_with = "finite::option")]
    pub duration_ms: Option<f64>,
    /// Displayed width in pixels, after rotation and with square pixels.
    #[serde(default)]
    pub width_px: Option<u32>,
    /// Displayed height in pixels, after rotation and with square pixels.
    #[serde(default)]
    pub height_px: Option<u32>,
    /// The rotation in the file, in degrees clockwise (nearly always 0, 90, 180 or 270); already applied to the frames. If the
    /// file also mirrors, the frames are mirrored left to right after the rotation.
    #[serde(default)]
    pub rotation_deg: Option<u32>,
    /// Frames a second; the average if it varies.
    #[serde(default, serialize_with = "finite::option")]
    pub frame_rate_hz: Option<f64>,
    /// Whether the time between frames varies.
    #[serde(default)]
    pub variable_frame_rate: Option<bool>,
    /// The video codec, such as `h264`.
    #[serde(default)]
    pub codec: Option<String>,
    /// The container, such as `quicktime`; `image` for an image file.
    #[serde(default)]
    pub container: Option<String>,
    /// Bits a second of the file as a whole.
    #[serde(default)]
    pub bitrate_bps: Option<u64>,
    /// The file's size in bytes.
    #[serde(default)]
    pub size_bytes: Option<u64>,
    /// The exercise, from the folder or the CSV.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// The label, from the folder or the CSV.
    #[serde(default)]
    pub label: Option<Name>,
    /// The source of the video: a channel, a camera, a gym. A split keeps a source together.
    #[serde(default)]
    pub source_id: Option<String>,
    /// The person in it. A split keeps a person together.
    #[serde(default)]
    pub person_id: Option<String>,
    /// The camera angle, such as `front` or `side`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub angle: Option<Name>,
    /// How many frames follow.
    #[serde(default)]
    pub n_frames: Option<u32>,
    /// How many frames were requested. More than `n_frames` if the video has fewer frames.
    #[serde(default)]
    pub n_frames_wanted: Option<u32>,
    /// The detected repetitions; absent without detection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetitions: Option<Vec<Rep>>,
    /// The starts of new camera shots, in milliseconds; absent if cuts were not detected.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "finite::list"
    )]
    pub cuts_ms: Option<Vec<f64>>,
    /// Problems of the video, in stable words such as `too_short`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// How many frames the decoder reports as damaged; absent if it reports none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_damaged: Option<u32>,
    /// Harmless properties of the video, in stable words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The path of an earlier video with the same bytes or the same look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<RecordPath>,
    /// The id of an earlier video that looks the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_duplicate_of: Option<String>,
}
