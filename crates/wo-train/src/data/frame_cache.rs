//! The decoded frames of a run as squares of pixels, in an unnamed file, so that memory does not grow with the data.
//!
//! A square is a little larger than the model's input, so that crops can move. Once the file is full, frames are
//! decoded each time.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Context;
use image::RgbImage;
use wo_cli::{Exit, ExitWith};
use wo_input::{FrameItem, ImageError, Preprocessor, check_image, decode_image};
use wo_picture::small_frame;
use wo_record::Image;

use crate::data::frame_location::{FrameLocation, Kept, NamedFrame, read_entry, write_entry};

/// The side of a square, as a multiple of the model's input.
const MARGIN: f64 = 1.15;
/// Bytes that are cached: about forty thousand frames at 224 pixels. Beyond that frames are decoded each time, from the
/// user's files, or from the encoded image where that came within a record.
const MAX_BYTES: u64 = 8 << 30;

/// Identifies the content of a frame: the first bytes of BLAKE3 of its file.
pub(crate) type Key = [u8; 16];

/// A frame on its way into the cache.
pub(crate) struct PreparedFrame {
    key: Key,
    /// `None` if it stays in its file.
    square: Option<RgbImage>,
    /// For the fingerprint of its video; `None` where no image is opened.
    pub(crate) small: Option<RgbImage>,
}

/// A frame of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameId(u32);

/// How frames in files of their own are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// As pixels in the cache, decoded once.
    Pixels,
    /// In their files, decoded each time: for runs that read each frame at most once.
    Files,
    /// Not looked at at all: for a plan that is made from the records alone.
    Unread,
}

/// The cache.
#[derive(Debug)]
pub(crate) struct FrameCache {
    /// What the model sees of an image, at the side of a square.
    preprocessor: Preprocessor,
    file: File,
    n_bytes: u64,
    locations: Vec<FrameLocation>,
    keys: Vec<Key>,
    storage: Storage,
}

impl FrameCache {
    /// An empty cache whose file lies in the folder `dir`, which is created if missing.
    pub(crate) fn new(
        preprocessor: &Preprocessor,
        dir: &Path,
        storage: Storage,
    ) -> anyhow::Result<Self> {
        let file = fs::create_dir_all(dir).and_then(|()| tempfile::tempfile_in(dir));
        Ok(Self {
            preprocessor: preprocessor
                .at_side((f64::from(preprocessor.side) * MARGIN).round() as u32),
            file: file.with_context(|| format!("create a file for frames in {}", dir.display()))?,
            n_bytes: 0,
            locations: Vec::new(),
            keys: Vec::new(),
            storage,
        })
    }

    /// Hashes and decodes a frame.
    pub(crate) fn prepare(&self, frame: &FrameItem) -> Result<PreparedFrame, ImageError> {
        if self.storage == Storage::Unread {
            return Ok(PreparedFrame {
                key: Key::default(),
                square: None,
                small: None,
            });
        }
        let bytes = frame.bytes()?;
        let mut key = Key::default();
        let hash = blake3::hash(&bytes);
        key.iter_mut()
            .zip(hash.as_bytes())
            .for_each(|(k, h)| *k = *h);
        let stays = self.storage == Storage::Files && is_file(frame);
        if stays {
            check_image(&bytes)?;
        }
        let image = decode_image(&bytes)?;
        Ok(PreparedFrame {
            key,
            square: (!stays).then(|| self.preprocessor.square(&image)),
            small: Some(small_frame(&image)),
        })
    }

    /// Adds a frame.
    pub(crate) fn add(
        &mut self,
        frame: &FrameItem,
        prepared: &PreparedFrame,
    ) -> anyhow::Result<FrameId> {
        let id =
            FrameId(u32::try_from(self.locations.len()).context("more than four billion frames")?);
        let is_full = self.n_bytes + self.bytes_per_square() > MAX_BYTES;
        let first = self.n_bytes;
        let kept = match (&prepared.square, NamedFrame::of(frame)) {
            (Some(square), _) if !is_full => {
                let written = self.file.write_all_at(square.as_raw(), first);
                written.context("cache a frame beside the model")?;
                self.n_bytes += self.bytes_per_square();
                Kept::Square
            }
            (_, Some(named)) => {
                let text = serde_json::to_vec(&named).context("name a frame")?;
                self.n_bytes += write_entry(&self.file, first, &text)?;
                Kept::Named
            }
            (_, None) => {
                self.n_bytes += write_entry(&self.file, first, &frame.bytes()?)?;
                Kept::Encoded
            }
        };
        self.locations.push(FrameLocation::new(kept, first));
        self.keys.push(prepared.key);
        Ok(id)
    }

    /// The square of a frame.
    pub(crate) fn get(&self, id: FrameId) -> anyhow::Result<RgbImage> {
        let (kept, first) = self.locations[id.0 as usize].parts();
        let image = match kept {
            Kept::Square => {
                let mut pixels = vec![0; self.bytes_per_square() as usize];
                let read = self.file.read_exact_at(&mut pixels, first);
                read.context("read a cached frame beside the model")?;
                let side = self.preprocessor.side;
                return RgbImage::from_raw(side, side, pixels).context("a square of pixels");
            }
            Kept::Encoded => decode_image(&read_entry(&self.file, first)?)?,
            Kept::Named => {
                let named: NamedFrame = serde_json::from_slice(&read_entry(&self.file, first)?)
                    .context("read the name of a frame beside the model")?;
                let name = || format!("frame {} of video {}", named.index, named.video_id);
                named.load().with_context(name).exit_or(Exit::Integrity)?
            }
        };
        Ok(self.preprocessor.square(&image))
    }

    /// Identifies the content of a frame.
    pub(crate) fn key(&self, id: FrameId) -> Key {
        self.keys.get(id.0 as usize).copied().unwrap_or_default()
    }

    fn bytes_per_square(&self) -> u64 {
        3 * u64::from(self.preprocessor.side).pow(2)
    }
}

fn is_file(frame: &FrameItem) -> bool {
    matches!(frame.frame.image, Image::File { .. })
}
