//! The size that a frame is scaled to, and what is behind clear pixels.

use image::{RgbImage, RgbaImage};
use wo_record::code;

use crate::error::ExtractError;

/// The longest side that is written. The aspect of a file that needs more is a mistake or an attack.
pub(crate) const MAX_SIDE: u32 = 16_384;

/// The size of a `width` x `height` image when its short side is `short_side`.
pub(crate) fn scaled(width: u32, height: u32, short_side: u32) -> Result<(u32, u32), ExtractError> {
    let (short, long) = (u64::from(width.min(height)), u64::from(width.max(height)));
    if short == 0 {
        return Err(ExtractError::new(
            code::DECODE,
            format!("an image of {width}x{height} pixels"),
        ));
    }
    let long = (long * u64::from(short_side) + short / 2) / short;
    match u32::try_from(long).ok().filter(|&long| long <= MAX_SIDE) {
        Some(long) if width <= height => Ok((short_side, long)),
        Some(long) => Ok((long, short_side)),
        None => Err(ExtractError::new(
            code::DECODE,
            format!(
                "{width}x{height} pixels scaled to a short side of {short_side} are more than {MAX_SIDE} long"
            ),
        )),
    }
}

/// `image` in front of black.
pub(crate) fn over_black(image: &RgbaImage) -> RgbImage {
    let mut flat = RgbImage::new(image.width(), image.height());
    for (to, from) in flat.pixels_mut().zip(image.pixels()) {
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
        let image = RgbaImage::from_raw(
            3,
            1,
            vec![200, 100, 50, 255, 200, 100, 50, 0, 200, 100, 50, 128],
        )
        .unwrap();
        assert_eq!(
            over_black(&image).into_raw(),
            [200, 100, 50, 0, 0, 0, 100, 50, 25]
        );
    }
}
