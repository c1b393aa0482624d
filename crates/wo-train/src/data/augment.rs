//! Augmentation that keeps form as it is: the same random crop, flip and colours for all frames of a video.
//!
//! There is no rotation and no vertical flip, since tilt decides labels, and no change of proportions.

use image::RgbImage;
use rand::{Rng, RngExt};
use wo_input::{Filter, Preprocessor, resize, resize_square};

/// The range of brightness, contrast and saturation at full strength.
const JITTER: f32 = 0.35;
/// The least fraction of the area that a crop keeps.
const MIN_AREA: f64 = 0.72;
/// The probability of greyscale at full strength.
const GREYSCALE: f64 = 0.1;
/// The probability of blur at full strength. It is the same for all classes, so that sharpness says nothing about form.
const BLUR: f64 = 0.3;

/// Whether a video may be mirrored: not where its mirror image shows something that is not in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mirroring {
    Allowed,
    Forbidden,
}

/// The augmentation of one video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Augmentation {
    /// Side of the crop, as a fraction of the square's.
    side: f64,
    left: f64,
    top: f64,
    flip: bool,
    brightness: f32,
    contrast: f32,
    saturation: f32,
    /// Blur: the fraction of the side to which the image is shrunk before it is enlarged again.
    blur: Option<f64>,
}

impl Augmentation {
    /// Samples one. `strength` from 0 to 1 scales the changes of brightness, colour and sharpness.
    pub(crate) fn sample(rng: &mut impl Rng, mirroring: Mirroring, strength: f64) -> Self {
        let side = rng.random_range(MIN_AREA..=1.0).sqrt();
        let jitter = JITTER * strength as f32;
        let factor = |rng: &mut dyn Rng| 1.0 + jitter * (2.0 * rng.random::<f32>() - 1.0);
        Self {
            side,
            left: rng.random::<f64>() * (1.0 - side),
            top: rng.random::<f64>() * (1.0 - side),
            flip: mirroring == Mirroring::Allowed && rng.random_bool(0.5),
            brightness: factor(rng),
            contrast: factor(rng),
            saturation: if rng.random_bool(GREYSCALE * strength) {
                0.0
            } else {
                factor(rng)
            },
            blur: rng
                .random_bool(BLUR * strength)
                .then(|| rng.random_range(0.5..0.9)),
        }
    }

    /// Augments a square, to the size of the model's input.
    pub(crate) fn augmented(&self, square: &RgbImage, preprocessor: &Preprocessor) -> RgbImage {
        let whole = f64::from(square.width());
        let (left, top) = (self.left * whole, self.top * whole);
        let (to, filter) = (preprocessor.side, preprocessor.filter);
        let mut image = resize_square(square, (left, top), self.side * whole, to, filter);
        if let Some(blur) = self.blur {
            let small = (f64::from(to) * blur) as u32;
            let less = resize(&image, small, small, Filter::Bicubic);
            image = resize(&less, to, to, Filter::Bicubic);
        }
        if self.flip {
            image::imageops::flip_horizontal_in_place(&mut image);
        }
        self.adjust_colours(&mut image);
        image
    }

    /// Where a point of the square lies after the augmentation. Both are fractions of the sides.
    pub(crate) fn point(&self, u: f64, v: f64) -> (f64, f64) {
        let (u, v) = ((u - self.left) / self.side, (v - self.top) / self.side);
        (if self.flip { 1.0 - u } else { u }, v)
    }

    /// Whether left and right are swapped.
    pub(crate) fn is_flipped(&self) -> bool {
        self.flip
    }

    fn adjust_colours(&self, image: &mut RgbImage) {
        // As torchvision's ColorJitter: brightness, then contrast about mid-gray, then saturation about the luma.
        for pixel in image.pixels_mut() {
            let [r, g, b] = pixel
                .0
                .map(|v| (f32::from(v) * self.brightness - 128.0) * self.contrast + 128.0);
            let luma = 0.299 * r + 0.587 * g + 0.114 * b;
            pixel.0 =
                [r, g, b].map(|v| (luma + (v - luma) * self.saturation).clamp(0.0, 255.0) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn no_frame_is_flipped_vertically_or_tilted() {
        // White above, black below: after any augmentation each row is one colour, and white is still above.
        let square =
            RgbImage::from_fn(74, 74, |_, y| image::Rgb([if y < 37 { 255 } else { 0 }; 3]));
        let preprocessor = Preprocessor::clip(64);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..50 {
            let augmentation = Augmentation::sample(&mut rng, Mirroring::Allowed, 1.0);
            let pixels = preprocessor.normalised(&augmentation.augmented(&square, &preprocessor));
            for row in pixels[..64 * 64].chunks(64) {
                assert!(
                    row.iter().all(|p| (p - row[0]).abs() < 1e-5),
                    "{augmentation:?}"
                );
            }
            assert!(pixels[0] > pixels[63 * 64], "{augmentation:?}");
        }
    }
}
