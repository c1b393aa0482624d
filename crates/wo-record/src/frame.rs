//! The record of one frame.

use serde::{Deserialize, Serialize};

use crate::{Name, RecordPath, finite};

/// Where a frame's picture is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Image {
    /// In a file.
    File {
        /// The image file; a relative path is meant from the folder of the `records.ndjson` or CSV that names it,
        /// or from the working directory in a pipe.
        path: RecordPath,
        /// BLAKE3 of the file's bytes, in hexadecimal.
        #[serde(default)]
        blake3: Option<String>,
    },
    /// In the record itself.
    Inline {
        /// A JPEG file in base64.
        jpeg_base64: String,
    },
}

/// Who said what a frame's label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LabelOrigin {
    /// The folder that the video lies in.
    Folder,
    /// A CSV.
    Csv,
    /// A person who looked at the frame.
    Review,
    /// The program that drew the video.
    Synth,
    /// A model.
    Model,
}

/// How good a picture is, whatever it shows. Measured on its luma at a short side of 256 to 511 pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Quality {
    /// Variance of the Laplacian, in squared levels of 0 to 255: low where nothing is in focus or all is smeared.
    #[serde(serialize_with = "finite::one")]
    pub sharpness: f64,
    /// Mean, from 0 to 1.
    #[serde(serialize_with = "finite::one")]
    pub brightness: f64,
    /// Standard deviation, from 0 to 0.5.
    #[serde(serialize_with = "finite::one")]
    pub contrast: f64,
    /// Mean absolute change since the previous frame that was taken of the video, from 0 to 1; absent for the first.
    #[serde(default, serialize_with = "finite::option")]
    pub motion: Option<f64>,
    /// 64 bits in hexadecimal, of which few differ between pictures that look alike.
    pub perceptual_hash: String,
}

/// One frame of a video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Frame {
    /// The video that it is from.
    pub video_id: String,
    /// Its place among the frames of that video that were taken, from 0.
    pub index: u32,
    /// Its true presentation time, in milliseconds from the start of the video. Absent where only a CSV is known.
    #[serde(default, serialize_with = "finite::option")]
    pub pts_ms: Option<f64>,
    /// Width of the picture in pixels.
    #[serde(default)]
    pub width_px: Option<u32>,
    /// Height of the picture in pixels.
    #[serde(default)]
    pub height_px: Option<u32>,
    /// The picture.
    pub image: Image,
    /// The exercise.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// The label.
    #[serde(default)]
    pub label: Option<Name>,
    /// Who said so.
    #[serde(default)]
    pub label_origin: Option<LabelOrigin>,
    /// The faults that it shows, by their names in the captions table.
    #[serde(default)]
    pub faults: Vec<Name>,
    /// What it shows, in words.
    #[serde(default)]
    pub description: Option<String>,
    /// How good its picture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// The repetition that it is from, from 1. Absent where none were looked for, and between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition: Option<u32>,
    /// How far that repetition is: 0 where it starts, 0.5 at the far end, 1 back at the start.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "finite::option"
    )]
    pub phase: Option<f64>,
    /// Which of the video's shots it is from, from 1. Absent where cuts were not looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shot: Option<u32>,
}

/// A frame that was taken and left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dropped {
    /// The video that it is from.
    pub video_id: String,
    /// Its presentation time, in milliseconds from the start of the video.
    #[serde(serialize_with = "finite::one")]
    pub pts_ms: f64,
    /// Why: `blurry`, `dark` or `duplicate`.
    pub reason: String,
    /// How good its picture is.
    pub quality: Quality,
    /// The picture, where it travels in the stream.
    #[serde(default)]
    pub image: Option<Image>,
}
