//! Reads frames from tables alone.

use wo_folder::{Corrections, Kept, videos_of_tables};

use super::{Folder, FrameItem};

impl Folder {
    /// Reads a folder without records.
    pub(crate) fn read_tables(&mut self, corrections: &Corrections) -> anyhow::Result<()> {
        for of_table in videos_of_tables(&self.dir, corrections)? {
            for mut it in of_table.frames {
                let is_deleted = if it.is_trash {
                    corrections.correct_by_rows(&mut it.frame);
                    true
                } else {
                    corrections.correct(&mut it.frame, None, None).kept != Kept::Yes
                };
                let mut item = FrameItem::new(it.frame);
                item.base.deleted = is_deleted;
                self.add_frame(&of_table.video_id, item);
            }
        }
        Ok(())
    }
}
