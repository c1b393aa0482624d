//! Frames that come back into the records.

use std::collections::{BTreeMap, HashMap};

use wo_folder::FrameLines;

/// Frames that come back into the records, each to its place in its video.
pub(super) struct Restored<'a> {
    frames: &'a BTreeMap<String, Vec<FrameLines>>,
    /// How many of each video are there again.
    n_put: HashMap<String, usize>,
    /// The video at hand.
    pub(super) video_id: String,
}

impl<'a> Restored<'a> {
    /// With these frames of each video.
    pub(super) fn of(frames: &'a BTreeMap<String, Vec<FrameLines>>) -> Self {
        Self {
            frames,
            n_put: HashMap::new(),
            video_id: String::new(),
        }
    }

    /// The frames of the video at hand that come before an index and were not due yet.
    pub(super) fn due(&mut self, before: u32) -> &'a [FrameLines] {
        let Some(frames) = self.frames.get(&self.video_id) else {
            return &[];
        };
        let n_put = self.n_put.entry(self.video_id.clone()).or_default();
        let due = frames.get(*n_put..).unwrap_or_default();
        let n_due = due.iter().take_while(|lines| lines.index < before).count();
        *n_put += n_due;
        due.get(..n_due).unwrap_or_default()
    }
}
