//! Whether images are photographs, or drawings of the kind that `wo-synth` makes.
//!
//! A photograph has detail nearly everywhere, a drawing mostly at its lines. So the usual step from a pixel to its neighbour
//! is compared with the largest ones, with the mean step and with the light. The image is averaged to a few pixels first:
//! the grain of a camera and the blocks of a codec are no detail. The weights of these numbers are fitted:
//! `docs/experiments/2026-12-01-drawn-or-photograph.md` says how, and what the rule misses.

use image::RgbImage;

use crate::small_grid::SmallGrid;

/// The weights of the numbers of an image.
const WEIGHTS: [f64; 9] = [
    1.541, -9.960, -46.808, -11.926, -27.392, -4.696, -17.747, -4.850, 3.471,
];
/// Their weighted sum between the two kinds.
const MIDDLE: f64 = -156.862;
/// Levels of brightness that are black and white.
const BLACK: f64 = 12.0;
const WHITE: f64 = 250.0;
/// An image of which more than this is black or white shows too little to call it a drawing.
const MAX_CLIPPED: f64 = 0.6;
/// No photograph is as flat: its usual step is more than this part of the brightness.
const FLAT: f64 = 0.001;

/// Whether the images of a video look like photographs, by the middle one of them; `None` without an image.
pub fn looks_photographed(images: &[RgbImage]) -> Option<bool> {
    let mut scores: Vec<f64> = images.iter().map(photograph_score).collect();
    scores.sort_by(f64::total_cmp);
    // Of two, the one that looks more like a photograph.
    let middle = scores.get(scores.len() / 2)?;
    Some(*middle > 0.0)
}

/// Above zero for images that look like photographs, below for drawings. In doubt above.
pub fn photograph_score(image: &RgbImage) -> f64 {
    let grid = |side| SmallGrid::of(image, side);
    let grids = [24, 32, 48, 64].map(grid);
    let [_, middle, fine, _] = &grids;
    if middle.share_outside(BLACK, WHITE) > MAX_CLIPPED {
        return 1.0;
    }
    if fine.usual_step() < FLAT {
        return -1.0;
    }
    let weighted = numbers(&grids)
        .into_iter()
        .zip(WEIGHTS)
        .map(|(number, weight)| weight * number);
    weighted.sum::<f64>() - MIDDLE
}

/// What is weighted, in the order of [`WEIGHTS`].
fn numbers([coarse, middle, fine, finest]: &[SmallGrid; 4]) -> [f64; 9] {
    [
        finest.log_usual_step(),
        coarse.log_step_over_mean(0.75),
        coarse.direction_entropy(),
        coarse.log_bend_over_step(),
        fine.log_peak(),
        finest.log_usual_bend(),
        middle.log_step_over_mean(0.75),
        coarse.log_step_over_mean(0.5),
        fine.log_usual_step(),
    ]
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// A wall and a floor in two tones with some boxes before them, in this light.
    fn drawn(light: f64) -> RgbImage {
        RgbImage::from_fn(320, 240, |x, y| {
            let is_box = |left: u32, top: u32, side: u32| {
                (left..left + side).contains(&x) && (top..top + side).contains(&y)
            };
            let tone = match (is_box(60, 90, 50), is_box(170, 60, 70), y > 160) {
                (true, ..) => 60.0,
                (_, true, _) => 210.0,
                (_, _, true) => 90.0,
                _ => 150.0,
            };
            Rgb([(light * tone) as u8; 3])
        })
    }

    /// Smooth noise of many sizes, the larger the stronger, as in photographs.
    fn photographed(light: f64) -> RgbImage {
        let noise = |x: u32, y: u32, seed: u32| {
            let mixed = u64::from(x) << 32 | u64::from(y) << 8 | u64::from(seed);
            let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed >> 40) as f64 / f64::from(1 << 24)
        };
        RgbImage::from_fn(320, 240, |x, y| {
            let octaves = (2..8_u32).map(|octave| {
                let size = 1 << octave;
                let (column, row) = (x / size, y / size);
                let u = f64::from(x % size) / f64::from(size);
                let v = f64::from(y % size) / f64::from(size);
                let [a, b, c, d] = [(0, 0), (1, 0), (0, 1), (1, 1)]
                    .map(|(right, down)| noise(column + right, row + down, octave));
                let level = (a * (1.0 - u) + b * u) * (1.0 - v) + (c * (1.0 - u) + d * u) * v;
                level * f64::from(size)
            });
            Rgb([(light * octaves.sum::<f64>()).clamp(0.0, 255.0) as u8; 3])
        })
    }

    #[test]
    fn light_and_bars_change_nothing() {
        for light in [1.0, 0.5] {
            assert!(photograph_score(&photographed(light)) > 0.0, "{light}");
            assert!(photograph_score(&drawn(light)) < 0.0, "{light}");
        }
        let mut boxed = RgbImage::new(320, 640);
        image::imageops::replace(&mut boxed, &photographed(1.0), 0, 200);
        let (bare, boxed) = (
            photograph_score(&photographed(1.0)),
            photograph_score(&boxed),
        );
        assert!((bare - boxed).abs() < 1e-9, "{bare} {boxed}");
    }

    #[test]
    fn the_middle_image_decides() {
        let (a, b) = (|| photographed(1.0), || drawn(1.0));
        assert_eq!(looks_photographed(&[b(), a(), a()]), Some(true));
        assert_eq!(looks_photographed(&[b(), b(), a()]), Some(false));
        assert_eq!(looks_photographed(&[b(), a()]), Some(true));
        assert_eq!(looks_photographed(&[]), None);
    }

    #[test]
    fn any_size_has_an_answer_and_black_is_no_drawing() {
        for (width, height) in [(0, 0), (0, 7), (1, 1), (2, 2), (3, 500), (33, 31)] {
            let score = photograph_score(&RgbImage::new(width, height));
            assert!(score.is_finite(), "{width}x{height}");
        }
        assert!(photograph_score(&RgbImage::new(90, 90)) > 0.0);
        let corner = RgbImage::from_fn(2, 2, |x, y| Rgb([if x + y == 0 { 255 } else { 0 }; 3]));
        assert!(photograph_score(&corner).is_finite());
    }
}
