//! What a video is recognized by after it was mirrored, cropped, framed by bars, rotated a little, cut or coded anew.

mod bytes;
mod content;
mod placing;
mod points;
mod scenes;

use std::sync::Arc;

use image::imageops::FilterType;
use image::{GrayImage, RgbImage};

use crate::quality::luma;
use crate::resize::resize;

use content::Content;
use points::{Point, add_points};
use scenes::Scenes;

/// So many frames, evenly spread, stand for a video.
const MAX_FRAMES: usize = 12;
/// Bars are looked for in frames of this long side.
const LONG_SIDE: u32 = 256;
/// Corners are looked for in squares of this side: the content, whatever its aspect, since copies are squeezed as well.
const SIDE: u32 = 192;
/// The strongest corners of the middle of all frames, where nobody moves, and of single frames, for a camera that moves.
const N_OF_MIDDLE: usize = 32;
const N_OF_FRAME: usize = 16;

/// A video's fingerprint: corners of its room, and its frames in a few cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    points: Vec<Point>,
    scenes: Scenes,
}

impl Fingerprint {
    /// The fingerprint of a video's frames; `None` without any.
    pub fn of(frames: &[RgbImage]) -> Option<Self> {
        let first = small_size(frames.first()?);
        let n = frames.len().min(MAX_FRAMES);
        let spread = (0..n).filter_map(|it| frames.get((2 * it + 1) * frames.len() / (2 * n)));
        let small: Vec<RgbImage> = spread.map(|it| resize(it, first.0, first.1)).collect();
        let grey: Vec<GrayImage> = small.iter().map(luma).collect();
        let content = Content::of(&grey);
        let squares: Vec<RgbImage> = small.iter().map(|it| content.cut(it)).collect();
        let large: Vec<GrayImage> = squares
            .iter()
            .map(|it| luma(&resize(it, SIDE, SIDE)))
            .collect();
        let mut points = Vec::new();
        add_points(&mut points, &middle_of(&large), N_OF_MIDDLE);
        for place in [0, n / 2, n - 1] {
            if let Some(frame) = large.get(place) {
                add_points(&mut points, frame, N_OF_FRAME);
            }
        }
        Some(Self {
            points,
            scenes: Scenes::of(&squares),
        })
    }
}
