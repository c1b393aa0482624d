//! A frame that was taken: its JPEG, how good it is, and where in its video it is.

use image::RgbImage;
use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor, rgb_to_ycbcr};
use serde::{Deserialize, Serialize};
use wo_record::{Frame, Image, LabelOrigin, Video, code};

use crate::error::ExtractError;
use crate::quality::measured::Measured;
use crate::time;

/// Quality of the JPEGs: above it files grow much faster than the PSNR.
const JPEG_QUALITY: u8 = 90;

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
    /// How good the image is.
    pub(crate) measured: Measured,
    /// Where in its video it is.
    pub(crate) position: FramePosition,
}

/// Where in a video a frame is, as far as that was looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FramePosition {
    /// From 1.
    pub(crate) repetition: Option<u32>,
    /// From 0 to 1.
    pub(crate) phase: Option<f64>,
    /// From 1.
    pub(crate) shot: Option<u32>,
    /// Whether the frame there is damaged.
    pub(crate) is_damaged: bool,
}

impl Still {
    /// Encodes an upright `image`.
    pub(crate) fn new(image: &RgbImage, time_ns: u64) -> Result<Self, ExtractError> {
        let (width, height) = image.dimensions();
        Ok(Self {
            time_ns,
            width,
            height,
            jpeg: jpeg_of(image)?,
            measured: Measured::of(image),
            position: FramePosition::default(),
        })
    }

    /// The record of this frame, the number `index` of `video`, behind the frame `before`; its JPEG is at `image`.
    pub(crate) fn record(
        &self,
        video: &Video,
        index: u32,
        before: Option<&Self>,
        image: Image,
    ) -> Frame {
        let FramePosition {
            repetition,
            phase,
            shot,
            ..
        } = self.position;
        Frame {
            video_id: video.video_id.clone(),
            index,
            pts_ms: Some(time::ms(self.time_ns)),
            width_px: Some(self.width),
            height_px: Some(self.height),
            image,
            exercise: video.exercise.clone(),
            label: video.label.clone(),
            label_origin: video.label.as_ref().map(|_| LabelOrigin::Folder),
            faults: Vec::new(),
            description: None,
            quality: Some(self.measured.behind(before.map(|before| &before.measured))),
            repetition,
            phase,
            shot,
        }
    }
}

fn jpeg_of(image: &RgbImage) -> Result<Vec<u8>, ExtractError> {
    let error =
        |what: String| ExtractError::new(code::DECODE, format!("encode a frame as JPEG: {what}"));
    let width = u16::try_from(image.width()).map_err(|e| error(e.to_string()))?;
    let height = u16::try_from(image.height()).map_err(|e| error(e.to_string()))?;
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, JPEG_QUALITY);
    // Thin coloured things, such as a barbell's plates at 512 pixels, do not survive halved colour.
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    let lines = Lines {
        width,
        height,
        pixels: image.as_raw(),
    };
    encoder
        .encode_image(lines)
        .map_err(|e| error(e.to_string()))?;
    Ok(jpeg)
}

/// An image as its encoder reads it. It gives what the encoder's own reader gives, a channel at a time instead of a pixel.
struct Lines<'a> {
    width: u16,
    height: u16,
    pixels: &'a [u8],
}

impl ImageBuffer for Lines<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let length = 3 * usize::from(self.width);
        let line = &self.pixels[usize::from(y) * length..][..length];
        let pixels = || line.as_chunks::<3>().0.iter();
        let [luma, blue, red, _] = buffers;
        luma.extend(pixels().map(|&[r, g, b]| rgb_to_ycbcr(r, g, b).0));
        blue.extend(pixels().map(|&[r, g, b]| rgb_to_ycbcr(r, g, b).1));
        red.extend(pixels().map(|&[r, g, b]| rgb_to_ycbcr(r, g, b).2));
    }
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::ColorType;

    use super::*;

    #[test]
    fn bytes_are_those_of_the_encoders_own_reader() {
        for (width, height) in [(1, 1), (7, 9), (64, 40), (131, 17)] {
            let image = RgbImage::from_fn(width, height, |x, y| {
                image::Rgb([x * x + 3 * y, x * y, 7 * x + y * y].map(|level| level as u8))
            });
            let mut expected = Vec::new();
            let mut encoder = Encoder::new(&mut expected, JPEG_QUALITY);
            encoder.set_sampling_factor(SamplingFactor::F_1_1);
            let pixels = image.as_raw();
            encoder
                .encode(pixels, width as u16, height as u16, ColorType::Rgb)
                .unwrap();
            assert!(jpeg_of(&image).unwrap() == expected, "{width}x{height}");
        }
    }
}
