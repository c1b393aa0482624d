//! A fingerprint as text, to be stored with a model.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageFormat, ImageReader, Limits};

use super::cells::{N_CELLS, SIDE};
use super::points::Point;
use super::scenes::Scenes;
use super::{Fingerprint, MAX_FRAMES};

/// What is read: another version may compare other cells.
const VERSION: u8 = 1;
const BYTES_PER_POINT: usize = 18;

impl Fingerprint {
    /// All of it in base64, about ten kilobytes.
    pub fn to_text(&self) -> String {
        STANDARD_NO_PAD.encode(self.to_bytes())
    }

    /// Reads what [`to_text`](Self::to_text) wrote; `None` for anything else, such as text of another version.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::from_bytes(&STANDARD_NO_PAD.decode(text).ok()?)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let n_points = u8::try_from(self.points.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![VERSION, n_points];
        for point in self.points.iter().take(usize::from(n_points)) {
            bytes.extend([point.x, point.y]);
            bytes.extend(point.bits.iter().flat_map(|half| half.to_le_bytes()));
        }
        // Little changes from frame to frame, and what does not change takes no room.
        let mut changes = Vec::new();
        let mut before = [0; N_CELLS];
        for plane in self.scenes.planes() {
            let change = plane
                .iter()
                .zip(before)
                .map(|(now, it)| now.wrapping_sub(it));
            changes.extend(change);
            before.copy_from_slice(plane);
        }
        let (width, height) = (SIDE as u32, (changes.len() / SIDE) as u32);
        let written =
            PngEncoder::new(&mut bytes).write_image(&changes, width, height, ExtendedColorType::L8);
        debug_assert!(written.is_ok(), "memory takes all of it");
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[VERSION, n_points], rest) = bytes.split_first_chunk::<2>()? else {
            return None;
        };
        let (points, image) = rest.split_at_checked(usize::from(n_points) * BYTES_PER_POINT)?;
        let points = points.chunks_exact(BYTES_PER_POINT).filter_map(|point| {
            let (&[x, y], halves) = point.split_first_chunk::<2>()?;
            let (one, other) = halves.split_first_chunk::<8>()?;
            let bits = [
                u64::from_le_bytes(*one),
                u64::from_le_bytes(other.try_into().ok()?),
            ];
            Some(Point { x, y, bits })
        });
        let points = points.collect();
        let mut reader = ImageReader::with_format(Cursor::new(image), ImageFormat::Png);
        let mut limits = Limits::default();
        limits.max_image_width = Some(SIDE as u32);
        limits.max_image_height = Some((2 * MAX_FRAMES * SIDE) as u32);
        reader.limits(limits);
        let changes = reader.decode().ok()?.into_luma8();
        if changes.width() as usize != SIDE {
            return None;
        }
        let mut planes: Vec<[u8; N_CELLS]> = Vec::new();
        for changes in changes.as_raw().chunks_exact(N_CELLS) {
            let mut plane = planes.last().copied().unwrap_or([0; N_CELLS]);
            for (cell, change) in plane.iter_mut().zip(changes) {
                *cell = cell.wrapping_add(*change);
            }
            planes.push(plane);
        }
        let hues = planes.split_off(planes.len() / 2);
        let is_whole = !planes.is_empty() && planes.len() == hues.len();
        is_whole.then(|| Self {
            points,
            scenes: Scenes::new(planes, hues),
        })
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    #[test]
    fn what_is_stored_is_read_and_nothing_else() {
        let frame = |n: u32| {
            RgbImage::from_fn(80, 60, |x, y| {
                Rgb([(x * y + n) as u8, (x * 3) as u8, y as u8])
            })
        };
        let made = Fingerprint::of(&[frame(0), frame(9), frame(40)]).expect("frames");
        let text = made.to_text();
        assert_eq!(Fingerprint::from_text(&text), Some(made));
        for broken in ["", "AQ", "not base64!", &text[..text.len() / 2], &text[4..]] {
            assert_eq!(Fingerprint::from_text(broken), None, "{broken}");
        }
    }
}
