//! A video that came in with a label, before it is known where the split puts it.

use wo_clip::Class;
use wo_input::VideoItem;
use wo_record::Video;

use crate::data::frame_cache::FrameId;

/// What came in, before the split is known.
pub(crate) struct Labelled {
    pub(crate) item: VideoItem,
    pub(crate) class: Class,
    pub(crate) frames: Vec<FrameId>,
    pub(crate) hashes: Vec<u64>,
    pub(crate) sharpness: Option<f64>,
    pub(crate) brightness: Option<f64>,
    pub(crate) captions: Vec<String>,
    /// Its frames that train with a label of their own, by what they say.
    pub(crate) parts: Vec<Part>,
}

/// Frames of a video that say the same, and otherwise than most of it.
pub(crate) struct Part {
    pub(crate) class: Class,
    pub(crate) frames: Vec<FrameId>,
    pub(crate) captions: Vec<String>,
}

impl Labelled {
    pub(crate) fn name(&self) -> String {
        name_of(&self.item.video)
    }
}

/// What to call a video in messages.
pub(crate) fn name_of(video: &Video) -> String {
    video
        .path
        .as_ref()
        .map_or_else(|| video.video_id.clone(), ToString::to_string)
}
