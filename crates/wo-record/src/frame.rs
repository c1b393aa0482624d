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
}
