//! A fingerprint as bytes, to be stored beside a model.

use image::{ExtendedColorType, GrayImage, ImageEncoder, ImageFormat, codecs::png::PngEncoder};

use super::Fingerprint;
use super::points::Point;
use super::scenes::{N_CELLS, SIDE, Scenes};

/// What is read: another version may compare other cells.
const VERSION: u8 = 1;
const BYTES_PER_POINT: usize = 18;

impl Fingerprint {
    /// All of it, in a few kilobytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let n_points = u8::try_from(self.points.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![VERSION, n_points];
        for point in self.points.iter().take(usize::from(n_points)) {
            bytes.extend([point.x, point.y]);
            bytes.extend(point.bits.iter().flat_map(|half| half.to_le_bytes()));
        }
        // Little changes from frame to frame, and what does not change takes no room.
        let frames = self.scenes.frames();
        let mut changes = Vec::with_capacity(frames.len() * N_CELLS);
        let mut before = [0; N_CELLS];
        for frame in frames {
            changes.extend(frame.iter().zip(before).map(|(now, before)| now.wrapping_sub(before)));
            before.copy_from_slice(frame);
        }
        let (width, height) = (SIDE as u32, (frames.len() * SIDE) as u32);
        let written = PngEncoder::new(&mut bytes).write_image(&changes, width, height, ExtendedColorType::L8);
        debug_assert!(written.is_ok() || frames.is_empty());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[VERSION, n_points], rest) = bytes.split_first_chunk::<2>()? else {
            return None;
        };
        let (points, image) = rest.split_at_checked(usize::from(n_points) * BYTES_PER_POINT)?;
        let points = points.chunks_exact(BYTES_PER_POINT).filter_map(|point| {
            let (&[x, y], halves) = point.split_first_chunk::<2>()?;
            let (one, other) = halves.split_first_chunk::<8>()?;
            let bits = [u64::from_le_bytes(*one), u64::from_le_bytes(other.try_into().ok()?)];
            Some(Point { x, y, bits })
        });
        let points = points.collect();
        let changes = image::load_from_memory_with_format(image, ImageFormat::Png).ok()?;
        let changes: GrayImage = changes.into_luma8();
        if changes.width() as usize != SIDE {
            return None;
        }
        let mut frames: Vec<[u8; N_CELLS]> = Vec::new();
        for changes in changes.as_raw().chunks_exact(N_CELLS) {
            let mut frame = frames.last().copied().unwrap_or([0; N_CELLS]);
            for (cell, change) in frame.iter_mut().zip(changes) {
                *cell = cell.wrapping_add(*change);
            }
            frames.push(frame);
        }
        Some(Self {
            points,
            scenes: Scenes::new(frames),
        })
    }
}
