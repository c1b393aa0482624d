//! Whether images are photographs, or drawings of the kind that `wo-synth` makes.
//!
//! A photograph has detail nearly everywhere, a drawing only at its lines. So the usual step from a pixel to its neighbour is
//! compared with the largest steps, with their mean and with the contrast, which is the same in any light. The image is
//! averaged to a few pixels first: the grain of a camera and the blocks of a codec are no detail.

use image::RgbImage;

/// Pixels a side for the smallest steps, in which grain does not count.
const COARSE: usize = 32;
/// Pixels a side for the usual step.
const FINE: usize = 48;
/// Images with more detail count as photographs. How it was found, and what it misses:
/// `docs/experiments/2026-12-01-drawn-or-photograph.md`.
const PHOTOGRAPH: f64 = -5.49;
/// Keeps ratios finite.
const LEAST: f64 = 1e-6;
/// Ratios far below this say the same: there is no detail.
const LEAST_RATIO: f64 = 0.003;

/// Whether the images of a video look like photographs, by the middle one of them; `None` without an image.
pub fn looks_photographed(images: &[RgbImage]) -> Option<bool> {
    let mut details: Vec<f64> = images.iter().map(detail).collect();
    details.sort_by(f64::total_cmp);
    let middle = details.get(details.len() / 2)?;
    Some(*middle > PHOTOGRAPH)
}

/// How much of the middle square has detail: the sum of the logarithms of three ratios.
pub fn detail(image: &RgbImage) -> f64 {
    let (coarse, fine) = (Steps::of(image, COARSE), Steps::of(image, FINE));
    let usual = fine.quantile(0.5);
    let ratios = [
        (coarse.quantile(0.25), coarse.quantile(0.95)),
        (usual, fine.contrast),
        (usual, fine.mean()),
    ];
    let logarithms = ratios.map(|(part, whole)| (part / (whole + LEAST) + LEAST_RATIO).ln());
    logarithms.iter().sum()
}

/// The steps of brightness between neighbours.
struct Steps {
    sorted: Vec<f64>,
    /// The standard deviation of the brightness.
    contrast: f64,
}

impl Steps {
    /// Of the middle square at `side` pixels, or fewer where the image has fewer.
    fn of(image: &RgbImage, side: usize) -> Self {
        let side = side.min(image.width().min(image.height()) as usize);
        let levels = averaged(image, side);
        let n = levels.len().max(1) as f64;
        let mean = levels.iter().sum::<f64>() / n;
        let variance = levels.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / n;
        let places = (1..side).flat_map(|y| (1..side).map(move |x| y * side + x));
        let step = |place: usize| {
            let [here, left, above] = [place, place - 1, place - side].map(|it| levels[it]);
            (here - left).abs().max((here - above).abs())
        };
        let mut sorted: Vec<f64> = places.map(step).collect();
        sorted.sort_by(f64::total_cmp);
        Self {
            sorted,
            contrast: variance.sqrt(),
        }
    }

    /// The step that this share of the others is below; 0 where there is none.
    fn quantile(&self, share: f64) -> f64 {
        let place = (share * self.sorted.len() as f64) as usize;
        self.sorted.get(place).copied().unwrap_or(0.0)
    }

    fn mean(&self) -> f64 {
        self.sorted.iter().sum::<f64>() / self.sorted.len().max(1) as f64
    }
}

/// The brightness of the middle square, averaged to `side` pixels, which are no more than the image has.
fn averaged(image: &RgbImage, side: usize) -> Vec<f64> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let square = width.min(height);
    let (left, top) = ((width - square) / 2, (height - square) / 2);
    let edge = |n: usize| n * square / side.max(1);
    let mut levels = Vec::with_capacity(side * side);
    for row in 0..side {
        for column in 0..side {
            let mut sum = 0_u64;
            for y in edge(row)..edge(row + 1) {
                let start = 3 * ((top + y) * width + left + edge(column));
                let end = 3 * ((top + y) * width + left + edge(column + 1));
                for rgb in image.as_raw()[start..end].chunks_exact(3) {
                    let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u64::from);
                    sum += 299 * r + 587 * g + 114 * b;
                }
            }
            let n = (edge(row + 1) - edge(row)) * (edge(column + 1) - edge(column));
            levels.push(sum as f64 / (1000 * n) as f64);
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn waves(light: f64) -> RgbImage {
        RgbImage::from_fn(320, 240, |x, y| {
            let wave = (f64::from(x) / 9.0).sin() + (f64::from(y) / 7.0).cos();
            Rgb([(light * (128.0 + 50.0 * wave)) as u8; 3])
        })
    }

    #[test]
    fn detail_everywhere_makes_a_photograph_in_any_light() {
        let drawn = RgbImage::from_fn(320, 240, |x, _| Rgb([if x < 160 { 200 } else { 60 }; 3]));
        let (bright, dark) = (detail(&waves(1.0)), detail(&waves(0.3)));
        assert!((bright - dark).abs() < 0.5, "{bright} {dark}");
        assert_eq!(looks_photographed(&[waves(1.0)]), Some(true));
        assert_eq!(looks_photographed(&[waves(0.3)]), Some(true));
        assert_eq!(looks_photographed(&[drawn]), Some(false));
        assert_eq!(looks_photographed(&[]), None);
    }

    #[test]
    fn the_middle_image_decides() {
        let flat = || RgbImage::from_pixel(90, 90, Rgb([100; 3]));
        let of = |images: [RgbImage; 3]| looks_photographed(&images);
        assert_eq!(of([flat(), waves(1.0), waves(1.0)]), Some(true));
        assert_eq!(of([flat(), flat(), waves(1.0)]), Some(false));
    }

    #[test]
    fn any_size_has_an_answer() {
        for (width, height) in [(0, 0), (0, 7), (1, 1), (2, 2), (3, 500), (33, 31)] {
            let black = RgbImage::new(width, height);
            assert!(detail(&black) < PHOTOGRAPH, "{width}x{height}");
        }
        let corner = RgbImage::from_fn(2, 2, |x, y| Rgb([if x + y == 0 { 255 } else { 0 }; 3]));
        assert!(detail(&corner).is_finite());
    }

    #[test]
    fn grain_does_not_make_a_photograph() {
        let mut state = 1_u32;
        let grainy = RgbImage::from_fn(640, 640, |x, _| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let level = if x < 300 { 190 } else { 70 };
            Rgb([level + (state % 8) as u8; 3])
        });
        assert!(detail(&grainy) < PHOTOGRAPH, "{}", detail(&grainy));
    }
}
