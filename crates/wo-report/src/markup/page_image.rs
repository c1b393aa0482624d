//! Images inside the page.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::imageops::{FilterType, resize};
use image::{ImageFormat, ImageReader, Limits, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use maud::{Markup, html};

/// The greatest size of a thumbnail, in pixels: sharp enough on screens that show two pixels for one, and a page of ten
/// videos stays below a megabyte.
const MAX_WIDTH: u32 = 240;
const MAX_HEIGHT: u32 = 180;
/// JPEG quality from 1 to 100; below this, blocks show around the bar and the plates.
const QUALITY: u8 = 72;
/// Frames come in smaller than this on each side; anything larger is no frame of ours, in pixels.
const MAX_SIDE: u32 = 16_384;
/// The memory that decoding one image may take, in bytes.
const MAX_MEMORY: u64 = 512 << 20;

/// An image of any size. The page holds a small JPEG without camera metadata, such as the place.
#[derive(Debug, Clone, PartialEq)]
pub enum PageImage {
    /// Pixels.
    Rgb(RgbImage),
    /// The bytes of a JPEG file.
    Jpeg(Vec<u8>),
}

impl PageImage {
    /// The image for the page, or a message if it cannot be read.
    pub(crate) fn shown(&self, words: &str) -> Markup {
        let Some(thumbnail) = self.thumbnail() else {
            return html! { span.broken { "The image cannot be read: " (words) } };
        };
        html! {
            img src=(thumbnail.address) width=(thumbnail.width) height=(thumbnail.height) alt=(words);
        }
    }

    fn thumbnail(&self) -> Option<Thumbnail> {
        match self {
            Self::Rgb(pixels) => Thumbnail::of(pixels),
            Self::Jpeg(bytes) => Thumbnail::of(&decoded(bytes)?),
        }
    }
}

fn decoded(bytes: &[u8]) -> Option<RgbImage> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    Some(reader.decode().ok()?.to_rgb8())
}

/// What the page holds.
struct Thumbnail {
    address: String,
    width: u32,
    height: u32,
}

impl Thumbnail {
    /// `None` for an image without pixels.
    fn of(pixels: &RgbImage) -> Option<Self> {
        let (width, height) = pixels.dimensions();
        if width == 0 || height == 0 {
            return None;
        }
        // Larger only gets more bytes, not more to see.
        let factor = (f64::from(MAX_WIDTH) / f64::from(width))
            .min(f64::from(MAX_HEIGHT) / f64::from(height))
            .min(1.0);
        let side = |length: u32| (f64::from(length) * factor).round().max(1.0) as u32;
        let (width, height) = (side(width), side(height));
        let small = resize(pixels, width, height, FilterType::Triangle);
        let mut jpeg = Vec::new();
        let mut encoder = Encoder::new(&mut jpeg, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.set_optimized_huffman_tables(true);
        let (width_16, height_16) = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
        encoder
            .encode(small.as_raw(), width_16, height_16, ColorType::Rgb)
            .ok()?;
        Some(Self {
            address: format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)),
            width,
            height,
        })
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn pictures_are_shrunk_and_never_enlarged() {
        for (size, wanted) in [
            ((1920, 1080), (240, 135)),
            ((1080, 1920), (101, 180)),
            ((40, 30), (40, 30)),
            ((5000, 1), (240, 1)),
        ] {
            let image = RgbImage::from_pixel(size.0, size.1, Rgb([200, 80, 20]));
            let small = Thumbnail::of(&image).expect("has pixels");
            assert_eq!((small.width, small.height), wanted);
        }
        assert!(Thumbnail::of(&RgbImage::new(0, 3)).is_none());
    }

    #[test]
    fn what_is_no_jpeg_becomes_words() {
        let shown = PageImage::Jpeg(b"<script>".to_vec()).shown("frame 1 of <b>");
        let shown = shown.into_string();
        assert!(shown.contains("cannot be read: frame 1 of &lt;b&gt;"));
        assert!(!shown.contains("<img") && !shown.contains("<script"));
    }

    #[test]
    fn what_a_camera_wrote_beside_the_picture_is_gone() {
        let mut jpeg = Vec::new();
        let mut encoder = Encoder::new(&mut jpeg, 90);
        encoder
            .add_app_segment(1, b"Exif\0\0GPS 48.1 N 11.6 E".to_vec())
            .expect("fits");
        let grey = vec![128; 16 * 16 * 3];
        encoder
            .encode(&grey, 16, 16, ColorType::Rgb)
            .expect("encoded");
        let small = PageImage::Jpeg(jpeg).thumbnail().expect("is read");
        let (_, encoded) = small.address.split_once(',').expect("a data address");
        let bytes = STANDARD.decode(encoded).expect("base64");
        assert!(!bytes.windows(3).any(|part| part == b"GPS"));
    }
}
