//! Sharpness, brightness and contrast: the `quality` of a `frame` record. They are measured on luma of about one size, so that
//! videos can be compared.

use image::{GrayImage, RgbImage};

/// The least short side that is measured on. Finer detail is noise as often as it is sharpness.
const SHORT_SIDE: u32 = 256;

/// Metrics of an image's luma.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tones {
    /// Variance of the Laplacian in squared levels, to two decimals: what the four neighbours of a pixel do not explain
    /// (Pech-Pacheco et al., ICPR 2000). 0 for images of less than three pixels on a side.
    pub sharpness: f64,
    /// The mean, from 0 to 1, to four decimals.
    pub brightness: f64,
    /// The standard deviation, from 0 to 0.5, to four decimals.
    pub contrast: f64,
}

impl Tones {
    /// Measures what [`luma`] makes of an image.
    pub fn of(luma: &GrayImage) -> Self {
        let n_pixels = luma.len().max(1) as f64;
        let (sum, squares) = luma.iter().fold((0u64, 0u64), |(sum, squares), &level| {
            let level = u64::from(level);
            (sum + level, squares + level * level)
        });
        let mean = sum as f64 / n_pixels;
        let variance = (squares as f64 / n_pixels - mean * mean).max(0.0);
        Self {
            sharpness: rounded(variance_of_laplacian(luma), 2),
            brightness: rounded(mean / 255.0, 4),
            contrast: rounded(variance.sqrt() / 255.0, 4),
        }
    }
}

/// The sharpness of an image, as [`Tones`] have it.
pub fn sharpness(image: &RgbImage) -> f64 {
    Tones::of(&luma(image)).sharpness
}

/// The brightness of an image, as [`Tones`] have it.
pub fn brightness(image: &RgbImage) -> f64 {
    Tones::of(&luma(image)).brightness
}

/// Luma by ITU-R BT.601, averaged over squares so that the short side comes near 256 pixels and not below it.
pub fn luma(image: &RgbImage) -> GrayImage {
    let step = (image.width().min(image.height()) / SHORT_SIDE).max(1);
    let (width, height) = (image.width() / step, image.height() / step);
    let stride = 3 * image.width().max(1) as usize;
    let n_samples = step * step;
    let mut luma = GrayImage::new(width, height);
    let mut sums = vec![0u32; width as usize];
    let lines = image.as_raw().chunks_exact(stride * step as usize);
    for (to, from) in luma.chunks_exact_mut(width.max(1) as usize).zip(lines) {
        sums.fill(0);
        for line in from.chunks_exact(stride) {
            for (sum, square) in sums.iter_mut().zip(line.chunks_exact(3 * step as usize)) {
                for rgb in square.chunks_exact(3) {
                    let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u32::from);
                    *sum += 77 * r + 150 * g + 29 * b;
                }
            }
        }
        for (to, sum) in to.iter_mut().zip(&sums) {
            *to = (sum / (256 * n_samples)) as u8;
        }
    }
    luma
}

fn variance_of_laplacian(luma: &GrayImage) -> f64 {
    let width = luma.width() as usize;
    let lines: Vec<&[u8]> = luma.chunks_exact(width.max(1)).collect();
    let (mut n, mut sum, mut squares) = (0u64, 0i64, 0u64);
    for window in lines.windows(3) {
        let [above, line, below] = [window[0], window[1], window[2]];
        for x in 1..width.saturating_sub(1) {
            let [up, down, left, right, centre] =
                [above[x], below[x], line[x - 1], line[x + 1], line[x]].map(i64::from);
            let laplacian = up + down + left + right - 4 * centre;
            sum += laplacian;
            squares += (laplacian * laplacian).unsigned_abs();
            n += 1;
        }
    }
    if n == 0 {
        return 0.0;
    }
    let mean = sum as f64 / n as f64;
    squares as f64 / n as f64 - mean * mean
}

/// Rounded to `digits` decimals, as in records.
pub fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn metrics_equal_those_of_the_image() {
        let grey = RgbImage::from_pixel(300, 700, Rgb([51; 3]));
        assert!((brightness(&grey) - 0.2).abs() < 1e-9 && sharpness(&grey).abs() < 1e-9);
        // Lines of one pixel, 100 and 0 in turn: the Laplacian is 200 or -200 everywhere.
        let lines = RgbImage::from_fn(100, 101, |_, y| Rgb([100 * (y % 2) as u8; 3]));
        assert!(
            (sharpness(&lines) - 40_000.0).abs() < 10.0,
            "{}",
            sharpness(&lines)
        );
    }

    #[test]
    fn figures_are_those_of_the_extractor() {
        // The output of `wo-extract FILE.png --size SHORT_SIDE` for these images.
        for (width, height, sharp, bright) in [
            (320, 400, 14_216.07, 0.2707),
            (900, 600, 3414.79, 0.2708),
            (301, 257, 14_175.92, 0.2709),
        ] {
            let image = RgbImage::from_fn(width, height, |x, y| {
                Rgb([0, 1, 2]
                    .map(|c| ((x * x * 3 + y * y * 7 + x * y * 5 + c * 31) % (100 + 50 * c)) as u8))
            });
            assert!((sharpness(&image) - sharp).abs() < 1e-9);
            assert!((brightness(&image) - bright).abs() < 1e-9);
        }
    }

    #[test]
    fn large_images_are_measured_at_one_size() {
        let image = |scale: u32| {
            RgbImage::from_fn(256 * scale, 300 * scale, |x, y| {
                Rgb([
                    ((x / scale) * 7 % 200) as u8,
                    ((y / scale) * 5 % 150) as u8,
                    40,
                ])
            })
        };
        assert!((sharpness(&image(1)) - sharpness(&image(3))).abs() < 1e-9);
        assert!((brightness(&image(1)) - brightness(&image(3))).abs() < 1e-9);
    }

    #[test]
    fn tiny_images_have_metrics() {
        for (width, height) in [(0, 0), (0, 5), (1, 1), (2, 1), (3, 3)] {
            let image = RgbImage::from_pixel(width, height, Rgb([9; 3]));
            assert!(sharpness(&image).abs() < 1e-9);
            assert!(brightness(&image).is_finite());
        }
    }
}
