//! Whether an image looks like a photograph or like a drawing of the kind that `wo-synth` makes.

use image::RgbImage;
use image::imageops::crop_imm;

use crate::quality::luma;
use crate::resize::resize;

/// The image is compared at this many pixels a side. Grain and the blocks of a codec are averaged away; what is left of a
/// photograph still has detail nearly everywhere, and that of a drawing only at its lines.
const SIDE: u32 = 64;
/// Neighbours that differ by at most this many levels are flat.
const FLAT: u8 = 2;
/// An image with a larger share of flat places counts as drawn.
///
/// Of 45 frames of 15 gym videos, sharp, blurred and coded badly, the flattest has 0.32. Of 40 frames of `wo-synth`'s videos the
/// least flat has 0.48. Its stills of 160 pixels have their grain unsmoothed: one in eight is taken for a photograph. A
/// photograph at a third of its brightness is often taken for a drawing. So test many images and take the majority.
const DRAWN: f64 = 0.4;

/// The share of the middle square without detail, from 0 to 1. It is 1 for an image without pixels.
pub fn flatness(image: &RgbImage) -> f64 {
    let (width, height) = image.dimensions();
    let side = width.min(height);
    let square = crop_imm(image, (width - side) / 2, (height - side) / 2, side, side);
    let small = luma(&resize(&square.to_image(), SIDE, SIDE));
    let level = |x, y| small.get_pixel(x, y).0[0];
    let places = (1..SIDE).flat_map(|y| (1..SIDE).map(move |x| (x, y)));
    let is_flat = |(x, y): &(u32, u32)| {
        let here = level(*x, *y);
        here.abs_diff(level(x - 1, *y)) <= FLAT && here.abs_diff(level(*x, y - 1)) <= FLAT
    };
    let n_places = (SIDE - 1) * (SIDE - 1);
    places.filter(is_flat).count() as f64 / f64::from(n_places)
}

/// Whether an image looks like a photograph.
pub fn is_photograph(image: &RgbImage) -> bool {
    flatness(image) < DRAWN
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn detail_everywhere_makes_a_photograph() {
        let drawn = RgbImage::from_fn(320, 240, |x, _| Rgb([if x < 160 { 200 } else { 60 }; 3]));
        assert!(flatness(&drawn) > 0.95 && !is_photograph(&drawn));
        let waves = |x: u32, y: u32| {
            let wave = (f64::from(x) / 9.0).sin() + (f64::from(y) / 7.0).cos();
            Rgb([(128.0 + 50.0 * wave) as u8; 3])
        };
        let photograph = RgbImage::from_fn(320, 240, waves);
        assert!(flatness(&photograph) < 0.2 && is_photograph(&photograph));
        for (width, height) in [(0, 0), (1, 1), (3, 500)] {
            assert!(!is_photograph(&RgbImage::new(width, height)));
        }
    }

    #[test]
    fn grain_does_not_make_a_photograph() {
        let mut state = 1_u32;
        let grainy = RgbImage::from_fn(640, 480, |x, _| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let level = if x < 300 { 190 } else { 70 };
            Rgb([level + (state % 8) as u8; 3])
        });
        assert!(!is_photograph(&grainy), "{}", flatness(&grainy));
    }
}
