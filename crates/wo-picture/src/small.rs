//! A frame at the small size on which motion is detected.

use image::RgbImage;

use crate::resize::resize;

/// The long side in pixels. A hand of a lifter who fills the image is about six pixels then, and the noise of a
/// sensor and the blocks of a codec are averaged away.
const LONG_SIDE: u32 = 192;

/// A small frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Small {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Red, green and blue from 0 to 255, line by line.
    pub(crate) pixels: Vec<[f32; 3]>,
}

impl Small {
    /// Resizes `image` to `size`.
    pub(crate) fn new(image: &RgbImage, size: (u32, u32)) -> Self {
        let small = resize(image, size.0, size.1);
        Self {
            width: size.0 as usize,
            height: size.1 as usize,
            pixels: small.pixels().map(|pixel| pixel.0.map(f32::from)).collect(),
        }
    }

    /// The small size of images like this one: never larger than they are, and no side without pixels.
    pub(crate) fn size_of(image: &RgbImage) -> (u32, u32) {
        let (width, height) = image.dimensions();
        let long = u64::from(width.max(height));
        let kept = long.min(u64::from(LONG_SIDE));
        let scaled = |side: u32| ((u64::from(side) * kept + long / 2) / long.max(1)).max(1) as u32;
        (scaled(width), scaled(height))
    }

    /// Luma by ITU-R BT.601.
    pub(crate) fn luma(&self) -> Vec<f32> {
        let luma = |&[r, g, b]: &[f32; 3]| 0.299 * r + 0.587 * g + 0.114 * b;
        self.pixels.iter().map(luma).collect()
    }

    /// The pixel at a position, `None` outside the image.
    pub(crate) fn get(&self, x: isize, y: isize) -> Option<[f32; 3]> {
        let x = usize::try_from(x).ok().filter(|&x| x < self.width)?;
        let y = usize::try_from(y).ok().filter(|&y| y < self.height)?;
        self.pixels.get(y * self.width + x).copied()
    }
}

/// The median of some values, the upper one of two; `None` without values.
pub fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The quantile at `part`. Reorders the values.
pub(crate) fn quantile(values: &mut [f32], part: f64) -> Option<f32> {
    let index = (values.len() as f64 * part) as usize;
    let index = index.min(values.len().checked_sub(1)?);
    let (_, &mut value, _) = values.select_nth_unstable_by(index, f32::total_cmp);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_the_aspect_and_never_grow() {
        for (from, to) in [
            ((1920, 1080), (192, 108)),
            ((320, 568), (108, 192)),
            ((50, 30), (50, 30)),
            ((1, 1), (1, 1)),
            ((5000, 1), (192, 1)),
            ((0, 0), (1, 1)),
        ] {
            assert_eq!(Small::size_of(&RgbImage::new(from.0, from.1)), to);
        }
    }

    #[test]
    fn quantiles_of_few_values() {
        assert_eq!(median([].into_iter()), None);
        assert_eq!(median([3.0, 1.0].into_iter()), Some(3.0));
        assert_eq!(quantile(&mut [5.0, 1.0, 4.0, 2.0], 1.0), Some(5.0));
    }
}
