//! The part of a video's frames that shows something: without the bars of a letterbox or a pillarbox, or a band.

use image::imageops::crop_imm;
use image::{GrayImage, RgbImage};

/// The spread of a line of a bar, and the difference of its mean from the outermost line's, in levels. Coding leaves less.
const FLAT: f64 = 3.0;
/// A bar covers at most this part of a side, so that something is left of a frame without detail.
const MAX_BAR: f64 = 0.4;

/// The content of frames: pixels from the left and the top, and a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Content {
    /// The content of frames of one size: a line at the edge that has one level in all frames is a bar.
    pub(super) fn of(frames: &[GrayImage]) -> Self {
        let (width, height) = frames.first().map_or((0, 0), GrayImage::dimensions);
        let (top, bottom) = bars(height, |y| spread(frames, 0..width, y..y + 1));
        let lines = top..height - bottom;
        let (left, right) = bars(width, |x| spread(frames, x..x + 1, lines.clone()));
        Self {
            left,
            top,
            width: width - left - right,
            height: height - top - bottom,
        }
    }

    /// This part of an image.
    pub(super) fn cut(&self, image: &RgbImage) -> RgbImage {
        crop_imm(image, self.left, self.top, self.width, self.height).to_image()
    }
}

/// The widths of the bars at the start and the end of a side.
fn bars(side: u32, spread_of: impl Fn(u32) -> (f64, f64)) -> (u32, u32) {
    let most = (f64::from(side) * MAX_BAR) as u32;
    let width = |line: &dyn Fn(u32) -> u32| {
        let mut edge = None;
        let flat = (0..most).take_while(|at| {
            let (mean, deviation) = spread_of(line(*at));
            let edge = *edge.get_or_insert(mean);
            deviation <= FLAT && (mean - edge).abs() <= FLAT
        });
        let n = flat.count() as u32;
        // The next line is a mixture of bar and content.
        if n > 0 { n + 1 } else { 0 }
    };
    (width(&|at| at), width(&|at| side - 1 - at))
}

/// Mean and standard deviation of the levels of a rectangle over all frames.
fn spread(
    frames: &[GrayImage],
    columns: std::ops::Range<u32>,
    lines: std::ops::Range<u32>,
) -> (f64, f64) {
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0f64);
    for frame in frames {
        for y in lines.clone() {
            for x in columns.clone() {
                let level = frame
                    .get_pixel_checked(x, y)
                    .map_or(0.0, |it| f64::from(it.0[0]));
                sum += level;
                squares += level * level;
                n += 1.0;
            }
        }
    }
    let mean = sum / n.max(1.0);
    (mean, (squares / n.max(1.0) - mean * mean).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    fn content(levels: impl Fn(u32, u32) -> u8) -> (u32, u32, u32, u32) {
        let it = Content::of(&[GrayImage::from_fn(50, 40, |x, y| Luma([levels(x, y)]))]);
        (it.left, it.top, it.width, it.height)
    }

    #[test]
    fn bars_are_cut_off_and_content_is_not() {
        let picture = |x: u32, y: u32| (x * 37 + y * 91) as u8;
        assert_eq!(content(picture), (0, 0, 50, 40));
        let letterboxed = |x, y| {
            if (8..32).contains(&y) {
                picture(x, y)
            } else {
                2
            }
        };
        assert_eq!(content(letterboxed), (0, 9, 50, 22));
        let band_and_bar = |x, y| if y < 34 && x > 5 { picture(x, y) } else { 250 };
        assert_eq!(content(band_and_bar), (7, 0, 43, 33));
        assert_eq!(
            content(|_, _| 0),
            (21, 17, 8, 6),
            "something is left of black"
        );
        assert_eq!(Content::of(&[]).width, 0);
    }
}
