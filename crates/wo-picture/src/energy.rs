//! How much each pixel changes over a video.
//!
//! Each frame is laid over the middle one, brought to its light, and held against the median of all. What a pixel's
//! neighbours show in that median is no change either, so that half a pixel of shake does not light up every edge.

use image::RgbImage;

use crate::align::{Offset, Pyramid, box_mean};
use crate::small::{Small, quantile};

/// Levels at which the light of two frames is compared. Black and overexposed pixels tell no factor.
const LIT: std::ops::RangeInclusive<f32> = 16.0..=240.0;
/// Radius in pixels over which a change is averaged: a single pixel is noise.
const RADIUS: usize = 1;
/// So many pixels along the edge take the change of those within: a lamp that a shake brings into the image and out
/// of it again is nobody.
const EDGE: usize = 2;

/// The changes of a video.
#[derive(Debug)]
pub(crate) struct Energy {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// For each place the farthest that any frame is from the median, in levels, line by line.
    pub(crate) values: Vec<f32>,
    /// Where in each frame is what the middle frame shows.
    pub(crate) offsets: Vec<Offset>,
}

impl Energy {
    /// Measures `frames`; those of other sizes are stretched to that of the middle one. `None` without frames.
    pub(crate) fn of(frames: &[RgbImage]) -> Option<Self> {
        let middle = frames.len() / 2;
        let size = Small::size_of(frames.get(middle)?);
        let mut smalls: Vec<Small> = frames.iter().map(|f| Small::new(f, size)).collect();
        let (width, height) = (smalls[middle].width, smalls[middle].height);
        let pyramid = |small: &Small| Pyramid::new(width, height, small.luma());
        let reference = pyramid(&smalls[middle]);
        let offsets: Vec<Offset> = smalls
            .iter()
            .map(|small| reference.offset_in(&pyramid(small)))
            .collect();
        let like = smalls[middle].clone();
        for (small, &offset) in smalls.iter_mut().zip(&offsets) {
            bring_to_light_of(&like, small, offset);
        }
        let usual = usual(&smalls, &offsets, (width, height));
        let (low, high) = usual.around();
        let mut values = vec![0.0f32; width * height];
        for (small, &offset) in smalls.iter().zip(&offsets) {
            let changes = changes(small, offset, &low, &high, width);
            for (value, change) in values
                .iter_mut()
                .zip(box_mean(&changes, width, height, RADIUS))
            {
                *value = value.max(change);
            }
        }
        Some(Self {
            width,
            height,
            values: without_edge(&values, width, height),
            offsets,
        })
    }
}

/// With the values of the nearest pixels that are not at the edge, where there are such.
fn without_edge(values: &[f32], width: usize, height: usize) -> Vec<f32> {
    let inner = |at: usize, side: usize| {
        if side > 2 * EDGE {
            at.clamp(EDGE, side - 1 - EDGE)
        } else {
            at
        }
    };
    (0..values.len())
        .map(|index| values[inner(index / width, height) * width + inner(index % width, width)])
        .collect()
}

/// Multiplies each channel of `small` so that it is usually as bright as `like`.
fn bring_to_light_of(like: &Small, small: &mut Small, offset: Offset) {
    let mut factors = [1.0f32; 3];
    for (channel, factor) in factors.iter_mut().enumerate() {
        let mut ratios: Vec<f32> = (0..like.pixels.len())
            .filter_map(|index| {
                let here = like.pixels[index][channel];
                let there = moved(small, index, offset)?[channel];
                (LIT.contains(&here) && LIT.contains(&there)).then(|| here / there)
            })
            .collect();
        *factor = quantile(&mut ratios, 0.5).unwrap_or(1.0);
    }
    for pixel in &mut small.pixels {
        for (level, factor) in pixel.iter_mut().zip(factors) {
            *level *= factor;
        }
    }
}

/// What a frame shows at a pixel of the middle frame.
fn moved(small: &Small, index: usize, (dx, dy): Offset) -> Option<[f32; 3]> {
    let (x, y) = (index % small.width, index / small.width);
    small.get(x as isize + dx, y as isize + dy)
}

/// The median of all frames.
fn usual(smalls: &[Small], offsets: &[Offset], (width, height): (usize, usize)) -> Small {
    let mut levels = Vec::with_capacity(smalls.len());
    let pixels = (0..width * height).map(|index| {
        [0, 1, 2].map(|channel| {
            levels.clear();
            let pairs = smalls.iter().zip(offsets);
            levels.extend(pairs.filter_map(|(s, &o)| Some(moved(s, index, o)?[channel])));
            quantile(&mut levels, 0.5).unwrap_or(0.0)
        })
    });
    Small {
        width,
        height,
        pixels: pixels.collect(),
    }
}

impl Small {
    /// The lowest and the highest levels of each pixel and its eight neighbours.
    fn around(&self) -> (Vec<[f32; 3]>, Vec<[f32; 3]>) {
        let around = |index: usize| {
            let (x, y) = ((index % self.width) as isize, (index / self.width) as isize);
            let places = (-1..=1).flat_map(move |dy| (-1..=1).map(move |dx| (x + dx, y + dy)));
            let mut extremes = ([f32::MAX; 3], [f32::MIN; 3]);
            for pixel in places.filter_map(|(x, y)| self.get(x, y)) {
                for (channel, level) in pixel.into_iter().enumerate() {
                    extremes.0[channel] = extremes.0[channel].min(level);
                    extremes.1[channel] = extremes.1[channel].max(level);
                }
            }
            extremes
        };
        (0..self.pixels.len()).map(around).unzip()
    }
}

/// How far a frame is from what is usual, at each place of the middle frame: the farthest channel counts, since a shirt
/// may be as bright as the wall.
fn changes(
    small: &Small,
    offset: Offset,
    low: &[[f32; 3]],
    high: &[[f32; 3]],
    width: usize,
) -> Vec<f32> {
    debug_assert_eq!(small.width, width);
    let change = |index: usize| {
        let Some(pixel) = moved(small, index, offset) else {
            return 0.0;
        };
        let channels = pixel.iter().zip(low[index]).zip(high[index]);
        let far = channels.map(|((level, low), high)| (low - level).max(level - high));
        far.fold(0.0, f32::max)
    };
    (0..small.pixels.len()).map(change).collect()
}
