//! The frames of a run as squares of pixels, in a file without a name: memory does not grow with the data.
//!
//! A square is a little larger than the model looks at, so that a crop has room to move. What does not fit into the file
//! any more is decoded again each time.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Context;
use image::RgbImage;
use wo_cli::{Exit, ExitWith};
use wo_input::{FrameItem, ImageError, Preprocessor, check_image, decode_image};
use wo_record::Image;

/// How much larger a square is than what the model looks at.
const MARGIN: f64 = 1.15;
/// The most bytes that are kept as pixels: some forty thousand frames at 224 pixels. Frames that lie in files of their own
/// are decoded again beyond that.
const MAX_BYTES: u64 = 8 << 30;

/// What tells one frame's content from another's: the first bytes of BLAKE3 of its file.
pub(crate) type Key = [u8; 16];

/// A frame that was looked at on its way into the store.
pub(crate) struct PreparedFrame {
    key: Key,
    /// `None` where it stays in its file.
    square: Option<RgbImage>,
}

/// A frame of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameId(u32);

/// Where a square is.
#[derive(Debug)]
enum Place {
    /// At this byte of the store's file.
    Stored(u64),
    /// In a file of the user's.
    Source(Box<FrameItem>),
}

/// How frames that lie in files of their own are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// As pixels in the store's file, decoded once.
    Pixels,
    /// In their files, decoded each time: for runs that look at each once, and perhaps not at all.
    Files,
}

/// The store.
#[derive(Debug)]
pub(crate) struct FrameCache {
    side: u32,
    file: File,
    n_bytes: u64,
    places: Vec<Place>,
    keys: Vec<Key>,
    storage: Storage,
}

impl FrameCache {
    /// An empty store whose file lies in the folder `dir`, which is made where it is missing.
    pub(crate) fn new(
        preprocessor: &Preprocessor,
        dir: &Path,
        storage: Storage,
    ) -> anyhow::Result<Self> {
        let file = fs::create_dir_all(dir).and_then(|()| tempfile::tempfile_in(dir));
        Ok(Self {
            side: (f64::from(preprocessor.crop) * MARGIN).round() as u32,
            file: file.with_context(|| format!("make a file for frames in {}", dir.display()))?,
            n_bytes: 0,
            places: Vec::new(),
            keys: Vec::new(),
            storage,
        })
    }

    /// Looks at a frame, and decodes it where it will be stored: the middle square at the store's size.
    pub(crate) fn look(&self, frame: &FrameItem) -> Result<PreparedFrame, ImageError> {
        let bytes = frame.bytes()?;
        let mut key = Key::default();
        let hash = blake3::hash(&bytes);
        key.iter_mut()
            .zip(hash.as_bytes())
            .for_each(|(k, h)| *k = *h);
        if self.storage == Storage::Files && is_file(frame) {
            check_image(&bytes)?;
            return Ok(PreparedFrame { key, square: None });
        }
        let square = Some(square(&decode_image(&bytes)?, self.side));
        Ok(PreparedFrame { key, square })
    }

    /// Keeps a `frame`.
    pub(crate) fn add(
        &mut self,
        frame: FrameItem,
        prepared: &PreparedFrame,
    ) -> anyhow::Result<FrameId> {
        let id =
            FrameId(u32::try_from(self.places.len()).context("more than four billion frames")?);
        let is_full = self.n_bytes + self.n_bytes_a_square() > MAX_BYTES;
        let place = match &prepared.square {
            Some(square) if !(is_full && is_file(&frame)) => {
                let written = self.file.write_all_at(square.as_raw(), self.n_bytes);
                written.context("keep a frame beside the model")?;
                let offset = self.n_bytes;
                self.n_bytes += self.n_bytes_a_square();
                Place::Stored(offset)
            }
            _ => Place::Source(Box::new(frame)),
        };
        self.places.push(place);
        self.keys.push(prepared.key);
        Ok(id)
    }

    /// The square of a frame.
    pub(crate) fn get(&self, id: FrameId) -> anyhow::Result<RgbImage> {
        match &self.places[id.0 as usize] {
            Place::Stored(offset) => {
                let mut pixels = vec![0; self.n_bytes_a_square() as usize];
                let read = self.file.read_exact_at(&mut pixels, *offset);
                read.context("read a frame that was kept beside the model")?;
                RgbImage::from_raw(self.side, self.side, pixels).context("a square of pixels")
            }
            Place::Source(frame) => {
                let name = || {
                    format!(
                        "frame {} of video {}",
                        frame.frame.index, frame.frame.video_id
                    )
                };
                let loaded = frame.load().with_context(name);
                let picture = loaded.exit_or(Exit::Integrity)?;
                Ok(square(&picture, self.side))
            }
        }
    }

    /// What tells its content from others'.
    pub(crate) fn key(&self, id: FrameId) -> Key {
        self.keys.get(id.0 as usize).copied().unwrap_or_default()
    }

    fn n_bytes_a_square(&self) -> u64 {
        3 * u64::from(self.side) * u64::from(self.side)
    }
}

fn is_file(frame: &FrameItem) -> bool {
    matches!(frame.frame.image, Image::File { .. })
}

/// The middle square at `side` pixels.
fn square(picture: &RgbImage, side: u32) -> RgbImage {
    Preprocessor::clip(side).cropped(picture)
}
