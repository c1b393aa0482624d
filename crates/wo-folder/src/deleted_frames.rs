//! Frames that people deleted from a folder, and frames that they want to restore.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use wo_record::{Frame, Line, Producer};

use crate::atomic_file::remove_below;
use crate::corrections::Kept;
use crate::names::own_image;
use crate::tables::folder_tables::Tables;
use crate::trash::{FrameLines, Text, Trash, forget, take_back, throw_away};

/// Frames by the ids of their videos.
type ByVideo = BTreeMap<String, Vec<FrameLines>>;

/// What becomes of frames that people deleted by their images or rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletedByHand {
    /// They stay deleted.
    Stay,
    /// They come back.
    ComeBack,
}

/// What of a folder is deleted, and what comes back.
#[derive(Debug)]
pub struct DeletedFrames {
    dir: PathBuf,
    trash: Trash,
    /// Frames from the trash that somebody wants to restore.
    wanted: ByVideo,
    /// Those of them whose videos are in the records, and whose images are in their places again.
    restored: ByVideo,
    /// Videos of which an image that is to come back is gone: they have to be taken again.
    again: HashSet<String>,
    /// Images of frames that were found deleted.
    images: Vec<PathBuf>,
    n_found: usize,
    /// How many frames come back, and how many that somebody wants to restore do not.
    n_back: AtomicUsize,
    n_left: AtomicUsize,
}

impl DeletedFrames {
    /// With what is in the trash, of which `wanted` was taken out to come back; the records name `videos`.
    pub fn new(dir: &Path, trash: Trash, wanted: ByVideo, videos: &HashSet<String>) -> Self {
        let mut deleted = Self {
            dir: dir.to_owned(),
            trash,
            restored: ByVideo::new(),
            again: HashSet::new(),
            images: Vec::new(),
            n_found: 0,
            n_back: AtomicUsize::new(wanted.values().map(Vec::len).sum()),
            n_left: AtomicUsize::new(0),
            wanted,
        };
        for (video_id, frames) in &deleted.wanted {
            // What is of no video of the records may still be of one that this run takes.
            if !videos.contains(video_id) {
                continue;
            }
            let (mut back, gone): (Vec<FrameLines>, Vec<FrameLines>) = frames
                .iter()
                .cloned()
                .partition(|frame| deleted.brings_back(frame));
            back.sort_by_key(|frame| frame.index);
            if !gone.is_empty() {
                deleted.again.insert(video_id.clone());
            }
            deleted.restored.insert(video_id.clone(), back);
        }
        deleted.restored.retain(|_, frames| !frames.is_empty());
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

    /// All frames that somebody wants to restore.
    pub fn wanted(&self) -> impl Iterator<Item = &Frame> {
        let frames = self.wanted.values().flatten();
        frames.filter_map(FrameLines::frame)
    }

    /// Their images.
    pub fn wanted_images(&self) -> Vec<PathBuf> {
        self.wanted.values().flat_map(|it| images_of(it)).collect()
    }

    /// The images of those whose videos are in the records: they are in their places again, or taken again.
    pub fn returning_images(&self) -> Vec<PathBuf> {
        let is_known = |id: &String| self.restored.contains_key(id) || self.again.contains(id);
        let returning = self.wanted.iter().filter(|(id, _)| is_known(id));
        returning
            .flat_map(|(_, frames)| images_of(frames))
            .collect()
    }

    /// Takes a frame of the records in, with its line. True where it is deleted. One that comes back is not:
    /// its video is taken again where its image is gone.
    pub fn meet(&mut self, frame: &Frame, line: Line, kept: Kept, by_hand: DeletedByHand) -> bool {
        let Kept::Deleted(_) = kept else {
            // A crash left it in both.
            self.trash.remove(frame);
            self.forget_restored(frame);
            return false;
        };
        if by_hand == DeletedByHand::ComeBack {
            let is_there = own_image(frame).is_some_and(|path| self.dir.join(path).is_file());
            if !is_there {
                self.again.insert(frame.video_id.clone());
            }
            self.n_back.fetch_add(1, Relaxed);
            return false;
        }
        self.n_found += 1;
        if !self.trash.has(&frame.video_id, frame.index, frame.pts_ms) {
            self.trash.push(frame, Text { line, record: None });
        }
        self.images.extend(own_image(frame).map(Path::to_owned));
        true
    }

    fn forget_restored(&mut self, frame: &Frame) {
        for frames in [&mut self.restored, &mut self.wanted] {
            if let Some(frames) = frames.get_mut(&frame.video_id) {
                frames.retain(|other| other.index != frame.index);
            }
        }
    }

    /// Moves what was found into the trash: first the records, so that nothing is forgotten, then images and rows.
    pub fn write(&self, tables: &mut Tables, by: &Producer) -> anyhow::Result<()> {
        if self.images.is_empty() {
            return Ok(());
        }
        self.trash.write(&self.dir, by)?;
        for image in &self.images {
            if let Err(e) = throw_away(&self.dir, image) {
                wo_cli::warn!("{}: {e}", image.display());
            }
        }
        tables.throw_away(&self.images)
    }

    /// Whether somebody wants frames of a video back.
    pub fn wants_of(&self, video_id: &str) -> bool {
        self.wanted.contains_key(video_id)
    }

    /// Forgets what came back, when the records are written: `frames` are theirs, of videos of which some are wanted. What did
    /// not come back, since nobody took its video, goes back into the trash. Returns how many came back in another place, where
    /// their videos have another label now; their rows stay in the trash.
    pub fn finish(
        &self,
        frames: &HashMap<String, Vec<Frame>>,
        tables: &mut Tables,
        by: &Producer,
    ) -> anyhow::Result<usize> {
        if self.n_back.load(Relaxed) == 0 {
            return Ok(0);
        }
        let mut trash = self.trash.clone();
        let (mut left, mut moved) = (Vec::new(), Vec::new());
        for (video_id, wanted) in &self.wanted {
            let now = frames.get(video_id).map_or(&[][..], Vec::as_slice);
            for frame in wanted {
                let image = frame.frame().and_then(own_image);
                let again = now.iter().find(|it| frame.is(it.index, it.pts_ms));
                if let Some(again) = again {
                    if let Some(image) = image {
                        forget(&self.dir, image);
                        if own_image(again) != Some(image) {
                            remove_below(&self.dir, image);
                            moved.push(image.to_owned());
                        }
                    }
                    continue;
                }
                if let Some(Err(e)) = image.map(|image| throw_away(&self.dir, image)) {
                    wo_cli::warn!("{video_id}: {e}");
                }
                left.extend(image.map(Path::to_owned));
                trash.put_back(video_id, frame.clone());
                self.n_back.fetch_sub(1, Relaxed);
                self.n_left.fetch_add(1, Relaxed);
            }
        }
        trash.write(&self.dir, by)?;
        tables.throw_away(&left)?;
        tables.throw_away(&moved)?;
        Ok(moved.len())
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

    /// How many frames are deleted that nobody wants back, and how many of them were found in this run.
    pub fn n_deleted(&self) -> (usize, usize) {
        (self.trash.len(), self.n_found)
    }

    /// How many frames come back.
    pub fn n_restored(&self) -> usize {
        self.n_back.load(Relaxed)
    }

    /// How many frames that somebody wants to restore stay deleted, since their videos are neither in the records nor taken.
    pub fn n_left(&self) -> usize {
        self.n_left.load(Relaxed)
    }
}

fn images_of(frames: &[FrameLines]) -> Vec<PathBuf> {
    let frames = frames.iter().filter_map(FrameLines::frame);
    let images = frames.filter_map(own_image);
    images.map(Path::to_owned).collect()
}
