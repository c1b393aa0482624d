//! Image changes that keep the lifter's form, for robustness curves.

use std::fmt;
use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::{DynamicImage, RgbImage};
use jpeg_encoder::{ColorType, Encoder};

use crate::resize::resize;

/// A Gaussian below this many pixels changes almost no byte.
const LEAST_SIGMA_PX: f64 = 0.1;

/// One change at one strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// A Gaussian whose standard deviation is this share of the short side: a lens out of focus.
    Blur(f64),
    /// Written as JPEG of this quality, from 1 to 100, and read again. Below 90 colour has half the resolution, as phones
    /// and messengers write it.
    Jpeg(u8),
    /// All levels times this factor, cut at white (torchvision's `adjust_brightness`).
    Brightness(f64),
    /// Shrunk until the short side has this many pixels, and enlarged to the old size again.
    Resolution(u32),
    /// Left and right swapped.
    Mirror,
}

/// One kind of change at several strengths, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// The name of the kind, such as `blur`; [`Change::name`] of each of its changes.
    pub name: &'static str,
    /// The unit of its strengths, for the axis of a plot.
    pub unit: &'static str,
    /// The changes. The unchanged image is not one of them.
    pub changes: &'static [Change],
}

/// The strengths at which robustness is measured.
///
/// They span what happens to videos: blur from a soft lens to one that hides the hands, JPEG down to what messengers
/// make of an image that was forwarded many times, light from a dim cellar to a window behind the lifter.
pub fn grid() -> &'static [Curve] {
    const GRID: [Curve; 5] = [
        Curve {
            name: "blur",
            unit: "part of the short side",
            changes: &[
                Change::Blur(0.0025),
                Change::Blur(0.005),
                Change::Blur(0.01),
                Change::Blur(0.02),
                Change::Blur(0.04),
            ],
        },
        Curve {
            name: "jpeg",
            unit: "quality",
            changes: &[
                Change::Jpeg(80),
                Change::Jpeg(50),
                Change::Jpeg(30),
                Change::Jpeg(15),
                Change::Jpeg(5),
            ],
        },
        Curve {
            name: "brightness",
            unit: "factor",
            changes: &[
                Change::Brightness(0.25),
                Change::Brightness(0.5),
                Change::Brightness(0.75),
                Change::Brightness(1.5),
                Change::Brightness(2.0),
            ],
        },
        Curve {
            name: "resolution",
            unit: "px of the short side",
            changes: &[
                Change::Resolution(192),
                Change::Resolution(128),
                Change::Resolution(96),
                Change::Resolution(64),
                Change::Resolution(32),
            ],
        },
        Curve {
            name: "mirror",
            unit: "",
            changes: &[Change::Mirror],
        },
    ];
    &GRID
}

impl Change {
    /// The name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blur(_) => "blur",
            Self::Jpeg(_) => "jpeg",
            Self::Brightness(_) => "brightness",
            Self::Resolution(_) => "resolution",
            Self::Mirror => "mirror",
        }
    }

    /// The strength in the unit of its [`Curve`]; 1 for a mirror.
    pub fn strength(self) -> f64 {
        match self {
            Self::Blur(strength) | Self::Brightness(strength) => strength,
            Self::Jpeg(quality) => f64::from(quality),
            Self::Resolution(short_side) => f64::from(short_side),
            Self::Mirror => 1.0,
        }
    }

    /// The changed image; it has the size of `image`. Impossible changes return it unchanged: a strength
    /// that is not finite and positive, a JPEG without pixels or with more than 65 535 on a side.
    pub fn apply(self, image: &RgbImage) -> RgbImage {
        let changed = match self {
            Self::Blur(sigma) => blurred(image, sigma),
            Self::Jpeg(quality) => squeezed(image, quality),
            Self::Brightness(factor) => lit(image, factor),
            Self::Resolution(short_side) => coarsened(image, short_side),
            Self::Mirror => Some(image::imageops::flip_horizontal(image)),
        };
        changed.unwrap_or_else(|| image.clone())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blur(sigma) => write!(f, "blur {} % of the short side", 100.0 * sigma),
            Self::Jpeg(quality) => write!(f, "jpeg quality {quality}"),
            Self::Brightness(factor) => write!(f, "brightness x{factor}"),
            Self::Resolution(short_side) => write!(f, "resolution {short_side} px"),
            Self::Mirror => write!(f, "mirror"),
        }
    }
}

fn blurred(image: &RgbImage, sigma: f64) -> Option<RgbImage> {
    if !sigma.is_finite() {
        return None;
    }
    let short_side = image.width().min(image.height());
    // Wider than the image all is one colour anyway, and the kernel would only cost time.
    let sigma = sigma.min(1.0) * f64::from(short_side);
    (sigma >= LEAST_SIGMA_PX).then(|| image::imageops::blur(image, sigma as f32))
}

fn squeezed(image: &RgbImage, quality: u8) -> Option<RgbImage> {
    let width = u16::try_from(image.width()).ok()?;
    let height = u16::try_from(image.height()).ok()?;
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, quality.clamp(1, 100))
        .encode(image.as_raw(), width, height, ColorType::Rgb)
        .ok()?;
    let decoder = JpegDecoder::new(Cursor::new(jpeg)).ok()?;
    Some(DynamicImage::from_decoder(decoder).ok()?.into_rgb8())
}

fn lit(image: &RgbImage, factor: f64) -> Option<RgbImage> {
    if !(factor.is_finite() && factor > 0.0) {
        return None;
    }
    let mut levels = [0u8; 256];
    for (from, to) in (0u8..=255).zip(&mut levels) {
        *to = (f64::from(from) * factor).round().min(255.0) as u8;
    }
    let mut lit = image.clone();
    for level in lit.iter_mut() {
        *level = levels[usize::from(*level)];
    }
    Some(lit)
}

fn coarsened(image: &RgbImage, short_side: u32) -> Option<RgbImage> {
    let (width, height) = image.dimensions();
    let short = width.min(height);
    if short_side == 0 || short_side >= short {
        return None;
    }
    let scaled = |side: u32| {
        let rounded = u64::from(side) * u64::from(short_side) + u64::from(short) / 2;
        (rounded / u64::from(short)) as u32
    };
    let small = resize(image, scaled(width), scaled(height));
    Some(resize(&small, width, height))
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::{brightness, sharpness};

    fn squares(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let is_light = (x / 9 + y / 7).is_multiple_of(2);
            Rgb(if is_light {
                [120, 90, 100]
            } else {
                [20, 30, 10]
            })
        })
    }

    #[test]
    fn every_change_keeps_the_size_of_every_image() {
        for (width, height) in [(0, 0), (1, 1), (1, 300), (301, 2), (300, 310)] {
            let image = squares(width, height);
            for change in grid().iter().flat_map(|curve| curve.changes) {
                let changed = change.apply(&image);
                assert_eq!(changed.dimensions(), (width, height), "{change}");
                assert!(changed == change.apply(&image), "{change}");
            }
        }
    }

    #[test]
    fn strength_does_what_its_name_says() {
        let image = squares(320, 400);
        let falls = |name: &str, figure: fn(&RgbImage) -> f64| {
            let curve = grid().iter().find(|curve| curve.name == name).expect(name);
            let mut last = figure(&image);
            for change in curve.changes {
                let now = figure(&change.apply(&image));
                assert!(now < last, "{change}: {now} is not below {last}");
                last = now;
            }
        };
        falls("blur", sharpness);
        falls("resolution", sharpness);
        let half = Change::Brightness(0.5).apply(&image);
        assert!((brightness(&half) / brightness(&image) - 0.5).abs() < 0.01);
        let distance = |quality: u8| {
            let pairs = Change::Jpeg(quality).apply(&image);
            let pairs = pairs.iter().zip(image.iter());
            pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>()
        };
        assert!(distance(80) < distance(30) && distance(30) < distance(5));
        let mirror = Change::Mirror.apply(&image);
        assert_eq!(mirror.get_pixel(0, 5), image.get_pixel(319, 5));
        assert!(Change::Mirror.apply(&mirror) == image);
    }

    #[test]
    fn a_strength_that_is_none_changes_nothing() {
        let image = squares(40, 30);
        for change in [
            Change::Blur(f64::NAN),
            Change::Blur(-1.0),
            Change::Brightness(f64::INFINITY),
            Change::Brightness(-2.0),
            Change::Resolution(0),
            Change::Resolution(30),
        ] {
            assert!(change.apply(&image) == image, "{change}");
        }
        assert_eq!(Change::Blur(1e30).apply(&image).dimensions(), (40, 30));
    }

    #[test]
    fn the_grid_names_its_kinds() {
        for curve in grid() {
            assert!(
                curve
                    .changes
                    .iter()
                    .all(|change| change.name() == curve.name)
            );
        }
        assert_eq!(Change::Blur(0.01).to_string(), "blur 1 % of the short side");
    }
}
