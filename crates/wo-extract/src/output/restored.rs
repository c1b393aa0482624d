//! Frames that come back into the records.

use std::collections::{BTreeMap, HashMap};

use wo_folder::FrameLines;
use wo_record::Writer;

use super::layout::Layout;

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

    /// Writes the frames of the video at hand that come before an index.
    pub(super) fn put(
        &mut self,
        layout: &Layout,
        writer: &mut Writer<'_>,
        before: u32,
    ) -> anyhow::Result<()> {
        let Some(frames) = self.frames.get(&self.video_id) else {
            return Ok(());
        };
        let n_put = self.n_put.entry(self.video_id.clone()).or_default();
        let due = frames.iter().skip(*n_put);
        for lines in due.take_while(|lines| lines.index < before) {
            *n_put += 1;
            if let Some(frame) = lines.frame() {
                layout.expects_row(frame);
            }
            for text in &lines.texts {
                writer.line(&text.line)?;
            }
        }
        Ok(())
    }
}
