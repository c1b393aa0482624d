//! The person who moves in a video, found by what changes from frame to frame.
//!
//! It sees only change: what a lifter holds still looks like the wall, a moving bar looks like the lifter, and a second
//! moving person is included.

use image::{GrayImage, RgbImage};

use crate::energy::Energy;
use crate::mask::{Bounds, Components, Mask};
use crate::small::quantile;

/// With fewer frames the median is no background.
const LEAST_FRAMES: usize = 3;
/// The share of the image that is assumed to be still when the noise is measured.
const STILL: f64 = 0.3;
/// More levels are no noise: then that share of the image moves too. A dark phone video has about five.
const MOST_NOISE: f32 = 12.0;
/// A change is more than so many times the noise, and more than so many levels; a codec alone makes about three.
const TIMES_NOISE: f32 = 4.0;
const LEAST_CHANGE: f32 = 6.0;
/// A region is a moving person if one of its pixels changes by this many times the least change.
const SURE: f32 = 2.5;
/// Gaps of this share of the long side are closed: a limb moves at its two edges, a shirt has one colour.
const GAP: f64 = 0.04;
/// The margin of the mask, as a share of the long side.
const MARGIN: f64 = 0.025;
/// How far a body extends below its moving part, as a share of that part's longer side: legs stand still under a press.
const LEGS: f64 = 0.75;
/// A part that moves belongs to the person when it has this much of the energy of the largest.
const BELONGS: f64 = 0.1;
/// A smaller moving share of the image is nobody.
const LEAST_SHARE: f64 = 0.004;
/// A larger moving share of the image means that the camera moved.
const MOST_SHARE: f64 = 0.75;

/// The person who moves.
#[derive(Debug, Clone, PartialEq)]
pub struct MovingPerson {
    /// Every place where the person was in any frame, with a margin; in the coordinates of the middle frame.
    pub mask: Mask,
    /// The same without the margin.
    pub moved: Mask,
    /// The rectangle around the mask.
    pub bounds: Bounds,
    /// Where the whole body probably is: the bounds, and down from them as far as a lifter stands who moves the upper half
    /// alone. It does not reach for the legs of one who lies.
    pub body: Bounds,
    /// The share of the image that the mask covers.
    pub share: f64,
    /// How much of all change in the image lies within the mask, from 0 to 1. Low where the rest of the image is
    /// restless too.
    pub confidence: f64,
    /// For each frame where in it is what the middle frame shows.
    pub shifts: Vec<Shift>,
    /// The change at each place in levels, as large as the mask.
    pub energy: GrayImage,
}

/// How far the camera has moved, in parts of the sides of the image: to the right and down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// In parts of the width.
    pub right: f64,
    /// In parts of the height.
    pub down: f64,
}

/// Why no moving person was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPerson {
    /// Fewer than three frames.
    TooFewFrames,
    /// Nothing moves, or too little of the image.
    NothingMoves,
    /// Most of the image moves: the camera does, or the video has cuts.
    EverythingMoves,
}

/// Finds who moves in `frames`, which are from one video and in the order of time; about ten, evenly over its length.
///
/// The camera may shake by up to a tenth of the long side, and the light may change. Frames of another size than the
/// middle one are stretched to it.
pub fn moving_person(frames: &[RgbImage]) -> Result<MovingPerson, NoPerson> {
    if frames.len() < LEAST_FRAMES {
        return Err(NoPerson::TooFewFrames);
    }
    let energy = Energy::of(frames).ok_or(NoPerson::TooFewFrames)?;
    let noise = quantile(&mut energy.values.clone(), STILL).unwrap_or(0.0);
    if noise > MOST_NOISE {
        return Err(NoPerson::EverythingMoves);
    }
    let least = LEAST_CHANGE.max(TIMES_NOISE * noise);
    let moved = moved(&energy, least)?;
    let mask = moved.dilated(pixels(&energy, MARGIN)).filled();
    let bounds = mask.bounds().ok_or(NoPerson::NothingMoves)?;
    if moved.share() > MOST_SHARE {
        return Err(NoPerson::EverythingMoves);
    }
    let part = |offset: isize, side: usize| offset as f64 / side as f64;
    let shift = |&(x, y): &(isize, isize)| Shift {
        right: part(x, energy.width),
        down: part(y, energy.height),
    };
    Ok(MovingPerson {
        share: mask.share(),
        confidence: concentration(&energy, &mask, least),
        shifts: energy.offsets.iter().map(shift).collect(),
        energy: GrayImage::from_fn(energy.width as u32, energy.height as u32, |x, y| {
            let index = y as usize * energy.width + x as usize;
            image::Luma([energy.values[index].min(255.0) as u8])
        }),
        body: body(&bounds, &energy),
        mask,
        moved,
        bounds,
    })
}

fn body(bounds: &Bounds, energy: &Energy) -> Bounds {
    let across = (bounds.right - bounds.left) * energy.width as f64 / energy.height as f64;
    let longer = across.max(bounds.bottom - bounds.top);
    Bounds {
        bottom: (bounds.bottom + LEGS * longer).min(1.0),
        ..*bounds
    }
}

/// What moved for sure, with everything around it that changes by `least` levels.
fn moved(energy: &Energy, least: f32) -> Result<Mask, NoPerson> {
    let (width, height) = (energy.width, energy.height);
    let over = |level: f32| {
        let bits = energy.values.iter().map(|&value| value > level).collect();
        Mask::new(width, height, bits)
    };
    let sure = over(SURE * least);
    let changes = over(least);
    let joined = changes.closed(pixels(energy, GAP));
    let components = joined.components();
    let sums = components.sums(&energy.values);
    let mut is_sure = vec![false; sums.len()];
    for (index, &number) in components.numbers.iter().enumerate() {
        if let Some(it) = is_sure.get_mut(number) {
            *it |= sure.at(index % width, index / width);
        }
    }
    let largest = sums.iter().zip(&is_sure).filter(|&(_, &sure)| sure);
    let largest = largest.map(|(&sum, _)| sum).fold(0.0, f64::max);
    let kept = |number: usize| {
        number != Components::NONE && is_sure[number] && sums[number] >= BELONGS * largest
    };
    let bits = components.numbers.iter().map(|&number| kept(number));
    let moved = Mask::new(width, height, bits.collect()).upright().filled();
    if moved.share() < LEAST_SHARE {
        return Err(NoPerson::NothingMoves);
    }
    Ok(moved)
}

/// The share of all change above the noise that lies within the mask.
fn concentration(energy: &Energy, mask: &Mask, least: f32) -> f64 {
    let (mut within, mut all) = (0.0, 0.0);
    for (index, value) in energy.values.iter().enumerate() {
        let change = f64::from((value - least).max(0.0));
        all += change;
        if mask.at(index % energy.width, index / energy.width) {
            within += change;
        }
    }
    if all > 0.0 { within / all } else { 0.0 }
}

fn pixels(energy: &Energy, part: f64) -> usize {
    (energy.width.max(energy.height) as f64 * part).round() as usize
}
