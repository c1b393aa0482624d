//! The record of where a person's joints are in a frame.

use serde::{Deserialize, Serialize};

use crate::{Name, finite};

/// The joints of the lifter in one frame, right after its `frame` record. Synthetic videos have them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pose {
    /// The video that the frame is from.
    pub video_id: String,
    /// The frame's index.
    pub index: u32,
    /// The joints; the same ones in the same order in all poses of a stream.
    pub joints: Vec<Joint>,
}

/// One joint, in the image and in space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Joint {
    /// Its name; pairs start with `left_` and `right_`, the lifter's own sides.
    pub name: Name,
    /// Position in the image from the left edge, as a share of the width; outside 0 to 1 if it is cut off.
    #[serde(serialize_with = "finite::one")]
    pub u: f64,
    /// Position in the image from the upper edge, as a share of the height.
    #[serde(serialize_with = "finite::one")]
    pub v: f64,
    /// To the lifter's left, in metres.
    #[serde(serialize_with = "finite::one")]
    pub x_m: f64,
    /// Up from the floor, in metres.
    #[serde(serialize_with = "finite::one")]
    pub y_m: f64,
    /// To where the lifter faces, in metres.
    #[serde(serialize_with = "finite::one")]
    pub z_m: f64,
}
