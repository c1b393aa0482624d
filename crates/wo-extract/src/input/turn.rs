//! What makes a stored image upright: it is mirrored, turned and stretched.

use std::ops::Neg;

use image::metadata::Orientation;
use image::{DynamicImage, Rgb, RgbImage};

/// An angle this close to a quarter turn counts as one: rounding, or a phone that was held slightly tilted.
const QUARTER_TOLERANCE_DEG: f64 = 1.0;
/// The largest cosine of the angle between the sides that still counts as a right angle; beyond it, the image is sheared.
const SHEAR_TOLERANCE: f64 = 0.02;
/// A determinant counts as zero below this fraction of that of a rotation of the same scale.
const FLAT_TOLERANCE: f64 = 1e-6;
/// Scales of the two sides that differ by less than this fraction count as equal.
const STRETCH_TOLERANCE: f64 = 0.01;

/// How a stored image is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Turn {
    /// Quarter turns and mirroring.
    orientation: Orientation,
    /// The rest of the rotation, in degrees clockwise between -45 and 45. Nearly always 0.
    tilt_deg: f64,
    /// The pixel aspect ratio: how much wider than its pixels the image is shown, at the same height.
    stretch: f64,
}

/// Why a display matrix cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distortion {
    /// Its determinant is zero, so nothing would be visible.
    Flat,
    /// It would not keep right angles.
    Shear,
}

/// The part of a display matrix that is no translation, by rows. It sends a stored point (x, y), with y downwards, to
/// (a x + c y, b x + d y).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) c: f64,
    pub(crate) d: f64,
}

impl Matrix {
    /// The identity.
    pub(crate) const IDENTITY: Self = Self {
        a: 1.0,
        b: 0.0,
        c: 0.0,
        d: 1.0,
    };

    /// Turns clockwise.
    pub(crate) fn turning(degrees: f64) -> Self {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        Self {
            a: cosine,
            b: sine,
            c: -sine,
            d: cosine,
        }
    }

    /// This one, followed by `next`.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            a: self.a * next.a + self.b * next.c,
            b: self.a * next.b + self.b * next.d,
            c: self.c * next.a + self.d * next.c,
            d: self.c * next.b + self.d * next.d,
        }
    }
}

impl Turn {
    /// For an image that is stored upright.
    pub(crate) const NONE: Self = Self {
        orientation: Orientation::NoTransforms,
        tilt_deg: 0.0,
        stretch: 1.0,
    };

    /// The turn, mirroring and stretch that `matrix` holds, whatever its scale.
    pub(crate) fn of(matrix: Matrix) -> Result<Self, Distortion> {
        let Matrix { a, b, c, d } = matrix;
        let (width, height) = (a.hypot(b), c.hypot(d));
        let (determinant, full) = (a * d - b * c, width * height);
        // The negation makes NaN count as flat too.
        if full.is_nan() || full <= 0.0 || determinant.abs() <= FLAT_TOLERANCE * full {
            return Err(Distortion::Flat);
        }
        if (a * c + b * d).abs() > SHEAR_TOLERANCE * full {
            return Err(Distortion::Shear);
        }
        // If it mirrors, it mirrors left to right first and rotates then.
        let mirrors = determinant < 0.0;
        let (x, y) = if mirrors { (a.neg(), b.neg()) } else { (a, b) };
        let degrees = y.atan2(x).to_degrees();
        let n_quarters = (degrees / 90.0).round();
        let tilt_deg = degrees - 90.0 * n_quarters;
        let stretch = width / height;
        Ok(Self {
            orientation: orientation(n_quarters.rem_euclid(4.0) as u8, mirrors),
            tilt_deg: if tilt_deg.abs() <= QUARTER_TOLERANCE_DEG {
                0.0
            } else {
                tilt_deg
            },
            stretch: if (stretch - 1.0).abs() <= STRETCH_TOLERANCE {
                1.0
            } else {
                stretch
            },
        })
    }

    /// The turn that a tag of GStreamer names.
    pub(crate) fn of_tag(tag: &str) -> Self {
        let (mirrors, degrees) = match tag.strip_prefix("flip-") {
            Some(turn) => (true, turn),
            None => (false, tag),
        };
        let n_quarters = match degrees {
            "rotate-90" => 1,
            "rotate-180" => 2,
            "rotate-270" => 3,
            _ => 0,
        };
        orientation(n_quarters, mirrors).into()
    }

    /// The pixel aspect ratio: how much wider than its pixels the image is shown, at the same height.
    pub(crate) fn stretch(self) -> f64 {
        self.stretch
    }

    /// The displayed size of an image of this stored size.
    pub(crate) fn shown(self, width: u32, height: u32) -> (u32, u32) {
        if matches!(quarters(self.orientation), 1 | 3) {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// The rotation in whole degrees clockwise, applied before mirroring left to right.
    pub(crate) fn degrees(self) -> u32 {
        let quarters = f64::from(quarters(self.orientation)) * 90.0;
        let tilt = if mirrors(self.orientation) {
            -self.tilt_deg
        } else {
            self.tilt_deg
        };
        (quarters + tilt).round().rem_euclid(360.0) as u32
    }

    /// `image`, rotated and mirrored. A rotation that is no quarter turn cuts the corners off and fills them with black.
    pub(crate) fn upright(self, image: RgbImage) -> RgbImage {
        let mut image = DynamicImage::ImageRgb8(image);
        image.apply_orientation(self.orientation);
        let image = image.into_rgb8();
        if self.tilt_deg == 0.0 {
            image
        } else {
            tilted(&image, self.tilt_deg)
        }
    }
}

impl From<Orientation> for Turn {
    fn from(orientation: Orientation) -> Self {
        Self {
            orientation,
            ..Self::NONE
        }
    }
}

// A bool: mirroring is one of the two parts of an orientation, as in EXIF.
/// Mirrors left to right first, if it mirrors, and then rotates clockwise. The `image` crate rotates first.
fn orientation(n_quarters: u8, mirrors: bool) -> Orientation {
    match (n_quarters, mirrors) {
        (1, false) => Orientation::Rotate90,
        (2, false) => Orientation::Rotate180,
        (3, false) => Orientation::Rotate270,
        (_, false) => Orientation::NoTransforms,
        (1, true) => Orientation::Rotate270FlipH,
        (2, true) => Orientation::FlipVertical,
        (3, true) => Orientation::Rotate90FlipH,
        (_, true) => Orientation::FlipHorizontal,
    }
}

/// The number of quarter turns clockwise, applied before mirroring.
fn quarters(orientation: Orientation) -> u8 {
    match orientation {
        Orientation::NoTransforms | Orientation::FlipHorizontal => 0,
        Orientation::Rotate90 | Orientation::Rotate90FlipH => 1,
        Orientation::Rotate180 | Orientation::FlipVertical => 2,
        Orientation::Rotate270 | Orientation::Rotate270FlipH => 3,
    }
}

fn mirrors(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::FlipHorizontal
            | Orientation::FlipVertical
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// `image`, rotated clockwise about its centre with interpolation, at the same size, on black.
fn tilted(image: &RgbImage, degrees: f64) -> RgbImage {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (width, height) = image.dimensions();
    let middle = (
        (f64::from(width) - 1.0) / 2.0,
        (f64::from(height) - 1.0) / 2.0,
    );
    let level = |x: f64, y: f64, channel: usize| {
        let is_inside =
            x >= 0.0 && y >= 0.0 && x <= f64::from(width - 1) && y <= f64::from(height - 1);
        if is_inside {
            f64::from(image.get_pixel(x as u32, y as u32).0[channel])
        } else {
            0.0
        }
    };
    RgbImage::from_fn(width, height, |to_x, to_y| {
        let (x, y) = (f64::from(to_x) - middle.0, f64::from(to_y) - middle.1);
        let from_x = x * cosine + y * sine + middle.0;
        let from_y = y * cosine - x * sine + middle.1;
        let (left, top) = (from_x.floor(), from_y.floor());
        let (right_part, lower_part) = (from_x - left, from_y - top);
        Rgb([0, 1, 2].map(|channel| {
            let line = |y: f64| {
                level(left, y, channel) * (1.0 - right_part)
                    + level(left + 1.0, y, channel) * right_part
            };
            (line(top) * (1.0 - lower_part) + line(top + 1.0) * lower_part).round() as u8
        }))
    })
}

#[cfg(test)]
mod tests;
