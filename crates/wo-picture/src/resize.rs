//! Pictures of another size.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

/// `picture` scaled to `width` x `height` with the bicubic filter of CLIP's preprocessing (a = -0.5, widened when
/// shrinking). A picture or a target without pixels gives black.
pub(crate) fn resize(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    if picture.dimensions() == (width, height) {
        return picture.clone();
    }
    convolved(picture, width, height).unwrap_or_else(|| RgbImage::new(width, height))
}

fn convolved(picture: &RgbImage, width: u32, height: u32) -> Option<RgbImage> {
    let (from_width, from_height) = picture.dimensions();
    let mut resized = RgbImage::new(width, height);
    let source =
        TypedImageRef::<U8x3>::from_buffer(from_width, from_height, picture.as_raw()).ok()?;
    let mut target = TypedImage::<U8x3>::from_buffer(width, height, &mut resized).ok()?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    // By its one type of pixel: to build the code for all of them takes minutes.
    Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .ok()?;
    Some(resized)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_size_goes_to_any_size() {
        for (from, to) in [
            ((1, 1), (7, 3)),
            ((0, 0), (2, 2)),
            ((9, 4), (0, 0)),
            ((5, 900), (1, 1)),
        ] {
            let picture = RgbImage::from_pixel(from.0, from.1, image::Rgb([90; 3]));
            assert_eq!(resize(&picture, to.0, to.1).dimensions(), to);
        }
    }
}
