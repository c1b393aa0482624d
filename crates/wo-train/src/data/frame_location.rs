//! Where the cache finds a frame: eight bytes in memory. What else must be known of it lies in the cache's file.

use std::fs::File;
use std::os::unix::fs::FileExt;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use wo_input::{FrameItem, ImageError, Span, decode_image, image_bytes, span_bytes};
use wo_record::{Image, RecordPath};

/// The first byte in the cache's file, and in the two upper bits what begins there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameLocation(u64);

/// What lies at a place in the cache's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// A square of pixels.
    Square,
    /// The encoded image, behind its length.
    Encoded,
    /// Which file of the user's has the image, behind the length of that.
    Named,
}

const SHIFT: u32 = 62;

impl FrameLocation {
    pub(crate) fn new(kept: Kept, first: u64) -> Self {
        let kind = match kept {
            Kept::Square => 0,
            Kept::Encoded => 1,
            Kept::Named => 2,
        };
        Self(first | kind << SHIFT)
    }

    /// What it is, and its first byte.
    pub(crate) fn parts(self) -> (Kept, u64) {
        let kept = match self.0 >> SHIFT {
            0 => Kept::Square,
            1 => Kept::Encoded,
            _ => Kept::Named,
        };
        (kept, self.0 & ((1 << SHIFT) - 1))
    }
}

/// A frame in a file of the user's.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NamedFrame {
    pub(crate) path: RecordPath,
    pub(crate) span: Option<Span>,
    pub(crate) video_id: String,
    pub(crate) index: u32,
}

impl NamedFrame {
    /// `None` of a frame whose image came within its record.
    pub(crate) fn of(item: &FrameItem) -> Option<Self> {
        let Image::File { path, .. } = &item.frame.image else {
            return None;
        };
        Some(Self {
            path: item.base.join(path.as_path()).into(),
            span: item.span,
            video_id: item.frame.video_id.clone(),
            index: item.frame.index,
        })
    }

    /// Loads the image.
    pub(crate) fn load(&self) -> Result<image::RgbImage, ImageError> {
        let path = self.path.as_path();
        let bytes = if let Some(span) = self.span {
            span_bytes(path, span)?
        } else {
            let image = Image::File {
                path: self.path.clone(),
                blake3: None,
            };
            image_bytes(&image, std::path::Path::new(""))?
        };
        decode_image(&bytes)
    }
}

/// Writes bytes behind their length at `first`. Returns how many were written.
pub(crate) fn write_entry(file: &File, first: u64, bytes: &[u8]) -> anyhow::Result<u64> {
    let length = u32::try_from(bytes.len()).context("an entry of four gigabytes")?;
    let mut entry = Vec::with_capacity(4 + bytes.len());
    entry.extend(length.to_le_bytes());
    entry.extend(bytes);
    file.write_all_at(&entry, first)
        .context("keep a frame beside the model")?;
    Ok(entry.len() as u64)
}

/// Reads the bytes behind their length at `first`.
pub(crate) fn read_entry(file: &File, first: u64) -> anyhow::Result<Vec<u8>> {
    let mut length = [0; 4];
    let read = "read a frame beside the model";
    file.read_exact_at(&mut length, first).context(read)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    file.read_exact_at(&mut bytes, first + 4).context(read)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_holds_what_and_where() {
        for kept in [Kept::Square, Kept::Encoded, Kept::Named] {
            for first in [0, 1, 8 << 30, (1 << SHIFT) - 1] {
                assert_eq!(FrameLocation::new(kept, first).parts(), (kept, first));
            }
        }
        assert_eq!(size_of::<FrameLocation>(), 8);
    }
}
