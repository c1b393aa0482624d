//! A video's background without its lifter, for a probe that must not see the form.
//!
//! No outline may remain, since an outline is a pose. So one rectangle is removed from all frames and painted over smoothly.
//! Its edges lie on a coarse grid, so that they tell the lifter's reach in steps only.

use image::{Rgb, RgbImage};

use crate::mask::Bounds;
use crate::motion::MovingPerson;
use crate::resize::resize;

/// Steps of the grid along each side.
const N_STEPS: f64 = 8.0;
/// A smaller share of the image is no background.
const LEAST_LEFT: f64 = 0.05;

/// A background.
#[derive(Debug, Clone, PartialEq)]
pub struct Background {
    /// As large as the middle frame: the median of all frames, painted over within `removed`.
    pub image: RgbImage,
    /// The rectangle that was painted over: the body of the person, outward to eighths of the image. A probe on it
    /// alone tells what the background gives away by where the lifter is.
    pub removed: Bounds,
}

/// The background of `frames` behind `person`, whom [`moving_person`](crate::moving_person) found in them.
///
/// `None` if the person covers all but a twentieth of the image, or if `person` is not from these frames.
pub fn background(frames: &[RgbImage], person: &MovingPerson) -> Option<Background> {
    let middle = frames.get(frames.len() / 2)?;
    let removed = outward(&person.body);
    if person.shifts.len() != frames.len() || 1.0 - removed.share() < LEAST_LEFT {
        return None;
    }
    let mut image = usual(frames, person, middle.dimensions());
    paint_over(&mut image, &removed);
    Some(Background { image, removed })
}

fn outward(bounds: &Bounds) -> Bounds {
    let down = |part: f64| (part * N_STEPS).floor() / N_STEPS;
    let up = |part: f64| (part * N_STEPS).ceil() / N_STEPS;
    Bounds {
        left: down(bounds.left),
        top: down(bounds.top),
        right: up(bounds.right),
        bottom: up(bounds.bottom),
    }
}

/// The median of all frames, aligned with the middle one.
fn usual(frames: &[RgbImage], person: &MovingPerson, (width, height): (u32, u32)) -> RgbImage {
    let same: Vec<RgbImage> = frames.iter().map(|f| resize(f, width, height)).collect();
    let pixels = |part: f64, side: u32| (part * f64::from(side)).round() as i64;
    let offsets: Vec<(i64, i64)> = person
        .shifts
        .iter()
        .map(|shift| (pixels(shift.right, width), pixels(shift.down, height)))
        .collect();
    let mut levels: [Vec<u8>; 3] = Default::default();
    RgbImage::from_fn(width, height, |x, y| {
        for levels in &mut levels {
            levels.clear();
        }
        for (frame, (right, down)) in same.iter().zip(&offsets) {
            let x = u32::try_from(i64::from(x) + right).ok();
            let y = u32::try_from(i64::from(y) + down).ok();
            let pixel = x.zip(y).and_then(|(x, y)| frame.get_pixel_checked(x, y));
            for (levels, level) in levels.iter_mut().zip(pixel.iter().flat_map(|p| p.0)) {
                levels.push(level);
            }
        }
        Rgb(levels.each_mut().map(|levels| {
            levels.sort_unstable();
            levels.get(levels.len() / 2).copied().unwrap_or(0)
        }))
    })
}

/// Colours, each with a weight.
struct Canvas {
    width: usize,
    height: usize,
    /// Red, green and blue times the weight, and the weight.
    pixels: Vec<[f32; 4]>,
}

/// Fills a rectangle with the colours around it, the nearer the more, by halving the image until the hole is gone and
/// doubling it again ("pull-push", Gortler et al., The Lumigraph, SIGGRAPH 1996).
fn paint_over(image: &mut RgbImage, hole: &Bounds) {
    let (width, height) = image.dimensions();
    let part = |at: u32, side: u32| (f64::from(at) + 0.5) / f64::from(side);
    let is_hole = |x: u32, y: u32| hole.contains(part(x, width), part(y, height));
    let mut levels = vec![Canvas {
        width: width as usize,
        height: height as usize,
        pixels: image
            .enumerate_pixels()
            .map(|(x, y, pixel)| {
                let [r, g, b] = pixel.0.map(f32::from);
                if is_hole(x, y) {
                    [0.0; 4]
                } else {
                    [r, g, b, 1.0]
                }
            })
            .collect(),
    }];
    while let Some(half) = levels.last().and_then(Canvas::halved) {
        levels.push(half);
    }
    let Some(mut painted) = levels.pop() else {
        return;
    };
    while let Some(mut finer) = levels.pop() {
        finer.fill_from(&painted);
        painted = finer;
    }
    for ((x, y, pixel), [r, g, b, _]) in image.enumerate_pixels_mut().zip(painted.pixels) {
        if is_hole(x, y) {
            pixel.0 = [r, g, b].map(|level| level.round().clamp(0.0, 255.0) as u8);
        }
    }
}

impl Canvas {
    /// Half as large, or `None` where there is nothing to halve.
    fn halved(&self) -> Option<Self> {
        if self.width.max(self.height) <= 1 {
            return None;
        }
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut pixels = vec![[0.0f32; 4]; width * height];
        for (index, from) in self.pixels.iter().enumerate() {
            let (x, y) = (index % self.width / 2, index / self.width / 2);
            for (to, from) in pixels[y * width + x].iter_mut().zip(from) {
                *to += from;
            }
        }
        // A quarter that is known at all is known for good.
        for pixel in &mut pixels {
            let weight = pixel[3];
            if weight > 1.0 {
                *pixel = pixel.map(|value| value / weight);
            }
        }
        Some(Self {
            width,
            height,
            pixels,
        })
    }

    /// Fills what is not fully known from a canvas of half the size; afterwards every weight is 1.
    fn fill_from(&mut self, coarser: &Self) {
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let missing = 1.0 - pixel[3];
            if missing > 0.0 {
                let (x, y) = (index % self.width, index / self.width);
                for (to, from) in pixel.iter_mut().zip(coarser.between(x, y)) {
                    *to += missing * from;
                }
            }
        }
    }

    /// The colour at a pixel of a canvas of twice the size, from the four pixels around it.
    fn between(&self, x: usize, y: usize) -> [f32; 4] {
        let around = |at: usize, side: usize| {
            let near = (at / 2).min(side - 1);
            let far = if at.is_multiple_of(2) {
                near.saturating_sub(1)
            } else {
                near + 1
            };
            [(near, 0.75), (far.min(side - 1), 0.25)]
        };
        let mut sum = [0.0; 4];
        for (y, of_y) in around(y, self.height) {
            for (x, of_x) in around(x, self.width) {
                for (sum, value) in sum.iter_mut().zip(self.pixels[y * self.width + x]) {
                    *sum += of_x * of_y * value;
                }
            }
        }
        sum
    }
}
