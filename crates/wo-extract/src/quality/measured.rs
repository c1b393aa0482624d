//! Quality metrics of an image, whatever it shows. They use luma at about one size, so videos can be compared.

use image::{GrayImage, RgbImage};
use wo_picture::{Tones, luma, perceptual_hash, rounded};
use wo_record::{PerceptualHash, Quality};

/// Side of the square whose changes are motion.
pub(crate) const SMALL: u32 = 32;

/// Below this level all is black: video black is 16 of 255 where a range was mistaken.
const BLACK: u8 = 20;
/// The levels of a black bar differ by no more; those of a dark room do.
const EVEN: u8 = 3;
/// A bar is at least so wide, of [`SMALL`].
const BAR: u32 = 2;

/// What lies between black bars, of [`SMALL`] lines and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

impl Content {
    /// The part of the width and that of the height that it takes.
    pub(crate) fn shares(self) -> (f64, f64) {
        let share = |from: u32, to: u32| f64::from(to - from) / f64::from(SMALL);
        (share(self.left, self.right), share(self.top, self.bottom))
    }
}

/// What lies between the black bars that all of `images` have on opposite sides. All of it where all is black.
pub(crate) fn content<'a>(images: impl Iterator<Item = &'a Measured>) -> Content {
    let bars = images.map(Measured::bars);
    let least = bars.reduce(|a, b| std::array::from_fn(|side| a[side].min(b[side])));
    let [top, bottom, left, right] = least.unwrap_or_default();
    let pair = |near: u32, far: u32| {
        let is_pair = near.min(far) >= BAR && near + far < SMALL;
        if is_pair {
            (near, SMALL - far)
        } else {
            (0, SMALL)
        }
    };
    let ((top, bottom), (left, right)) = (pair(top, bottom), pair(left, right));
    Content {
        left,
        top,
        right,
        bottom,
    }
}

/// What was measured of an image.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// The figures, but for motion.
    quality: Quality,
    hash: u64,
    small: GrayImage,
}

impl Measured {
    /// Measures `image`.
    pub(crate) fn of(image: &RgbImage) -> Self {
        let luma = luma(image);
        let Tones {
            sharpness,
            brightness,
            contrast,
        } = Tones::of(&luma);
        let hash = perceptual_hash(&luma);
        let small = image::imageops::thumbnail(&luma, SMALL, SMALL);
        Self {
            quality: Quality {
                sharpness,
                brightness,
                contrast,
                motion: None,
                perceptual_hash: PerceptualHash(hash).to_string(),
            },
            hash,
            small,
        }
    }

    /// Variance of the Laplacian, in squared levels.
    pub(crate) fn sharpness(&self) -> f64 {
        self.quality.sharpness
    }

    /// Mean luma, from 0 to 1.
    pub(crate) fn brightness(&self) -> f64 {
        self.quality.brightness
    }

    /// How many of the 64 bits of their hashes differ.
    pub(crate) fn distance(&self, other: &Self) -> u32 {
        (self.hash ^ other.hash).count_ones()
    }

    /// How many lines at the top and at the bottom, or columns at the left and at the right, are black and even; of
    /// [`SMALL`].
    fn bars(&self) -> [u32; 4] {
        let pixel = |x: u32, y: u32| self.small.get_pixel(x, y).0[0];
        let is_bar = |levels: &dyn Fn(u32) -> u8| {
            let levels = (0..SMALL).map(levels);
            let (least, most) = levels.fold((u8::MAX, 0), |(least, most), level| {
                (least.min(level), most.max(level))
            });
            most < BLACK && most - least <= EVEN
        };
        let line = |&y: &u32| is_bar(&|x| pixel(x, y));
        let column = |&x: &u32| is_bar(&|y| pixel(x, y));
        [
            (0..SMALL).take_while(line).count(),
            (0..SMALL).rev().take_while(line).count(),
            (0..SMALL).take_while(column).count(),
            (0..SMALL).rev().take_while(column).count(),
        ]
        .map(|n| n as u32)
    }

    /// Mean luma of the `content`, from 0 to 1.
    pub(crate) fn light(&self, content: Content) -> f64 {
        let Content {
            left,
            top,
            right,
            bottom,
        } = content;
        let pixels = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
        let levels = pixels.map(|(x, y)| f64::from(self.small.get_pixel(x, y).0[0]));
        let (sum, n) = levels.fold((0.0, 0u32), |(sum, n), level| (sum + level, n + 1));
        sum / f64::from(n.max(1)) / 255.0
    }

    /// Mean absolute change, from 0 to 1.
    pub(crate) fn change(&self, before: &Self) -> f64 {
        f64::from(sum_of_changes(&self.small, &before.small)) / f64::from(SMALL * SMALL * 255)
    }

    /// The figures of an image that comes behind `before`.
    pub(crate) fn behind(&self, before: Option<&Self>) -> Quality {
        Quality {
            motion: before.map(|before| rounded(self.change(before), 4)),
            ..self.quality.clone()
        }
    }
}

/// How far the levels of `a` are from those of `b`, all together.
pub(crate) fn sum_of_changes(a: &[u8], b: &[u8]) -> u32 {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// Squares of `side` pixels, moved by `shift`.
    fn squares(side: u32, shift: u32) -> RgbImage {
        RgbImage::from_fn(512, 512, |x, y| {
            let is_light = ((x + shift) / side + y / side).is_multiple_of(2);
            Rgb(if is_light { [250; 3] } else { [20; 3] })
        })
    }

    #[test]
    fn blur_lowers_sharpness_and_little_else() {
        let sharp = squares(40, 0);
        let blurred = image::imageops::blur(&sharp, 4.0);
        let (a, b) = (Measured::of(&sharp), Measured::of(&blurred));
        assert!(a.sharpness() > 10.0 * b.sharpness(), "{a:?} {b:?}");
        assert!((a.brightness() - b.brightness()).abs() < 0.01);
        assert!(a.distance(&b) <= 4, "{}", a.distance(&b));
    }

    #[test]
    fn figures_are_those_of_the_picture() {
        let grey = Measured::of(&RgbImage::from_pixel(300, 700, Rgb([51; 3])));
        let quality = grey.behind(None);
        assert_eq!((quality.brightness, quality.contrast), (0.2, 0.0));
        assert_eq!((quality.sharpness, quality.motion), (0.0, None));
        assert_eq!(quality.perceptual_hash.len(), 16);
        let half = Measured::of(&squares(64, 0)).behind(Some(&Measured::of(&squares(64, 64))));
        assert!((half.contrast - 115.0 / 255.0).abs() < 0.01, "{half:?}");
        assert!(
            half.motion
                .is_some_and(|motion| (motion - 230.0 / 255.0).abs() < 0.01)
        );
        let tiny = Measured::of(&RgbImage::from_pixel(2, 1, Rgb([9; 3])));
        assert!(tiny.sharpness() < 1e-9);
    }
}
