//! The record of one frame.

use serde::{Deserialize, Serialize};

use crate::{Name, PerceptualHash, RecordPath, finite};

/// The image of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Image {
    /// In a file.
    File {
        /// The image file. A relative path is relative to the folder of the `records.ndjson` or CSV, or in a pipe to the
        /// working directory.
        path: RecordPath,
        /// BLAKE3 of the file's bytes, in hexadecimal.
        #[serde(default)]
        blake3: Option<String>,
    },
    /// Inside the record.
    Inline {
        /// A JPEG file in base64.
        jpeg_base64: String,
    },
}

/// The origin of a frame's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LabelOrigin {
    /// The folder of the video.
    Folder,
    /// A CSV.
    Csv,
    /// A reviewer.
    Review,
    /// The program that drew the video.
    Synth,
    /// A model.
    Model,
}

/// The technical quality of an image, measured on its luma at a short side of 256 to 511 pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Quality {
    /// Variance of the Laplacian, in squared levels of 0 to 255: low if the image is out of focus or has motion blur.
    #[serde(serialize_with = "finite::one")]
    pub sharpness: f64,
    /// Mean luma, from 0 to 1.
    #[serde(serialize_with = "finite::one")]
    pub brightness: f64,
    /// Standard deviation of luma, from 0 to 0.5.
    #[serde(serialize_with = "finite::one")]
    pub contrast: f64,
    /// Mean absolute change since the previous extracted frame, from 0 to 1; absent for the first.
    #[serde(default, serialize_with = "finite::option")]
    pub motion: Option<f64>,
    /// 64 bits in hexadecimal; similar images differ in few bits.
    pub perceptual_hash: String,
}

impl Quality {
    /// The perceptual hash; `None` where the text is none.
    pub fn hash(&self) -> Option<PerceptualHash> {
        self.perceptual_hash.parse().ok()
    }
}

/// One frame of a video.
// More than 12 fields: a record on the wire is flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Frame {
    /// The video.
    pub video_id: String,
    /// Its index among the extracted frames of the video, from 0.
    pub index: u32,
    /// Its presentation time, in milliseconds from the start of the video. Absent if only a CSV is known.
    #[serde(default, serialize_with = "finite::option")]
    pub pts_ms: Option<f64>,
    /// Width of the image in pixels.
    #[serde(default)]
    pub width_px: Option<u32>,
    /// Height of the image in pixels.
    #[serde(default)]
    pub height_px: Option<u32>,
    /// The image.
    pub image: Image,
    /// The exercise.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// The label.
    #[serde(default)]
    pub label: Option<Name>,
    /// The origin of the label.
    #[serde(default)]
    pub label_origin: Option<LabelOrigin>,
    /// Its faults, by their names in the captions table.
    #[serde(default)]
    pub faults: Vec<Name>,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// The quality of its image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// The number of its repetition, from 1. Absent between repetitions, and if none were detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition: Option<u32>,
    /// The phase of that repetition: 0 at the start, 0.5 at the turning point, 1 back at the start.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "finite::option"
    )]
    pub phase: Option<f64>,
    /// The number of its camera shot, from 1. Absent if cuts were not detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shot: Option<u32>,
}

/// A frame that was extracted and dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dropped {
    /// The video.
    pub video_id: String,
    /// Its presentation time, in milliseconds from the start of the video.
    #[serde(serialize_with = "finite::one")]
    pub pts_ms: f64,
    /// The reason: `blurry`, `dark` or `duplicate`.
    pub reason: String,
    /// The quality of its image.
    pub quality: Quality,
    /// The image, if the stream contains images.
    #[serde(default)]
    pub image: Option<Image>,
}
