//! What a video is recognized by after it was mirrored, cropped, framed by bars, rotated a little, cut or coded anew.
//!
//! Corners of the room tell where one video's image lies in the other's; then the frames are compared cell by cell.

mod bytes;
mod cells;
mod content;
mod light;
mod placing;
mod points;
mod samples;
mod scenes;

use image::{GrayImage, RgbImage};

use crate::quality::luma;
use crate::resize::resize;

use content::Content;
use placing::Placing;
use points::{Point, add_points};
use scenes::{Scenes, middle_of};

/// So many frames, evenly spread, stand for a video.
const MAX_FRAMES: usize = 12;
/// Bars are looked for in frames of this long side.
const LONG_SIDE: u32 = 256;
/// Corners are looked for in squares of this side: the content, whatever its aspect, since copies are squeezed as well.
const SIDE: u32 = 192;
/// The strongest corners of the middle of all frames, where nobody moves, and of single frames, for a camera that moves.
const N_OF_MIDDLE: usize = 32;
const N_OF_FRAME: usize = 16;
/// More are not kept; the first ones are those of the middle.
const MAX_POINTS: usize = u8::MAX as usize;

/// A frame is in another video if it differs so little from one there; see [`scenes`].
const SAME: f32 = 0.16;
/// The same for a copy: little more than what coding and scaling change.
const SAME_IN_COPY: f32 = 0.08;

/// What two videos share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shared {
    /// The share of the first's frames that the second shows, from 0 to 1.
    pub of_first: f64,
    /// The share of the second's frames that the first shows.
    pub of_second: f64,
    /// The smaller of the two, where frames have to be the same but for coding and scaling.
    pub exactly: f64,
}

impl Shared {
    /// The larger share: one video may be cut out of the other.
    pub fn most(&self) -> f64 {
        self.of_first.max(self.of_second)
    }
}

/// A video's fingerprint: corners of its room, and its frames in a few cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    points: Vec<Point>,
    scenes: Scenes,
}

/// A frame as small as fingerprints need it, so that those of a whole video can be held.
pub fn small_frame(frame: &RgbImage) -> RgbImage {
    let (width, height) = small_size(frame);
    resize(frame, width, height)
}

impl Fingerprint {
    /// The fingerprint of a video's frames, large or [small](small_frame); `None` without any.
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
        points.truncate(MAX_POINTS);
        Some(Self {
            points,
            scenes: Scenes::of(&squares),
        })
    }

    /// What a mirrored copy of the video has for a fingerprint.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self {
            points: self.points.iter().map(|it| it.mirrored()).collect(),
            scenes: self.scenes.mirrored(),
        }
    }

    /// What this video shares with another as it is; [`mirrored`](Self::mirrored) finds mirrored copies.
    pub fn shared_with(&self, other: &Self) -> Option<Shared> {
        let placing = Placing::find(&self.points, &other.points);
        let placing =
            placing.or_else(|| self.scenes.is_one_room(&other.scenes).then(Placing::same))?;
        let differences = self.scenes.differences(&other.scenes, &placing, SAME)?;
        let [first, second] = differences.least();
        let part = |least: &[f32], most: f32| {
            let n_same = least.iter().filter(|it| **it <= most).count();
            n_same as f64 / least.len().max(1) as f64
        };
        Some(Shared {
            of_first: part(&first, SAME),
            of_second: part(&second, SAME),
            exactly: part(&first, SAME_IN_COPY).min(part(&second, SAME_IN_COPY)),
        })
    }
}

/// The size of an image with a long side of [`LONG_SIDE`].
fn small_size(image: &RgbImage) -> (u32, u32) {
    let (width, height) = image.dimensions();
    let long = u64::from(width.max(height)).max(1);
    let scaled =
        |side: u32| ((u64::from(side) * u64::from(LONG_SIDE) + long / 2) / long).max(1) as u32;
    (scaled(width), scaled(height))
}
