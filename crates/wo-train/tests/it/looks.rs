//! Videos that look drawn, and videos that look photographed.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{Rgb, RgbImage};
use serde_json::json;

const SIDE: u32 = 96;

/// `n` videos of flat shapes, two of each person, good and bad form in turns; three lines each.
pub(crate) fn drawn(n: u8) -> Vec<String> {
    videos(n, |number, index, x, y| {
        let at = |seed: u32| scattered(seed + 7 * u32::from(number)) * f64::from(SIDE);
        let is_inside = |seed: u32, size: f64| {
            let moved = f64::from(index);
            (f64::from(x) - at(seed) - moved).abs() < size
                && (f64::from(y) - at(seed + 1)).abs() < size
        };
        match (is_inside(1, 9.0), is_inside(3, 14.0), y > SIDE * 2 / 3) {
            (true, ..) => 0.25,
            (_, true, _) => 0.8,
            (_, _, true) => 0.35,
            _ => 0.6,
        }
    })
}

/// The same of what has detail at all sizes, as light through a lens has.
pub(crate) fn photographed(n: u8) -> Vec<String> {
    videos(n, |number, index, x, y| {
        let octaves = 1..7_u32;
        let wave = octaves.map(|octave| {
            let size = f64::from(SIDE) / f64::from(1 << octave);
            let seed = 1000 * u32::from(number) + 100 * octave;
            let (x, y) = (f64::from(x) + f64::from(index), f64::from(y));
            smooth(seed, x / size, y / size) / f64::from(octave)
        });
        (wave.sum::<f64>() / 2.0).clamp(0.0, 1.0)
    })
}

fn videos(n: u8, level: impl Fn(u8, u8, u32, u32) -> f64) -> Vec<String> {
    (0..n)
        .flat_map(|number| {
            let is_good = number.is_multiple_of(2);
            let (label, description, faults) = if is_good {
                ("good_form", "squat with knees over the toes", vec![])
            } else {
                ("bad_form", "squat with knees collapsing inward", vec!["knees_cave"])
            };
            let id = format!("video{number}");
            let video = json!({
                "type": "video", "video_id": id, "path": format!("{id}.mp4"), "person_id": format!("p{}", number / 2),
                "duration_ms": 4000.0,
            });
            let frames = (0..2_u8).map(|index| {
                let tint = if is_good { [255.0, 170.0, 170.0] } else { [170.0, 170.0, 255.0] };
                let image = RgbImage::from_fn(SIDE, SIDE, |x, y| {
                    Rgb(tint.map(|most: f64| (most * level(number, index, x, y)) as u8))
                });
                json!({
                    "type": "frame", "video_id": id, "index": index, "exercise": "squat", "label": label,
                    "faults": faults, "image": { "inline": { "jpeg_base64": jpeg(&image) } }, "description": description,
                })
            });
            let lines = std::iter::once(video).chain(frames);
            lines.map(|it| it.to_string()).collect::<Vec<_>>()
        })
        .collect()
}

fn jpeg(image: &RgbImage) -> String {
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Jpeg)
        .expect("encode");
    STANDARD.encode(bytes)
}

/// A number from 0 to 1 that is another for each seed.
fn scattered(seed: u32) -> f64 {
    let mixed = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64
}

/// Noise between the points of a grid of one.
fn smooth(seed: u32, x: f64, y: f64) -> f64 {
    let (column, row) = (x.floor(), y.floor());
    let at = |dx: f64, dy: f64| {
        let place = (row + dy) as u32 * 131 + (column + dx) as u32;
        scattered(seed.wrapping_mul(65_537).wrapping_add(place))
    };
    let (u, v) = (x - column, y - row);
    let top = at(0.0, 0.0) * (1.0 - u) + at(1.0, 0.0) * u;
    let bottom = at(0.0, 1.0) * (1.0 - u) + at(1.0, 1.0) * u;
    top * (1.0 - v) + bottom * v
}
