//! Stick figures that squat, in place of frames.

use image::{Rgb, RgbImage};
use wo_report::{Frame, PageImage};

const SIZE: (u32, u32) = (320, 240);
const FLOOR: Rgb<u8> = Rgb([96, 90, 84]);
const BODY: Rgb<u8> = Rgb([236, 232, 224]);
const BAR: Rgb<u8> = Rgb([250, 170, 60]);
/// Half the thickness of a limb, in pixels.
const LIMB: f64 = 5.0;

/// Frames of one repetition; those in `evidence` decide. `wall` is the colour of the room.
pub(crate) fn strip(n_frames: usize, evidence: &[usize], wall: [u8; 3]) -> Vec<Frame> {
    let frame = |idx: usize| {
        let phase = idx as f64 / n_frames.max(1) as f64;
        Frame {
            image: PageImage::Rgb(lifter(depth(phase), Rgb(wall))),
            pts_ms: Some(180.0 + 310.0 * idx as f64),
            is_evidence: evidence.contains(&idx),
        }
    };
    (0..n_frames).map(frame).collect()
}

/// How deep the lifter sits: 0 at both ends of a repetition, 1 in its middle.
fn depth(phase: f64) -> f64 {
    (phase * std::f64::consts::PI).sin()
}

fn lifter(depth: f64, wall: Rgb<u8>) -> RgbImage {
    let mut image = RgbImage::from_pixel(SIZE.0, SIZE.1, wall);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        if y > 205 {
            *pixel = FLOOR;
        }
        // A little grain, so that the thumbnails weigh what thumbnails weigh.
        let grain = ((x * 31 + y * 17) % 7) as u8;
        pixel.0 = pixel.0.map(|value| value.saturating_add(grain));
    }
    let hip = (160.0 - 38.0 * depth, 125.0 + 48.0 * depth);
    let knee = (165.0 + 28.0 * depth, 165.0 + 6.0 * depth);
    let ankle = (160.0, 205.0);
    let shoulder = (hip.0 + 34.0 * depth + 4.0, hip.1 - 62.0 + 8.0 * depth);
    let head = (shoulder.0 + 6.0, shoulder.1 - 24.0);
    for (from, to) in [(ankle, knee), (knee, hip), (hip, shoulder)] {
        line(&mut image, from, to, LIMB, BODY);
    }
    line(&mut image, head, head, 13.0, BODY);
    let (left, right) = (
        (shoulder.0 - 70.0, shoulder.1),
        (shoulder.0 + 70.0, shoulder.1),
    );
    line(&mut image, left, right, 2.0, BAR);
    for end in [left, right] {
        line(
            &mut image,
            (end.0, end.1 - 20.0),
            (end.0, end.1 + 20.0),
            5.0,
            BAR,
        );
    }
    image
}

/// A line with round ends.
fn line(image: &mut RgbImage, from: (f64, f64), to: (f64, f64), radius: f64, colour: Rgb<u8>) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).max(f64::MIN_POSITIVE);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let (px, py) = (f64::from(x) - from.0, f64::from(y) - from.1);
        let along = ((px * dx + py * dy) / length).clamp(0.0, 1.0);
        if (px - along * dx).hypot(py - along * dy) <= radius {
            *pixel = colour;
        }
    }
}
