//! Makes the square that a vision tower sees of an image: scaled, cropped or filled up, then normalised per channel.

use image::RgbImage;

use crate::pixels::resize::{Filter, resize};

/// The mean of CLIP's training images per channel (openai/CLIP `clip.py`, `_transform`).
pub(crate) const CLIP_MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
/// The standard deviation of the same.
pub(crate) const CLIP_STD: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];
/// What bytes are multiplied by, mostly.
pub(crate) const RESCALE: f64 = 1.0 / 255.0;

/// How an image of any proportions becomes a square.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The shorter side is scaled to `edge` pixels, and the centre is cropped. The edge is no shorter than the square.
    Crop {
        /// The shorter side after scaling, in pixels.
        edge: u32,
        /// Where the centre is, if it lies between two pixels.
        centre: Centre,
    },
    /// Both sides are scaled to the square's, whatever the proportions.
    Squash,
    /// The longer side is scaled to the square's, and what lacks is filled with a grey, half of it on each side.
    Fill(u8),
}

/// Where a crop begins, if half a pixel lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Centre {
    /// At the pixel before, as in transformers.
    Before,
    /// At the even pixel, as in torchvision and so in open_clip.
    Even,
}

/// The preprocessing of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Preprocessor {
    /// How it becomes a square.
    pub fit: Fit,
    /// The filter that scales.
    pub filter: Filter,
    /// The side of the square in pixels.
    pub side: u32,
    /// What bytes are multiplied by.
    pub rescale: f64,
    /// Then subtracted from each channel.
    pub mean: [f32; 3],
    /// Then each channel is divided by this.
    pub std: [f32; 3],
}

impl Preprocessor {
    /// CLIP's own preprocessing, at `size` pixels.
    pub fn clip(size: u32) -> Self {
        Self {
            fit: Fit::Crop {
                edge: size,
                centre: Centre::Before,
            },
            filter: Filter::Bicubic,
            side: size,
            rescale: RESCALE,
            mean: CLIP_MEAN,
            std: CLIP_STD,
        }
    }

    /// The same for squares of another side: what is seen of an image stays the same.
    #[must_use]
    pub fn at_side(&self, side: u32) -> Self {
        let fit = match self.fit {
            Fit::Crop { edge, centre } => {
                let edge = u64::from(edge) * u64::from(side) / u64::from(self.side);
                let edge = (edge as u32).max(side);
                Fit::Crop { edge, centre }
            }
            fit => fit,
        };
        Self {
            fit,
            side,
            ..self.clone()
        }
    }

    /// The same with crops where transformers has them. A model that is written says so, so it is trained so.
    #[must_use]
    pub fn as_written(&self) -> Self {
        let fit = match self.fit {
            Fit::Crop { edge, .. } => Fit::Crop {
                edge,
                centre: Centre::Before,
            },
            fit => fit,
        };
        Self {
            fit,
            ..self.clone()
        }
    }

    /// An image as model input: 3 x `side` x `side` floats, channel by channel.
    pub fn pixels(&self, image: &RgbImage) -> Vec<f32> {
        self.normalised(&self.square(image))
    }

    /// A square of another side as model input, as made by [`Self::square`] after [`Self::at_side`].
    pub fn pixels_of_square(&self, square: &RgbImage) -> Vec<f32> {
        self.normalised(&self.resized(square))
    }

    /// A square of another side, as made by [`Self::square`] after [`Self::at_side`], at this side.
    pub fn resized(&self, square: &RgbImage) -> RgbImage {
        resize(square, self.side, self.side, self.filter)
    }

    /// The square of `side` pixels.
    pub fn square(&self, image: &RgbImage) -> RgbImage {
        match self.fit {
            Fit::Crop { edge, centre } => self.cropped(image, edge, centre),
            Fit::Squash => resize(image, self.side, self.side, self.filter),
            Fit::Fill(grey) => self.filled(image, grey),
        }
    }

    fn cropped(&self, image: &RgbImage, edge: u32, centre: Centre) -> RgbImage {
        let (width, height) = image.dimensions();
        let short = width.min(height);
        // The long side is truncated, not rounded, as in `get_resize_output_image_size`.
        let scaled = |side: u32| (u64::from(side) * u64::from(edge) / u64::from(short)) as u32;
        let resized = resize(image, scaled(width), scaled(height), self.filter);
        let left = centre.of(resized.width() - self.side);
        let top = centre.of(resized.height() - self.side);
        image::imageops::crop_imm(&resized, left, top, self.side, self.side).to_image()
    }

    /// As open_clip's `ResizeKeepRatio` and `CenterCropOrPad` do.
    fn filled(&self, image: &RgbImage, grey: u8) -> RgbImage {
        let (width, height) = image.dimensions();
        let ratio = f64::from(width.max(height)) / f64::from(self.side);
        let scaled = |side: u32| {
            let side = (f64::from(side) / ratio).round_ties_even() as u32;
            side.clamp(1, self.side)
        };
        let resized = resize(image, scaled(width), scaled(height), self.filter);
        let mut square = RgbImage::from_pixel(self.side, self.side, image::Rgb([grey; 3]));
        let left = (self.side - resized.width()) / 2;
        let top = (self.side - resized.height()) / 2;
        image::imageops::replace(&mut square, &resized, left.into(), top.into());
        square
    }

    /// A square of `side` pixels as floats, channel by channel.
    pub fn normalised(&self, square: &RgbImage) -> Vec<f32> {
        let n = square.as_raw().len() / 3;
        // Dividing by 255 is what PyTorch does.
        let divisor = (1.0 / self.rescale) as f32;
        let mut floats = vec![0.0; 3 * n];
        for (channel, plane) in floats.chunks_exact_mut(n).enumerate() {
            let (mean, std) = (self.mean[channel], self.std[channel]);
            for (float, pixel) in plane.iter_mut().zip(square.as_raw().chunks_exact(3)) {
                *float = (f32::from(pixel[channel]) / divisor - mean) / std;
            }
        }
        floats
    }
}

impl Centre {
    /// Where a crop begins that `rest` pixels are left out beside.
    fn of(self, rest: u32) -> u32 {
        match self {
            Self::Before => rest / 2,
            Self::Even => (f64::from(rest) / 2.0).round_ties_even() as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wide image, red on the left, green in the middle, blue on the right.
    fn thirds() -> RgbImage {
        RgbImage::from_fn(300, 100, |x, _| {
            image::Rgb(match x / 100 {
                0 => [255, 0, 0],
                1 => [0, 255, 0],
                _ => [0, 0, 255],
            })
        })
    }

    fn n_of(square: &RgbImage, channel: usize) -> usize {
        square.pixels().filter(|p| p.0[channel] > 250).count()
    }

    #[test]
    fn each_fit_shows_its_part_of_the_image() {
        let crop = Preprocessor::clip(50);
        let square = crop.square(&thirds());
        assert_eq!(square.dimensions(), (50, 50));
        assert!(n_of(&square, 1) > 47 * 50);

        let with = |fit| Preprocessor {
            fit,
            ..crop.clone()
        };
        let square = with(Fit::Squash).square(&thirds());
        assert_eq!(square.dimensions(), (50, 50));
        let ns: Vec<usize> = (0..3).map(|channel| n_of(&square, channel)).collect();
        assert!(ns.iter().all(|n| (14 * 50..=17 * 50).contains(n)), "{ns:?}");

        let square = with(Fit::Fill(9)).square(&thirds());
        assert_eq!(square.dimensions(), (50, 50));
        let n_filled = square.pixels().filter(|p| p.0 == [9; 3]).count();
        // A third of the rows, 16.7, is rounded to 17.
        assert_eq!(n_filled, (50 - 17) * 50);
        assert!(square.get_pixel(0, 15).0 == [9; 3] && square.get_pixel(0, 16).0[0] > 250);
    }

    #[test]
    fn a_larger_square_shows_the_same() {
        for fit in [
            Fit::Crop {
                edge: 60,
                centre: Centre::Before,
            },
            Fit::Squash,
            Fit::Fill(0),
        ] {
            let this = Preprocessor {
                fit,
                ..Preprocessor::clip(50)
            };
            let large = this.at_side(100);
            let square = large.square(&thirds());
            assert_eq!(square.dimensions(), (100, 100));
            let (a, b) = (this.pixels_of_square(&square), this.pixels(&thirds()));
            let off: f32 = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum();
            assert!(off / (a.len() as f32) < 0.1, "{fit:?}: {off}");
            assert_eq!(large.at_side(50), this);
        }
    }

    #[test]
    fn white_and_black_are_normalised_by_channel() {
        let white = RgbImage::from_pixel(8, 8, image::Rgb([255; 3]));
        let mut this = Preprocessor::clip(8);
        let pixels = this.pixels(&white);
        assert_eq!(pixels.len(), 3 * 64);
        for (channel, plane) in pixels.chunks(64).enumerate() {
            let expected = (1.0 - CLIP_MEAN[channel]) / CLIP_STD[channel];
            assert!(plane.iter().all(|p| (p - expected).abs() < 1e-6));
        }
        this.rescale = 1.0;
        (this.mean, this.std) = ([127.5; 3], [127.5; 3]);
        assert!(
            this.pixels(&white)
                .iter()
                .all(|p| (*p - 1.0).abs() < f32::EPSILON)
        );
    }

    #[test]
    fn a_centre_between_two_pixels_is_that_of_the_reference() {
        let begins = |centre: Centre| [0, 1, 2, 3, 4, 5, 7].map(|rest| centre.of(rest));
        assert_eq!(begins(Centre::Before), [0, 0, 1, 1, 2, 2, 3]);
        assert_eq!(begins(Centre::Even), [0, 0, 1, 2, 2, 2, 4]);
    }
}
