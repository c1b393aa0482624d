//! The frames of a video in a few cells, and whether those of another video show the same.
//!
//! In one room the background is the same in all videos. So what counts is where two frames differ the most: one person
//! differs from another over several cells, while a copy differs nowhere. That is asked of most frames of a video, since some
//! frames of two persons look alike by chance. Where both videos have colours, these
//! must agree as well, unless one was made lighter: that pales some of them.

use image::{GrayImage, RgbImage};

use super::cells::{Cells, N_CELLS, SIDE, SharedCells};
use super::light::Light;
use super::placing::Placing;
use super::samples::Samples;
use crate::quality::luma;
use crate::resize::resize;

/// Levels are stored in steps of this, hues in steps of the other.
const STEP: u8 = 4;
const HUE_STEP: u8 = 8;
/// The hue of grey.
const GREY: u8 = 128;
/// A video has colours if this part of its cells has; coding alone tints fewer.
const LEAST_COLOURED: f32 = 0.01;
/// Coding blurs colours more than levels, so they count less.
const HUE_WEIGHT: f32 = 0.7;
/// Cells at the edge that are darker in all frames show nothing: the corners beside a rotated image.
const DARK: u8 = 16;
/// At least this part of the cells is compared.
const LEAST_SHARED: f32 = 0.1;
/// The contrast of an image with little is not taken for less.
const LEAST_CONTRAST: f32 = 8.0;
/// An image of less contrast has no detail, such as a black one, and is like any other.
const NO_CONTRAST: f32 = 2.0;
/// Rooms are one if their levels change so much alike; needed where they have too few corners.
const SAME_ROOM: f32 = 0.9;

/// The frames of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scenes {
    /// The level of each cell, from dark to light.
    levels: Vec<[u8; N_CELLS]>,
    /// From blue to red, with grey and green in the middle.
    hues: Vec<[u8; N_CELLS]>,
    is_coloured: bool,
    /// The middle of the levels over all frames: the room.
    room: Box<[u8; N_CELLS]>,
    is_live: Box<[bool; N_CELLS]>,
}

impl Scenes {
    /// Reduces the content of frames.
    pub(super) fn of(frames: &[RgbImage]) -> Self {
        let (mut levels, mut hues) = (Vec::new(), Vec::new());
        for frame in frames {
            let small = resize(frame, SIDE as u32, SIDE as u32);
            let (mut of_frame, mut hues_of_frame) = ([0; N_CELLS], [0; N_CELLS]);
            for (cell, level) in of_frame.iter_mut().zip(luma(&small).iter()) {
                *cell = level / STEP * STEP + STEP / 2;
            }
            for (cell, pixel) in hues_of_frame.iter_mut().zip(small.pixels()) {
                let [red, _, blue] = pixel.0;
                let hue = GREY - blue / 2 + red / 2;
                *cell = hue.saturating_add(HUE_STEP / 2) / HUE_STEP * HUE_STEP;
            }
            levels.push(of_frame);
            hues.push(hues_of_frame);
        }
        Self::new(levels, hues)
    }

    /// Levels and hues as they were stored.
    pub(super) fn new(levels: Vec<[u8; N_CELLS]>, hues: Vec<[u8; N_CELLS]>) -> Self {
        let mut room = Box::new([0; N_CELLS]);
        for (place, cell) in room.iter_mut().enumerate() {
            *cell = middle_level(levels.iter().map(|frame| frame[place]));
        }
        let coloured = hues.iter().flatten().filter(|hue| **hue != GREY);
        let n_cells = (hues.len() * N_CELLS) as f32;
        Self {
            is_live: live_cells(&levels),
            is_coloured: coloured.count() as f32 > LEAST_COLOURED * n_cells,
            room,
            levels,
            hues,
        }
    }

    /// The levels of all frames, then the hues.
    pub(super) fn planes(&self) -> impl Iterator<Item = &[u8; N_CELLS]> {
        self.levels.iter().chain(&self.hues)
    }

    pub(super) fn mirrored(&self) -> Self {
        fn mirror<T>(cells: &mut [T; N_CELLS]) {
            cells.chunks_exact_mut(SIDE).for_each(<[T]>::reverse);
        }
        let mut mirrored = self.clone();
        mirrored.levels.iter_mut().for_each(mirror);
        mirrored.hues.iter_mut().for_each(mirror);
        mirror(&mut mirrored.room);
        mirror(&mut mirrored.is_live);
        mirrored
    }

    /// How much each frame differs from each frame of another video that lies as `placing` says: 0 where none of the cells
    /// does. Colours are compared where the levels differ by `same` at most. `None` where too little is in both.
    pub(super) fn differences(
        &self,
        other: &Self,
        placing: &Placing,
        same: f32,
    ) -> Option<Differences> {
        let samples = Samples::new(placing, &other.is_live);
        let mut is_in_both = *self.is_live;
        for (is_in_both, sample) in is_in_both.iter_mut().zip(&samples.of_cells) {
            *is_in_both &= sample.is_some();
        }
        let shared = SharedCells::new(&is_in_both);
        let contrast = self.contrast(&shared);
        if (shared.n as f32) < LEAST_SHARED * N_CELLS as f32 || contrast < NO_CONTRAST {
            return None;
        }
        let contrast = contrast.max(LEAST_CONTRAST);
        let there = samples.taken(&other.room, |level| level);
        let light = Light::between(&self.room, &there, &shared.is_shared)?;
        let (low, high) = light.shared_levels();
        let cut = |levels: &[u8; N_CELLS]| levels.map(|level| level.clamp(low, high));
        let here = self.levels.iter().map(|it| Cells::new(&cut(it)));
        let there = other.levels.iter().map(|it| {
            let levels = samples.taken(it, |level| light.gain * level + light.plus);
            Cells::new(&cut(&levels))
        });
        let (here, there): (Vec<_>, Vec<_>) = (here.collect(), there.collect());
        let row = |one: &Cells| -> Vec<f32> {
            let difference = |two| one.difference(two, &shared) / contrast;
            there.iter().map(difference).collect()
        };
        let mut values: Vec<Vec<f32>> = here.iter().map(row).collect();
        let is_close = values.iter().flatten().any(|it| *it <= same);
        if is_close && light.is_same() && self.is_coloured && other.is_coloured {
            let grey = f32::from(GREY);
            let hue = |hue: f32| light.gain * (hue - grey) + grey;
            let here: Vec<Cells> = self.hues.iter().map(Cells::new).collect();
            let there = other.hues.iter().map(|it| samples.taken(it, hue));
            let there: Vec<Cells> = there.map(|it| Cells::new(&it)).collect();
            for (one, row) in here.iter().zip(&mut values) {
                for (two, value) in there.iter().zip(row) {
                    if *value <= same {
                        let of_hues = one.difference(two, &shared) * HUE_WEIGHT / contrast;
                        *value = value.max(of_hues);
                    }
                }
            }
        }
        Some(Differences { values })
    }

    /// Whether both show one room from one place, by the correlation of their levels.
    pub(super) fn is_one_room(&self, other: &Self) -> bool {
        let mean = |cells: &[u8; N_CELLS]| {
            cells.iter().map(|it| f32::from(*it)).sum::<f32>() / N_CELLS as f32
        };
        let (one, two) = (mean(&self.room), mean(&other.room));
        let (mut joint, mut of_one, mut of_two) = (0.0, 0.0, 0.0);
        for (a, b) in self.room.iter().zip(other.room.iter()) {
            let (a, b) = (f32::from(*a) - one, f32::from(*b) - two);
            joint += a * b;
            of_one += a * a;
            of_two += b * b;
        }
        joint >= SAME_ROOM * (of_one * of_two).sqrt() && joint > 0.0
    }

    /// The standard deviation of the room's levels.
    fn contrast(&self, shared: &SharedCells) -> f32 {
        let cells = || self.room.iter().zip(&shared.is_shared);
        let levels = || cells().filter(|it| *it.1).map(|it| f32::from(*it.0));
        let n = shared.n.max(1) as f32;
        let mean = levels().sum::<f32>() / n;
        (levels().map(|it| (it - mean).powi(2)).sum::<f32>() / n).sqrt()
    }
}

/// The difference of each frame of one video from each of another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Differences {
    values: Vec<Vec<f32>>,
}

impl Differences {
    /// The least difference of each frame of the first video, and of each frame of the second, in order of their size.
    pub(super) fn least(&self) -> [Vec<f32>; 2] {
        let mut first: Vec<f32> = self
            .values
            .iter()
            .map(|row| row.iter().copied().fold(f32::MAX, f32::min))
            .collect();
        let n_second = self.values.first().map_or(0, Vec::len);
        let column = |place: usize| {
            self.values
                .iter()
                .filter_map(|row| row.get(place))
                .copied()
                .fold(f32::MAX, f32::min)
        };
        let mut second: Vec<f32> = (0..n_second).map(column).collect();
        first.sort_by(f32::total_cmp);
        second.sort_by(f32::total_cmp);
        [first, second]
    }
}

fn middle_level(levels: impl Iterator<Item = u8>) -> u8 {
    let mut levels: Vec<u8> = levels.collect();
    levels.sort_unstable();
    levels.get(levels.len() / 2).copied().unwrap_or(0)
}

/// All but the cells that are dark in all frames and join the edge of the image, and those beside them.
fn live_cells(frames: &[[u8; N_CELLS]]) -> Box<[bool; N_CELLS]> {
    let is_dark = |place: usize| frames.iter().all(|frame| frame[place] <= DARK);
    let mut is_live = Box::new([true; N_CELLS]);
    let is_edge = |place: &usize| {
        let (x, y) = (place % SIDE, place / SIDE);
        x == 0 || y == 0 || x == SIDE - 1 || y == SIDE - 1
    };
    let mut open: Vec<usize> = (0..N_CELLS).filter(is_edge).collect();
    while let Some(place) = open.pop() {
        if !is_live[place] || !is_dark(place) {
            continue;
        }
        is_live[place] = false;
        let x = place % SIDE;
        open.extend((x > 0).then(|| place - 1));
        open.extend((x < SIDE - 1).then(|| place + 1));
        open.extend((place >= SIDE).then(|| place - SIDE));
        open.extend((place + SIDE < N_CELLS).then(|| place + SIDE));
    }
    is_live
}

/// The middle of each pixel over all frames.
pub(super) fn middle_of(frames: &[GrayImage]) -> GrayImage {
    let (width, height) = frames.first().map_or((0, 0), GrayImage::dimensions);
    GrayImage::from_fn(width, height, |x, y| {
        let levels = frames.iter().filter_map(|it| it.get_pixel_checked(x, y));
        image::Luma([middle_level(levels.map(|it| it.0[0]))])
    })
}
