//! An image as a few colour features, for a probe that must not see the lifter's form.

use image::RgbImage;

/// Cells along each side.
const N_CELLS: u32 = 6;
/// Steps of each channel in the histogram.
const N_STEPS: usize = 4;
/// How many features are means of cells.
const N_MEANS: usize = 3 * (N_CELLS * N_CELLS) as usize;

/// How many features [`thumbnail`] gives: 108 means and 64 shares.
pub const N_FEATURES: usize = N_MEANS + N_STEPS * N_STEPS * N_STEPS;

/// The colour features of `image`, all from 0 to 1:
///
/// - first the mean red, green and blue of 6 x 6 cells that cover it, line by line from the upper left one; a pixel
///   belongs to one cell, but an image of fewer than six pixels on a side has pixels that stand for several;
/// - then the share of its pixels in each of 4 x 4 x 4 equal boxes of red, green and blue, blue changing fastest.
///
/// All are 0 for an image without pixels.
pub fn thumbnail(image: &RgbImage) -> [f32; N_FEATURES] {
    let mut features = [0.0; N_FEATURES];
    let (width, height) = image.dimensions();
    if width == 0 || height == 0 {
        return features;
    }
    let (means, shares) = features.split_at_mut(N_MEANS);
    for (cell, mean) in (0u32..).zip(means.chunks_exact_mut(3)) {
        let (left, right) = part(width, cell % N_CELLS);
        let (top, bottom) = part(height, cell / N_CELLS);
        let mut sums = [0u64; 3];
        for (y, x) in (top..bottom).flat_map(|y| (left..right).map(move |x| (y, x))) {
            for (sum, level) in sums.iter_mut().zip(image.get_pixel(x, y).0) {
                *sum += u64::from(level);
            }
        }
        let n_pixels = u64::from(right - left) * u64::from(bottom - top);
        for (mean, sum) in mean.iter_mut().zip(sums) {
            *mean = (sum as f64 / (255 * n_pixels) as f64) as f32;
        }
    }
    let mut counts = [0u64; N_FEATURES - N_MEANS];
    for pixel in image.pixels() {
        let [r, g, b] = pixel.0.map(|level| usize::from(level) * N_STEPS / 256);
        counts[(r * N_STEPS + g) * N_STEPS + b] += 1;
    }
    let n_pixels = u64::from(width) * u64::from(height);
    for (share, count) in shares.iter_mut().zip(counts) {
        *share = (count as f64 / n_pixels as f64) as f32;
    }
    features
}

/// From where to where the `index`th of [`N_CELLS`] parts of a side goes; at least one pixel.
fn part(side: u32, index: u32) -> (u32, u32) {
    let at = |index: u32| (u64::from(side) * u64::from(index) / u64::from(N_CELLS)) as u32;
    let from = at(index).min(side - 1);
    (from, at(index + 1).max(from + 1))
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn cells_and_boxes_are_where_they_are_said_to_be() {
        // Red at the upper left cell, black elsewhere.
        let image = RgbImage::from_fn(60, 120, |x, y| {
            Rgb(if x < 10 && y < 20 {
                [255, 0, 0]
            } else {
                [0; 3]
            })
        });
        let features = thumbnail(&image);
        assert_eq!(features[..4], [1.0, 0.0, 0.0, 0.0]);
        assert!((features[N_MEANS] - 35.0 / 36.0).abs() < 1e-6);
        assert!((features[N_MEANS + 48] - 1.0 / 36.0).abs() < 1e-6);
        assert!((features[N_MEANS..].iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn any_size_has_as_many_figures() {
        assert!(thumbnail(&RgbImage::new(0, 4)).iter().all(|&f| f == 0.0));
        for (width, height) in [(1, 1), (2, 5), (7, 3), (640, 11)] {
            let white = thumbnail(&RgbImage::from_pixel(width, height, Rgb([255; 3])));
            assert!(white[..N_MEANS].iter().all(|&f| (f - 1.0).abs() < 1e-6));
            assert!((white[N_FEATURES - 1] - 1.0).abs() < 1e-6);
        }
    }
}
