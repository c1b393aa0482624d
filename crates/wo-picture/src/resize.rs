//! Resizing.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

/// `image` scaled to `width` x `height` with the bicubic filter of CLIP's preprocessing (a = -0.5, widened when
/// shrinking). An image or a target without pixels gives black.
pub(crate) fn resize(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    convolved(image, width, height).unwrap_or_else(|| RgbImage::new(width, height))
}

fn convolved(image: &RgbImage, width: u32, height: u32) -> Option<RgbImage> {
    let (from_width, from_height) = image.dimensions();
    let mut resized = RgbImage::new(width, height);
    let source =
        TypedImageRef::<U8x3>::from_buffer(from_width, from_height, image.as_raw()).ok()?;
    let mut target = TypedImage::<U8x3>::from_buffer(width, height, &mut resized).ok()?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    // Names the one pixel type, since the code for all types takes minutes to compile.
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
            let image = RgbImage::from_pixel(from.0, from.1, image::Rgb([90; 3]));
            assert_eq!(resize(&image, to.0, to.1).dimensions(), to);
        }
    }
}
