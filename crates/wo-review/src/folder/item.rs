//! A video and a frame of a folder.

use std::path::PathBuf;

use wo_record::{Frame, Image, Judgement, Name};

/// A video and its frames.
#[derive(Debug, Default)]
pub(crate) struct VideoItem {
    pub(crate) id: String,
    /// The video file, if known.
    pub(crate) path: Option<PathBuf>,
    pub(crate) person: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) frames: Vec<u32>,
}

/// A frame as it is on disk.
#[derive(Debug)]
pub(crate) struct FrameItem {
    pub(crate) video: u32,
    pub(crate) index: u32,
    pub(crate) pts_ms: Option<f64>,
    /// Its image file, as in the records.
    pub(crate) path: Option<PathBuf>,
    pub(crate) blake3: Option<Box<str>>,
    pub(crate) size_px: Option<(u32, u32)>,
    pub(crate) exercise: Option<Name>,
    pub(crate) base: Judgement,
    pub(crate) sharpness: Option<f32>,
    pub(crate) perceptual_hash: Option<u64>,
}

impl VideoItem {
    /// The name of its file, else the start of its id.
    pub(crate) fn short_name(&self) -> String {
        let stem = self.path.as_ref().map(|path| path.file_stem());
        stem.map_or_else(
            || self.id.chars().take(8).collect(),
            |stem| stem.unwrap_or_default().to_string_lossy().into_owned(),
        )
    }
}

impl FrameItem {
    /// From a frame record; the video has no number yet.
    pub(crate) fn new(frame: Frame) -> Self {
        let (path, blake3) = match frame.image {
            Image::File { path, blake3 } => (Some(path.as_path().to_owned()), blake3),
            Image::Inline { .. } => (None, None),
        };
        let quality = frame.quality.as_ref();
        Self {
            video: u32::MAX,
            index: frame.index,
            pts_ms: frame.pts_ms,
            path,
            blake3: blake3.map(String::into_boxed_str),
            size_px: frame.width_px.zip(frame.height_px),
            exercise: frame.exercise,
            sharpness: quality.map(|quality| quality.sharpness as f32),
            perceptual_hash: quality.and_then(|quality| Some(quality.hash()?.0)),
            base: Judgement {
                label: frame.label,
                label_origin: frame.label_origin,
                faults: frame.faults,
                description: frame.description,
                note: None,
                deleted: false,
            },
        }
    }
}
