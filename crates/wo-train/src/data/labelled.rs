//! A labelled video before the split.

use wo_clip::Class;
use wo_input::VideoItem;
use wo_picture::Fingerprint;
use wo_record::Video;

use crate::data::frame_cache::FrameId;
use crate::data::frame_captions::FrameCaptions;

/// A labelled video before the split.
pub(crate) struct Labelled {
    pub(crate) item: VideoItem,
    pub(crate) class: Class,
    pub(crate) frames: Vec<FrameId>,
    pub(crate) hashes: Vec<u64>,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) sharpness: Option<f64>,
    pub(crate) brightness: Option<f64>,
    pub(crate) captions: FrameCaptions,
    /// Its frames that train with their own label, by label.
    pub(crate) parts: Vec<Part>,
}

/// Frames of a video with the same label, which differs from the video's.
pub(crate) struct Part {
    pub(crate) class: Class,
    pub(crate) frames: Vec<FrameId>,
    pub(crate) captions: FrameCaptions,
}

impl Labelled {
    pub(crate) fn name(&self) -> String {
        name_of(&self.item.video)
    }
}

/// The name of a video in messages.
pub(crate) fn name_of(video: &Video) -> String {
    video
        .path
        .as_ref()
        .map_or_else(|| video.video_id.clone(), ToString::to_string)
}
