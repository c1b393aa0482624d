//! One upright RGB picture: its target size, its JPEG.

use image::{RgbImage, RgbaImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use wo_record::code;

use crate::error::Fault;
use crate::extraction::Place;
use crate::quality::measured::Measured;

/// Quality of the JPEGs: above it files grow much faster than the PSNR.
const JPEG_QUALITY: u8 = 90;
/// The longest side that is written. The aspect of a file that needs more is a mistake or an attack.
pub(crate) const MAX_SIDE: u32 = 16_384;

/// A frame ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct Still {
    /// From the first frame of the file, in nanoseconds.
    pub(crate) time_ns: u64,
    /// Width in pixels.
    pub(crate) width: u32,
    /// Height in pixels.
    pub(crate) height: u32,
    /// The JPEG file.
    pub(crate) jpeg: Vec<u8>,
    /// How good the picture is.
    pub(crate) measured: Measured,
    /// Where in its video it is.
    pub(crate) place: Place,
}

impl Still {
    /// Encodes an upright `picture`.
    pub(crate) fn new(picture: &RgbImage, time_ns: u64) -> Result<Self, Fault> {
        let (width, height) = picture.dimensions();
        Ok(Self {
            time_ns,
            width,
            height,
            jpeg: jpeg_of(picture)?,
            measured: Measured::of(picture),
            place: Place::default(),
        })
    }
}

fn jpeg_of(picture: &RgbImage) -> Result<Vec<u8>, Fault> {
    let fault = |what: String| Fault::new(code::DECODE, format!("encode a frame as JPEG: {what}"));
    let width = u16::try_from(picture.width()).map_err(|e| fault(e.to_string()))?;
    let height = u16::try_from(picture.height()).map_err(|e| fault(e.to_string()))?;
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, JPEG_QUALITY);
    // Thin coloured things, such as a barbell's plates at 512 pixels, do not survive halved colour.
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder
        .encode(picture.as_raw(), width, height, ColorType::Rgb)
        .map_err(|e| fault(e.to_string()))?;
    Ok(jpeg)
}

/// The size of a `width` x `height` picture when its short side is `short_side`.
pub(crate) fn scaled(width: u32, height: u32, short_side: u32) -> Result<(u32, u32), Fault> {
    let (short, long) = (u64::from(width.min(height)), u64::from(width.max(height)));
    if short == 0 {
        return Err(Fault::new(
            code::DECODE,
            format!("a picture of {width}x{height} pixels"),
        ));
    }
    let long = (long * u64::from(short_side) + short / 2) / short;
    match u32::try_from(long).ok().filter(|&long| long <= MAX_SIDE) {
        Some(long) if width <= height => Ok((short_side, long)),
        Some(long) => Ok((long, short_side)),
        None => Err(Fault::new(
            code::DECODE,
            format!(
                "{width}x{height} pixels scaled to a short side of {short_side} are more than {MAX_SIDE} long"
            ),
        )),
    }
}

/// `picture` in front of black.
pub(crate) fn over_black(picture: &RgbaImage) -> RgbImage {
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.pixels()) {
        let [r, g, b, alpha] = from.0;
        to.0 = [r, g, b].map(|c| ((u16::from(c) * u16::from(alpha) + 127) / 255) as u8);
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_side_is_exact_and_the_long_one_rounded() {
        for ((width, height, size), expected) in [
            ((1280, 720, 512), (910, 512)),
            ((720, 1280, 512), (512, 910)),
            ((64, 48, 512), (683, 512)),
            ((100, 100, 512), (512, 512)),
            ((321, 241, 241), (321, 241)),
        ] {
            assert_eq!(scaled(width, height, size).unwrap(), expected);
        }
        assert!(scaled(1, 10_000, 512).is_err() && scaled(0, 5, 512).is_err());
    }

    #[test]
    fn clear_pixels_are_black() {
        let picture = RgbaImage::from_raw(
            3,
            1,
            vec![200, 100, 50, 255, 200, 100, 50, 0, 200, 100, 50, 128],
        )
        .unwrap();
        assert_eq!(
            over_black(&picture).into_raw(),
            [200, 100, 50, 0, 0, 0, 100, 50, 25]
        );
    }
}
