//! Pictures of another size.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
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
    let source = ImageRef::new(from_width, from_height, picture.as_raw(), PixelType::U8x3).ok()?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    Resizer::new().resize(&source, &mut target, &options).ok()?;
    RgbImage::from_raw(width, height, target.into_vec())
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
