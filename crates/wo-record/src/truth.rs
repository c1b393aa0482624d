//! The ground truth of a synthetic video.

use serde::{Deserialize, Serialize};

use crate::{Name, RecordPath, finite};

/// One repetition; times in milliseconds from the start of the video.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rep {
    /// When it leaves the start position.
    #[serde(serialize_with = "finite::one")]
    pub start_ms: f64,
    /// The middle of the time at the turning point: the bottom of a squat, the top of a deadlift.
    #[serde(serialize_with = "finite::one")]
    pub far_ms: f64,
    /// When it is back.
    #[serde(serialize_with = "finite::one")]
    pub end_ms: f64,
}

/// The ground truth that `wo-synth` writes.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Truth {
    /// The file.
    pub path: RecordPath,
    /// The exercise.
    pub exercise: Name,
    /// The label.
    pub label: Name,
    /// The faults, by their names in the captions table.
    pub faults: Vec<Name>,
    /// The person: body, clothes and skin.
    pub person_id: String,
    /// The scene: room, clutter and light.
    pub scene_id: String,
    /// The camera: place, lens and shake.
    pub camera_id: String,
    /// `front`, `oblique` or `side`.
    pub angle: Name,
    /// The camera's angle from the front, in degrees.
    #[serde(serialize_with = "finite::one")]
    pub angle_deg: f64,
    /// How many repetitions.
    pub n_reps: u32,
    /// Their times.
    #[serde(default)]
    pub reps: Vec<Rep>,
    /// Length in milliseconds.
    #[serde(serialize_with = "finite::one")]
    pub duration_ms: f64,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// Frames a second.
    #[serde(serialize_with = "finite::one")]
    pub frame_rate_hz: f64,
}
