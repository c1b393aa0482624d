//! The frames of a video in a few grey cells, and whether those of another video show the same.
//!
//! In one room the background is the same in all videos. So what counts is where two frames differ the most: one person
//! differs from another over several cells, while a copy differs nowhere. That is asked of most frames of a video, since some
//! frames of two persons look alike by chance.

use image::{GrayImage, RgbImage};

use super::placing::Placing;
use crate::quality::luma;
use crate::resize::resize;

/// Cells along each side.
pub(super) const SIDE: usize = 32;
pub(super) const N_CELLS: usize = SIDE * SIDE;
/// Differences are averaged over fields of so many cells a side, and the worst fields count.
const FIELD: usize = 4;
const N_FIELDS: usize = SIDE / FIELD * (SIDE / FIELD);
/// One field in so many.
const WORST: usize = 50;
/// Levels are stored in steps of this.
const STEP: u8 = 4;
/// Cells at the edge that are darker in all frames show nothing: the corners beside a rotated picture.
const DARK: u8 = 16;
/// At least this part of the cells is compared.
const LEAST_SHARED: f32 = 0.1;
/// Levels outside of these may be cut off, as by more light.
const LEVELS: (f32, f32) = (4.0, 248.0);
/// The contrast of an image without any is not taken for less.
const LEAST_CONTRAST: f32 = 8.0;

/// The frames of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scenes {
    frames: Vec<[u8; N_CELLS]>,
    /// The middle of all frames: the room.
    middle: Box<[u8; N_CELLS]>,
    is_live: Box<[bool; N_CELLS]>,
}
