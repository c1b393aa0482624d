//! Frames from tables alone.

use wo_folder::{Corrections, Kept, videos_of_tables};

use super::{Folder, FrameItem};

impl Folder {
    /// Reads a folder without records.
    pub(crate) fn read_tables(&mut self, corrections: &Corrections) -> anyhow::Result<()> {
        for of_table in videos_of_tables(&self.dir, corrections)? {
            for mut it in of_table.frames {
                let is_gone = if it.is_trash {
                    corrections.correct_by_rows(&mut it.frame);
                    true
                } else {
                    corrections.correct(&mut it.frame, None, None).kept != Kept::Yes
                };
                self.add_frame(&of_table.video_id, FrameItem::new(it.frame, is_gone));
            }
        }
        Ok(())
    }
}
