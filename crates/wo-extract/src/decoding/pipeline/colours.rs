//! From the numbers that a video stores to red, green and blue.
//!
//! Done here, because GStreamer's own for 8 bits a channel makes greens 3.5 levels too dark, and the one for 16 shifts
//! colours by the half level by which it widens 8 bits.

use gstreamer_video as gst_video;

use super::hdr::ToneMap;

/// Above this height a video that names no matrix has that of HD.
const SD_HEIGHT: u32 = 576;

/// The matrix of one format. Takes channels that were widened to 16 bits by repeating their own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ToRgb {
    /// The channels are red, green and blue.
    Same,
    /// The channels are brightness and two differences in colour.
    Matrix {
        /// What brightness and differences are multiplied by and what is added, so that black and grey are 0, white
        /// is 255.
        luma: (f32, f32),
        chroma: (f32, f32),
        /// How much of the second difference is in red, of both in green, of the first in blue.
        red: f32,
        green: (f32, f32),
        blue: f32,
    },
}

impl ToRgb {
    /// The one for frames of the format `info`.
    pub(super) fn of(info: &gst_video::VideoInfo) -> Self {
        if info.is_rgb() {
            return Self::Same;
        }
        let hd = gst_video::VideoColorMatrix::Bt709;
        let sd = gst_video::VideoColorMatrix::Bt601;
        let guess = if info.height() > SD_HEIGHT { hd } else { sd };
        let (kr, kb) = info
            .colorimetry()
            .matrix()
            .kr_kb()
            .or_else(|_| guess.kr_kb())
            .unwrap_or((0.2126, 0.0722));
        let is_full = info.colorimetry().range() == gst_video::VideoColorRange::Range0_255;
        Self::matrix(kr as f32, kb as f32, info.comp_depth(0), is_full)
    }

    /// By ITU-T H.273, section 8.3: the weights of red and blue in brightness, the bits of a channel, the range.
    fn matrix(kr: f32, kb: f32, depth: u32, is_full: bool) -> Self {
        let depth = depth.clamp(8, 16);
        let (max, step) = (((1u32 << depth) - 1) as f32, (1u32 << (depth - 8)) as f32);
        let (luma_range, chroma_range, black) = if is_full {
            (max, max, 0.0)
        } else {
            (219.0 * step, 224.0 * step, 16.0 * step)
        };
        // What a channel said before it was widened.
        let narrow = max / f32::from(u16::MAX);
        let (luma, chroma) = (255.0 / luma_range, 255.0 / chroma_range);
        let kg = 1.0 - kr - kb;
        Self::Matrix {
            luma: (narrow * luma, -black * luma),
            chroma: (narrow * chroma, -128.0 * step * chroma),
            red: 2.0 * (1.0 - kr),
            green: (-2.0 * kb * (1.0 - kb) / kg, -2.0 * kr * (1.0 - kr) / kg),
            blue: 2.0 * (1.0 - kb),
        }
    }

    /// The colour of one pixel, from 0 to 255 and a little beyond.
    #[inline]
    fn colour(&self, channels: [u16; 3]) -> [f32; 3] {
        let [a, b, c] = channels.map(f32::from);
        match *self {
            Self::Same => [a, b, c].map(|channel| channel * (255.0 / f32::from(u16::MAX))),
            Self::Matrix {
                luma,
                chroma,
                red,
                green,
                blue,
            } => {
                let y = a * luma.0 + luma.1;
                let (u, v) = (b * chroma.0 + chroma.1, c * chroma.0 + chroma.1);
                [y + red * v, y + green.0 * u + green.1 * v, y + blue * u]
            }
        }
    }

    /// The colour of one pixel in front of black.
    #[inline]
    pub(super) fn pixel(
        &self,
        channels: [u16; 3],
        alpha: u16,
        tone_map: Option<&ToneMap>,
    ) -> [u8; 3] {
        let mut colour = self.colour(channels);
        if let Some(map) = tone_map {
            colour = map.apply(colour.map(|channel| channel.clamp(0.0, 255.0)));
        }
        let opacity = f32::from(alpha) * (1.0 / f32::from(u16::MAX));
        // Rounds, since nothing is below 0; a cast from float to integer stays within the integer's range.
        colour.map(|channel| (channel.clamp(0.0, 255.0) * opacity + 0.5) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BT601: (f32, f32) = (0.299, 0.114);
    const BT709: (f32, f32) = (0.2126, 0.0722);

    fn check((kr, kb): (f32, f32), depth: u32, is_full: bool, stored: [u16; 3], expected: [u8; 3]) {
        // Widened as GStreamer does: the bits again and again.
        let widened = stored.map(|v| (u32::from(v) * 65_535 / ((1 << depth) - 1)) as u16);
        let got = ToRgb::matrix(kr, kb, depth, is_full).pixel(widened, u16::MAX, None);
        assert!(
            got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1),
            "{stored:?}: {got:?}, not {expected:?}"
        );
    }

    #[test]
    fn black_grey_white_and_red_in_every_range_and_depth() {
        for (depth, step) in [(8, 1), (10, 4), (12, 16)] {
            check(
                BT709,
                depth,
                false,
                [16 * step, 128 * step, 128 * step],
                [0, 0, 0],
            );
            check(
                BT709,
                depth,
                false,
                [126 * step, 128 * step, 128 * step],
                [128, 128, 128],
            );
            check(
                BT601,
                depth,
                false,
                [235 * step, 128 * step, 128 * step],
                [255, 255, 255],
            );
            check(
                BT601,
                depth,
                false,
                [81 * step, 90 * step, 240 * step],
                [254, 0, 0],
            );
            check(
                BT709,
                depth,
                false,
                [63 * step, 102 * step, 240 * step],
                [255, 0, 0],
            );
        }
        check(BT601, 8, true, [255, 128, 128], [255, 255, 255]);
        check(BT601, 8, true, [76, 85, 255], [254, 0, 0]);
        check(BT601, 8, true, [100, 128, 128], [100, 100, 100]);
    }

    #[test]
    fn what_is_clear_is_black() {
        assert_eq!(
            ToRgb::Same.pixel([u16::MAX, 0x8080, 0], u16::MAX, None),
            [255, 128, 0]
        );
        assert_eq!(ToRgb::Same.pixel([u16::MAX; 3], 0x8080, None), [128; 3]);
    }
}
