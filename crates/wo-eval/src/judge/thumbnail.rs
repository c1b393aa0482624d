//! Small copies of frames, for a page.

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::thumbnail;

/// The longer side of a small picture, in pixels.
const SIDE: u32 = 200;
/// The quality of small pictures that wait.
const QUALITY: u8 = 80;

/// A frame at the size of a page.
pub(crate) fn small(picture: &RgbImage) -> RgbImage {
    let longer = picture.width().max(picture.height()).max(1);
    let scaled = |side: u32| (side * SIDE).div_ceil(longer).max(1);
    thumbnail(picture, scaled(picture.width()), scaled(picture.height()))
}

/// Pictures as small JPEGs.
pub(crate) fn small_jpegs(pictures: &[RgbImage]) -> Vec<Vec<u8>> {
    let compressed = |picture: &RgbImage| {
        let mut jpeg = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
        let written = small(picture).write_with_encoder(encoder);
        written.map_or_else(|_| Vec::new(), |()| jpeg)
    };
    pictures.iter().map(compressed).collect()
}
