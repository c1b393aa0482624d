//! Random changes to the frames of a training video that leave its form as it is: one draw for all frames of a video.
//!
//! There is no rotation and no vertical flip, since tilt is what a label is about; and no change of proportions.

use image::RgbImage;
use rand::{Rng, RngExt};
use wo_input::{Preprocessor, resize, resize_square};

/// How far brightness, contrast and colour are turned up or down at full strength.
const JITTER: f32 = 0.35;
/// The least part of a square's area that a crop keeps.
const LEAST_AREA: f64 = 0.72;
/// How often colour is dropped at full strength.
const GRAY: f64 = 0.1;
/// How often a picture loses sharpness at full strength; alike for all classes, so that sharpness says nothing of form.
const SOFT: f64 = 0.3;

/// One draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Augmentation {
    /// Side of the crop as a part of the square's.
    side: f64,
    left: f64,
    top: f64,
    flip: bool,
    brightness: f32,
    contrast: f32,
    saturation: f32,
    /// Side that the picture is shrunk to before it is enlarged again, as a part.
    softness: Option<f64>,
}

impl Augmentation {
    /// Draws one. `may_flip` is false where a mirror would show something else; `strength` from 0 to 1 is how much
    /// light, colour and sharpness change.
    pub(crate) fn draw(rng: &mut impl Rng, may_flip: bool, strength: f64) -> Self {
        let side = rng.random_range(LEAST_AREA..=1.0).sqrt();
        let jitter = JITTER * strength as f32;
        let factor = |rng: &mut dyn Rng| 1.0 + jitter * (2.0 * rng.random::<f32>() - 1.0);
        Self {
            side,
            left: rng.random::<f64>() * (1.0 - side),
            top: rng.random::<f64>() * (1.0 - side),
            flip: may_flip && rng.random_bool(0.5),
            brightness: factor(rng),
            contrast: factor(rng),
            saturation: if rng.random_bool(GRAY * strength) {
                0.0
            } else {
                factor(rng)
            },
            softness: rng
                .random_bool(SOFT * strength)
                .then(|| rng.random_range(0.5..0.9)),
        }
    }

    /// Changes a square and brings it to the floats that the model takes.
    pub(crate) fn pixels(&self, square: &RgbImage, preprocessor: &Preprocessor) -> Vec<f32> {
        let whole = f64::from(square.width());
        let (left, top) = (self.left * whole, self.top * whole);
        let mut picture = resize_square(square, left, top, self.side * whole, preprocessor.crop);
        if let Some(softness) = self.softness {
            let small = (f64::from(preprocessor.crop) * softness) as u32;
            picture = resize(
                &resize(&picture, small, small),
                preprocessor.crop,
                preprocessor.crop,
            );
        }
        if self.flip {
            image::imageops::flip_horizontal_in_place(&mut picture);
        }
        self.colour(&mut picture);
        preprocessor.normalised(&picture)
    }

    /// Where a place of the square, in parts of its sides, lies after the change.
    pub(crate) fn place(&self, u: f64, v: f64) -> (f64, f64) {
        let (u, v) = ((u - self.left) / self.side, (v - self.top) / self.side);
        (if self.flip { 1.0 - u } else { u }, v)
    }

    /// Whether left and right have changed places.
    pub(crate) fn is_flipped(&self) -> bool {
        self.flip
    }

    fn colour(&self, picture: &mut RgbImage) {
        // As torchvision's ColorJitter: brightness, then contrast about mid-gray, then saturation about the luma.
        for pixel in picture.pixels_mut() {
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
    fn nothing_is_turned_upside_down_or_tilted() {
        // White above, black below: after any draw each row is one colour, and white is still above.
        let square =
            RgbImage::from_fn(74, 74, |_, y| image::Rgb([if y < 37 { 255 } else { 0 }; 3]));
        let preprocessor = Preprocessor::clip(64);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..50 {
            let augmentation = Augmentation::draw(&mut rng, true, 1.0);
            let pixels = augmentation.pixels(&square, &preprocessor);
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
