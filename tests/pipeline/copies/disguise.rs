//! What people do to a video before they upload it again.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageFormat, Rgb, RgbImage};

/// A way to make a video look like another one.
pub(crate) struct Disguise {
    pub(crate) name: &'static str,
    pub(crate) span: Span,
    change: Change,
}

type Change = fn(&RgbImage) -> RgbImage;

/// Which part of the video is kept.
#[derive(Clone, Copy)]
pub(crate) enum Span {
    /// From one part of its length to another; backwards if the second is the smaller one.
    Parts(f64, f64),
    /// Two seconds in the middle.
    Middle,
}

impl Span {
    /// When its frames are, evenly spread, in a video of this length.
    pub(crate) fn times(self, duration_s: f64, n: usize) -> Vec<f64> {
        let (from, to) = match self {
            Self::Parts(from, to) => (from * duration_s, to * duration_s),
            Self::Middle => (duration_s / 2.0 - 1.0, duration_s / 2.0 + 1.0),
        };
        let time = |frame: usize| from + (to - from) * (frame as f64 + 0.5) / n as f64;
        (0..n).map(time).collect()
    }
}

impl Disguise {
    pub(crate) fn apply(&self, frames: &[RgbImage]) -> Vec<RgbImage> {
        frames.iter().map(self.change).collect()
    }
}

const WHOLE: Span = Span::Parts(0.0, 1.0);

/// All of them.
pub(crate) fn disguises() -> Vec<Disguise> {
    let all: [(&str, Span, Change); 23] = [
        ("mirrored", WHOLE, imageops::flip_horizontal),
        ("cropped by 10 %", WHOLE, |it| cropped(it, 0.1, (0.5, 0.5))),
        ("cropped by 25 %", WHOLE, |it| cropped(it, 0.25, (0.5, 0.5))),
        ("25 % off two sides", WHOLE, |it| {
            cropped(it, 0.25, (0.8, 0.2))
        }),
        ("letterboxed", WHOLE, |it| framed(it, 0.0, 0.2)),
        ("pillarboxed", WHOLE, |it| framed(it, 0.3, 0.0)),
        ("rotated by 3 degrees", WHOLE, rotated),
        ("a band of 15 % below", WHOLE, |it| banded(it, 0.85..1.0)),
        ("a band of 15 % above", WHOLE, |it| banded(it, 0.0..0.15)),
        ("the middle 2 s", Span::Middle, RgbImage::clone),
        ("coded as by CRF 36", WHOLE, coded),
        ("half the size", WHOLE, |it| scaled(it, 0.5, 0.5)),
        ("squeezed", WHOLE, |it| scaled(it, 0.7, 1.0)),
        ("grey", WHOLE, grey),
        ("brighter", WHOLE, brighter),
        ("faster", Span::Parts(0.0, 0.93), RgbImage::clone),
        ("reversed", Span::Parts(0.97, 0.03), RgbImage::clone),
        ("trimmed", Span::Parts(0.07, 0.83), RgbImage::clone),
        ("half a gap later", Span::Parts(0.05, 1.0), RgbImage::clone),
        ("mirrored, cropped", Span::Parts(0.05, 0.95), |it| {
            imageops::flip_horizontal(&cropped(it, 0.1, (0.5, 0.5)))
        }),
        ("mirrored middle", Span::Middle, imageops::flip_horizontal),
        ("cropped middle", Span::Middle, |it| {
            cropped(it, 0.1, (0.5, 0.5))
        }),
        ("letterboxed, coded", Span::Parts(0.04, 0.9), |it| {
            coded(&framed(it, 0.0, 0.2))
        }),
    ];
    let disguise = |(name, span, change)| Disguise { name, span, change };
    all.into_iter().map(disguise).collect()
}

/// Without `part` of each side; `at` says how much of that is taken from the left and the top.
fn cropped(image: &RgbImage, part: f64, at: (f64, f64)) -> RgbImage {
    let cut = |side: u32, at: f64| {
        let kept = (f64::from(side) * (1.0 - part)) as u32;
        ((f64::from(side - kept) * at) as u32, kept)
    };
    let ((x, width), (y, height)) = (cut(image.width(), at.0), cut(image.height(), at.1));
    imageops::crop_imm(image, x, y, width, height).to_image()
}

/// With black bars, as wide and high as these parts of the image, on both sides.
fn framed(image: &RgbImage, across: f64, down: f64) -> RgbImage {
    let (width, height) = image.dimensions();
    let bar = |side: u32, part: f64| (f64::from(side) * part) as u32;
    let (x, y) = (bar(width, across), bar(height, down));
    let mut framed = RgbImage::new(width + 2 * x, height + 2 * y);
    imageops::replace(&mut framed, image, x.into(), y.into());
    framed
}

/// Turned by three degrees, with black corners.
fn rotated(image: &RgbImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let (sin, cos) = 3.0_f64.to_radians().sin_cos();
    let middle = (f64::from(width) / 2.0, f64::from(height) / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (f64::from(x) - middle.0, f64::from(y) - middle.1);
        let (u, v) = (
            cos * dx + sin * dy + middle.0,
            cos * dy - sin * dx + middle.1,
        );
        let (w, h) = (f64::from(width), f64::from(height));
        let is_inside = (0.0..w).contains(&u) && (0.0..h).contains(&v);
        let pixel = imageops::sample_bilinear(image, (u / w) as f32, (v / h) as f32);
        pixel.filter(|_| is_inside).unwrap_or(Rgb([0; 3]))
    })
}

fn banded(image: &RgbImage, lines: std::ops::Range<f64>) -> RgbImage {
    let mut banded = image.clone();
    let height = f64::from(image.height());
    for (_, y, pixel) in banded.enumerate_pixels_mut() {
        if lines.contains(&(f64::from(y) / height)) {
            *pixel = Rgb([0; 3]);
        }
    }
    banded
}

fn scaled(image: &RgbImage, across: f64, down: f64) -> RgbImage {
    let side = |side: u32, by: f64| (f64::from(side) * by).round() as u32;
    let (width, height) = (side(image.width(), across), side(image.height(), down));
    imageops::resize(image, width, height, FilterType::Triangle)
}

/// Little is left of fine detail: coarse JPEG of a smaller image.
fn coded(image: &RgbImage) -> RgbImage {
    let mut bytes = Vec::new();
    let written =
        JpegEncoder::new_with_quality(&mut bytes, 20).encode_image(&scaled(image, 0.6, 0.6));
    written.expect("encode");
    let decoded = image::load(Cursor::new(bytes), ImageFormat::Jpeg).expect("decode");
    scaled(&decoded.into_rgb8(), 1.0 / 0.6, 1.0 / 0.6)
}

fn grey(image: &RgbImage) -> RgbImage {
    let grey = imageops::grayscale(image);
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        Rgb([grey.get_pixel(x, y).0[0]; 3])
    })
}

fn brighter(image: &RgbImage) -> RgbImage {
    let mut brighter = image.clone();
    for pixel in brighter.pixels_mut() {
        pixel.0 = pixel
            .0
            .map(|level| (f64::from(level) * 1.25 + 15.0).min(255.0) as u8);
    }
    brighter
}
