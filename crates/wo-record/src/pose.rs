//! The record of where a person's joints are in a frame.

use serde::{Deserialize, Serialize};

use crate::{Name, finite};

/// The joints of the lifter in one frame, right after its `frame` record; where they are known, as in drawn videos.
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

/// One joint, in the picture and in space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Joint {
    /// Its name; pairs start with `left_` and `right_`, the lifter's own sides.
    pub name: Name,
    /// Place in the picture from its left edge, as a part of the width; outside 0 to 1 where it is cut off.
    #[serde(serialize_with = "finite::one")]
    pub u: f64,
    /// Place in the picture from its upper edge, as a part of the height.
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
