//! Frames from tables alone: there each table has its own videos.

use wo_folder::videos_of_tables;

use crate::folder::{Folder, FrameItem};

impl Folder {
    /// Reads a folder without records.
    pub(crate) fn read_tables(&mut self) -> anyhow::Result<()> {
        for of_table in videos_of_tables(&self.dir)? {
            let number = self.video_number(&of_table.video_id);
            if let Some(video) = self.videos.get_mut(number as usize) {
                video.table = Some(of_table.table);
            }
            for it in of_table.frames {
                self.add_frame(&of_table.video_id, FrameItem::new(it.frame, it.is_trash));
            }
        }
        Ok(())
    }
}
