//! The frames that people deleted from a folder, and those that they want back.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use wo_record::{Frame, Line, Producer};

use crate::corrections::Kept;
use crate::names::own_image;
use crate::tables::Tables;
use crate::trash::{FrameLines, Text, Trash, take_back, throw_away};

/// Frames by the ids of their videos.
type ByVideo = BTreeMap<String, Vec<FrameLines>>;

/// What of a folder is deleted, and what comes back.
#[derive(Debug)]
pub struct DeletedFrames {
    dir: PathBuf,
    trash: Trash,
    /// Frames that come back with their images.
    restored: ByVideo,
    /// Videos of which an image that is to come back is gone: they have to be taken again.
    again: HashSet<String>,
    /// Images whose rows were left.
    without_image: Vec<PathBuf>,
    n_found: usize,
    n_restored: usize,
}

impl DeletedFrames {
    /// With what is in the trash, of which `restored` is to come back.
    pub fn new(dir: &Path, trash: Trash, restored: ByVideo) -> Self {
        let mut deleted = Self {
            dir: dir.to_owned(),
            trash,
            restored: ByVideo::new(),
            again: HashSet::new(),
            without_image: Vec::new(),
            n_found: 0,
            n_restored: restored.values().map(Vec::len).sum(),
        };
        for (video_id, mut frames) in restored {
            frames.sort_by_key(|frame| frame.index);
            for frame in frames {
                if deleted.brings_back(&frame) {
                    deleted
                        .restored
                        .entry(video_id.clone())
                        .or_default()
                        .push(frame);
                } else {
                    deleted.again.insert(video_id.clone());
                }
            }
        }
        deleted
    }

    /// Whether the image of a frame is where it was, from now on.
    fn brings_back(&self, frame: &FrameLines) -> bool {
        let Some(path) = frame.frame().and_then(own_image) else {
            return false;
        };
        if let Err(e) = take_back(&self.dir, path) {
            wo_cli::warn!("{}: {e}", path.display());
        }
        self.dir.join(path).is_file()
    }

    /// Takes a frame of the records in, with its line. True where it is deleted. With `restores` it is not: its video is
    /// taken again where its image is gone.
    pub fn meet(&mut self, frame: &Frame, line: Line, kept: Kept, restores: bool) -> bool {
        let Kept::Deleted(_) = kept else {
            // A crash left it in both.
            self.trash.remove(frame);
            self.forget_restored(frame);
            return false;
        };
        if restores {
            let is_there = own_image(frame).is_some_and(|path| self.dir.join(path).is_file());
            if !is_there {
                self.again.insert(frame.video_id.clone());
            }
            self.n_restored += 1;
            return false;
        }
        self.n_found += 1;
        if !self.trash.has(&frame.video_id, frame.index, frame.pts_ms) {
            self.trash.push(frame, Text { line, record: None });
        }
        self.without_image
            .extend(own_image(frame).map(Path::to_owned));
        true
    }

    fn forget_restored(&mut self, frame: &Frame) {
        if let Some(frames) = self.restored.get_mut(&frame.video_id) {
            frames.retain(|other| other.index != frame.index);
        }
    }

    /// Moves what was found into the trash: first the records, so that nothing is forgotten, then images and rows.
    pub fn write(&self, tables: &mut Tables, by: &Producer) -> anyhow::Result<()> {
        if self.without_image.is_empty() {
            return Ok(());
        }
        self.trash.write(&self.dir, by)?;
        for image in &self.without_image {
            if let Err(e) = throw_away(&self.dir, image) {
                wo_cli::warn!("{}: {e}", image.display());
            }
        }
        tables.throw_away(&self.without_image)
    }

    /// Forgets what came back, when it is in the records.
    pub fn finish(&self, by: &Producer) -> anyhow::Result<()> {
        if self.n_restored > 0 {
            self.trash.write(&self.dir, by)?;
        }
        Ok(())
    }

    /// The frames that come back into the records.
    pub fn restored(&self) -> &ByVideo {
        &self.restored
    }

    /// Whether a frame is deleted.
    pub fn has(&self, video_id: &str, index: u32, pts_ms: Option<f64>) -> bool {
        self.trash.has(video_id, index, pts_ms)
    }

    /// Whether a frame of the records is deleted.
    pub fn has_frame(&self, frame: &Frame) -> bool {
        self.has(&frame.video_id, frame.index, frame.pts_ms)
    }

    /// Whether a video has to be taken again, since an image that is to come back is gone.
    pub fn is_to_be_taken_again(&self, video_id: &str) -> bool {
        self.again.contains(video_id)
    }

    /// How many frames are deleted, and how many of them were found in this run.
    pub fn n_deleted(&self) -> (usize, usize) {
        (self.trash.len(), self.n_found)
    }

    /// How many frames come back.
    pub fn n_restored(&self) -> usize {
        self.n_restored
    }
}
