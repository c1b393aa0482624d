//! Scales images with the filters of Pillow.
//!
//! Convolutions round their coefficients to 16 bits where Pillow has 22, so a value may be one level of 255 off; a golden
//! test holds that for each filter. `Nearest` equals Pillow in each byte.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

/// A filter, by Pillow's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// The nearest pixel.
    Nearest,
    /// A truncated sinc, three pixels wide.
    Lanczos,
    /// Linear interpolation.
    Bilinear,
    /// Cubic interpolation with a = -0.5.
    Bicubic,
    /// The mean of the pixels below.
    Box,
    /// A Hamming window, as wide as the linear one.
    Hamming,
}

/// The filters in the order of Pillow's numbers.
const FILTERS: [(Filter, &str); 6] = [
    (Filter::Nearest, "nearest"),
    (Filter::Lanczos, "lanczos"),
    (Filter::Bilinear, "bilinear"),
    (Filter::Bicubic, "bicubic"),
    (Filter::Box, "box"),
    (Filter::Hamming, "hamming"),
];

impl Filter {
    /// The filter of Pillow's number.
    pub(crate) fn of_number(number: i64) -> Option<Self> {
        let (filter, _) = FILTERS.get(usize::try_from(number).ok()?)?;
        Some(*filter)
    }

    /// The filter of Pillow's name in small letters.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        FILTERS
            .into_iter()
            .find_map(|(filter, of_filter)| (of_filter == name).then_some(filter))
    }

    /// Pillow's name in small letters.
    pub(crate) fn name(self) -> &'static str {
        FILTERS[self.number()].1
    }

    /// Pillow's number.
    pub(crate) fn number(self) -> usize {
        FILTERS
            .into_iter()
            .position(|(filter, _)| filter == self)
            .expect("all filters are listed")
    }

    fn options(self) -> ResizeOptions {
        let convolution = match self {
            Self::Nearest => return ResizeOptions::new().resize_alg(ResizeAlg::Nearest),
            Self::Lanczos => FilterType::Lanczos3,
            Self::Bilinear => FilterType::Bilinear,
            Self::Bicubic => FilterType::CatmullRom,
            Self::Box => FilterType::Box,
            Self::Hamming => FilterType::Hamming,
        };
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(convolution))
    }
}

/// Resizes an image to `width` x `height`; the filter is widened when shrinking.
///
/// Columns first, then rows, as Pillow does. Values are rounded to bytes between the passes, so the order matters.
pub fn resize(image: &RgbImage, width: u32, height: u32, filter: Filter) -> RgbImage {
    if filter == Filter::Nearest {
        return nearest(image, width, height);
    }
    let narrow = resize_one_way(image, width, image.height(), filter);
    resize_one_way(&narrow, width, height, filter)
}

fn resize_one_way(image: &RgbImage, width: u32, height: u32, filter: Filter) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    resample(image, &filter.options(), width, height)
}

/// As Pillow's `ImagingScaleAffine` does: places are added up, so that they are rounded alike.
fn nearest(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let places = |from: u32, to: u32| -> Vec<u32> {
        let step = f64::from(from) / f64::from(to);
        let place = std::iter::successors(Some(step * 0.5), |place| Some(place + step));
        let last = from.saturating_sub(1);
        let whole = |place: f64| (place as u32).min(last);
        place.take(to as usize).map(whole).collect()
    };
    let columns = places(image.width(), width);
    let rows = places(image.height(), height);
    RgbImage::from_fn(width, height, |x, y| {
        *image.get_pixel(columns[x as usize], rows[y as usize])
    })
}

/// Resizes the square of `side` pixels at `left`, `top` of an image to `to` pixels. All three may be fractional; the
/// square lies within the image.
pub fn resize_square(
    image: &RgbImage,
    (left, top): (f64, f64),
    side: f64,
    to: u32,
    filter: Filter,
) -> RgbImage {
    resample(image, &filter.options().crop(left, top, side, side), to, to)
}

// Names the one pixel type, since the code for all types takes minutes to compile.
fn resample(image: &RgbImage, options: &ResizeOptions, width: u32, height: u32) -> RgbImage {
    let mut resized = RgbImage::new(width, height);
    let source = TypedImageRef::<U8x3>::from_buffer(image.width(), image.height(), image.as_raw())
        .expect("an RgbImage holds three bytes a pixel");
    let mut target = TypedImage::<U8x3>::from_buffer(width, height, &mut resized)
        .expect("an RgbImage holds three bytes a pixel");
    Resizer::new()
        .resize_typed(&source, &mut target, options)
        .expect("the square lies within the image");
    resized
}
