//! Thumbnails of frames, for the page.

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::thumbnail;

/// The longer side of a thumbnail, in pixels.
const SIDE: u32 = 200;
/// The JPEG quality of thumbnails.
const QUALITY: u8 = 80;

/// A thumbnail.
pub(crate) fn small(image: &RgbImage) -> RgbImage {
    let longer = image.width().max(image.height()).max(1);
    let scaled = |side: u32| (side * SIDE).div_ceil(longer).max(1);
    thumbnail(image, scaled(image.width()), scaled(image.height()))
}

/// Thumbnails as JPEGs.
pub(crate) fn small_jpegs(images: &[RgbImage]) -> Vec<Vec<u8>> {
    let compressed = |image: &RgbImage| {
        let mut jpeg = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
        let written = small(image).write_with_encoder(encoder);
        written.map_or_else(|_| Vec::new(), |()| jpeg)
    };
    images.iter().map(compressed).collect()
}
