//! Frames scaled as they are stored, before any colour is made of them: each channel by itself, brightness and colour
//! differences alike, straight to its final size.
//!
//! GStreamer's own scaler makes images up to 3 % darker where a side shrinks to exactly a third.

use fast_image_resize::images::TypedImage;
use fast_image_resize::pixels::U16;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use wo_record::code;

use super::errors::unusable;
use crate::error::ExtractError;

/// Formats that all others can be converted to without a loss.
const PACKED: [gst_video::VideoFormat; 2] = [
    gst_video::VideoFormat::Ayuv64,
    gst_video::VideoFormat::Argb64,
];

/// The channels of one frame, of one size, widened to 16 bits by repeating their own.
pub(super) struct Channels {
    /// Brightness and two differences in colour, or red, green and blue.
    pub(super) colour: [Vec<u16>; 3],
    /// How opaque each pixel is, where that is said.
    pub(super) alpha: Option<Vec<u16>>,
}

impl Channels {
    /// Those of `frame`, whose colours lie at `site` among their pixels, scaled to `width` times `height` pixels.
    pub(super) fn of(
        frame: &gst_video::VideoFrameRef<&gst::BufferRef>,
        site: gst_video::VideoChromaSite,
        width: u32,
        height: u32,
    ) -> Result<Self, ExtractError> {
        let format = frame.format_info();
        let channel = |index: u32| scaled(&samples(frame, index, site)?, width, height);
        let colour = if format.n_components() >= 3 {
            [channel(0)?, channel(1)?, channel(2)?]
        } else {
            let grey = channel(0)?;
            let depth = format.depth().first().copied().unwrap_or(8);
            let neutral = vec![widened(1 << (depth - 1), depth); grey.len()];
            [grey, neutral.clone(), neutral]
        };
        let alpha = if format.has_alpha() && format.n_components() == 4 {
            Some(channel(3)?)
        } else {
            None
        };
        Ok(Self { colour, alpha })
    }
}

/// Whether the channels of such frames can be told apart by arithmetic alone.
pub(super) fn is_plain(info: &gst_video::VideoInfo) -> bool {
    let format = info.format_info();
    let flags = format.flags();
    let is_deep = format.depth().iter().any(|&depth| depth > 8);
    PACKED.contains(&info.format())
        || !flags
            .intersects(gst_video::VideoFormatFlags::COMPLEX | gst_video::VideoFormatFlags::PALETTE)
            && [1, 3, 4].contains(&format.n_components())
            && format.depth().iter().all(|depth| (8..=16).contains(depth))
            && (!is_deep || flags.contains(gst_video::VideoFormatFlags::LE))
}

/// One channel as it is stored.
struct Samples {
    width: u32,
    height: u32,
    /// Where its first sample lies, in samples, beside the middle of what it stands for.
    shift: (f64, f64),
    /// With the last column and the last line once more.
    pixels: Vec<U16>,
}

fn samples(
    frame: &gst_video::VideoFrameRef<&gst::BufferRef>,
    index: u32,
    site: gst_video::VideoChromaSite,
) -> Result<Samples, ExtractError> {
    let format = frame.format_info();
    let of = |values: &[u32]| values.get(index as usize).copied().unwrap_or(0);
    let (depth, cut) = (of(format.depth()), of(format.shift()));
    let (w_sub, h_sub) = (of(format.w_sub()), of(format.h_sub()));
    let width = frame.comp_width(index);
    let height = frame.comp_height(index);
    let line = usize::try_from(frame.comp_stride(index)).unwrap_or(0);
    let step = usize::try_from(frame.comp_pstride(index)).unwrap_or(0);
    // From the first sample of this channel on, wherever it lies in a pixel.
    let data = frame
        .comp_data(index)
        .map_err(|_| unusable("a frame without pixels"))?;
    let n_bytes = if depth > 8 { 2 } else { 1 };
    let odd = || unusable("an image of odd layout");
    if line == 0 || step < n_bytes || width == 0 || height == 0 {
        return Err(odd());
    }
    let mut pixels = Vec::with_capacity((width as usize + 1) * (height as usize + 1));
    let mut start = 0;
    for y in 0..height as usize {
        start = pixels.len();
        let from = y * line;
        let until = from + (width as usize - 1) * step + n_bytes;
        let bytes = data.get(from..until).ok_or_else(odd)?;
        let deep = |bytes: [u8; 2]| {
            let value = u16::from_ne_bytes(bytes);
            U16::new(widened(u32::from(value >> cut), depth))
        };
        match (n_bytes, step) {
            (1, 1) => pixels.extend(bytes.iter().map(|&byte| shallow(byte))),
            (1, _) => pixels.extend(bytes.iter().step_by(step).map(|&byte| shallow(byte))),
            (_, 2) => pixels.extend(bytes.as_chunks().0.iter().map(|&pair| deep(pair))),
            _ => pixels.extend(bytes.chunks(step).map(|pixel| deep([pixel[0], pixel[1]]))),
        }
        let last = pixels[pixels.len() - 1];
        pixels.push(last);
    }
    pixels.extend_from_within(start..);
    let shift = |sub: u32, flag| {
        if sub > 0 && site.contains(flag) {
            0.25
        } else {
            0.0
        }
    };
    Ok(Samples {
        width,
        height,
        shift: (
            shift(w_sub, gst_video::VideoChromaSite::H_COSITED),
            shift(h_sub, gst_video::VideoChromaSite::V_COSITED),
        ),
        pixels,
    })
}

fn scaled(samples: &Samples, width: u32, height: u32) -> Result<Vec<u16>, ExtractError> {
    let broken = |what: String| ExtractError::new(code::DECODE, what);
    let from = fast_image_resize::images::TypedImageRef::new(
        samples.width + 1,
        samples.height + 1,
        &samples.pixels,
    )
    .map_err(|e| broken(e.to_string()))?;
    let mut to = TypedImage::<U16>::new(width, height);
    let (left, top) = samples.shift;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(left, top, samples.width.into(), samples.height.into());
    Resizer::new()
        .resize_typed(&from, &mut to, &options)
        .map_err(|e| broken(e.to_string()))?;
    Ok(to.pixels().iter().map(|pixel| pixel.0).collect())
}

/// A value of 8 bits with 16 bits.
fn shallow(value: u8) -> U16 {
    U16::new(u16::from(value) * 257)
}

/// A value of `depth` bits, of which there are 8 to 16, with 16 bits: its own once more, so that the largest stays the largest.
#[inline]
fn widened(value: u32, depth: u32) -> u16 {
    (value << (16 - depth) | value >> (2 * depth - 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widening_keeps_the_ends() {
        for depth in 8..=16 {
            assert_eq!(widened(0, depth), 0);
            assert_eq!(widened((1 << depth) - 1, depth), u16::MAX, "{depth}");
        }
        assert_eq!(widened(0x80, 8), 0x8080);
        assert_eq!(widened(0b11_0000_0001, 10), 0b1100_0000_0111_0000);
        assert_eq!(shallow(0x80).0, 0x8080);
    }

    #[test]
    fn no_ratio_makes_a_picture_darker() {
        let pixels = vec![U16::new(40_000); 91 * 91];
        let samples = Samples {
            width: 90,
            height: 90,
            shift: (0.25, 0.0),
            pixels,
        };
        for side in [10, 18, 30, 45, 64, 90, 200] {
            let levels = scaled(&samples, side, side).unwrap();
            assert!(
                levels.iter().all(|level| level.abs_diff(40_000) <= 2),
                "{side}"
            );
        }
    }
}
