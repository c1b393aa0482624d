//! What makes a video unfit: it should show at least one whole repetition, large, sharp and bright enough for a model, and
//! only once.
//!
//! A warning is about what harms training or a verdict. A note alone does no harm.

use wo_record::Video;

use crate::job::CUT_START;
use crate::quality::measured;
use crate::quality::still::Still;

/// The short side of the image that most models look at, in pixels. Smaller ones are blown up.
const MODEL_SIDE: f64 = 224.0;
/// A lifter fills about half of the image, so that cutting them out of one smaller than this leaves less than
/// [`MODEL_SIDE`].
const ROOMY_SIDE: f64 = 2.0 * MODEL_SIDE;
/// No repetition is shorter, and few are shorter than the second, in milliseconds.
const SHORT_MS: (f64, f64) = (700.0, 2_000.0);
/// Ten frames of a longer video are farther apart than a repetition is long; of one longer than the second, than a set.
const LONG_MS: (f64, f64) = (60_000.0, 300_000.0);
/// A quick repetition has too few frames below the first rate; cameras film between the others, frames a second.
const RATE_HZ: (f64, f64, f64) = (8.0, 14.0, 61.0);
/// Frames that are less sharp at a short side of 256 have no edges left, or few; in squared levels.
const SHARPNESS: (f64, f64) = (15.0, 40.0);
/// In darker images nothing is to be seen, or little; mean luma from 0 to 1, without black bars.
const BRIGHTNESS: (f64, f64) = (0.06, 0.14);
/// Black bars that leave less than this part of the image waste a model's eye.
const CONTENT: f64 = 0.5;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Note,
    Warning,
}

/// A thing that can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finding {
    /// The word in records.
    pub(super) word: &'static str,
    pub(super) level: Level,
}

/// Each word, and what it says to people.
pub(super) const LEGEND: [(&str, &str); 14] = [
    (
        "damaged",
        "warning: the decoder reports damaged frames; use an undamaged copy if there is one",
    ),
    (
        "truncated",
        "warning: the file ends early, or a part of it cannot be read; the rest is used",
    ),
    (
        "cut_start",
        "warning: it was cut where the decoder cannot start, and lacks its first frames; ffmpeg can repair it",
    ),
    (
        "repeated_frames",
        "warning: many frames repeat the one before: slowed down, or a still",
    ),
    (
        "too_short",
        "warning: shorter than any repetition (0.7 s); note: shorter than most (2 s)",
    ),
    (
        "too_long",
        "warning: longer than 5 min, so ten frames are too far apart; note: longer than 1 min",
    ),
    (
        "low_resolution",
        "warning: without black bars the short side is below 224 pixels, the input size of models; note: below 448",
    ),
    (
        "unusual_frame_rate",
        "warning: below 8 frames a second, movement is lost; note: below 14, or above 61, which may be slow motion",
    ),
    (
        "blurry",
        "warning: most frames have hardly any edges; note: few edges",
    ),
    (
        "dark",
        "warning: most frames are nearly black, black bars aside; note: dim",
    ),
    (
        "several_shots",
        "warning: the camera cuts to another view; the label may not hold in each shot",
    ),
    (
        "letterboxed",
        "warning: black bars on opposite sides take more than half of the image; note: less",
    ),
    ("duplicate", "warning: the same bytes as another file"),
    ("near_duplicate", "warning: looks like another file"),
];

/// All that is found of `video` by itself, of which `stills` were taken.
pub(super) fn of(video: &Video, stills: &[Still]) -> Vec<Finding> {
    let content = measured::content(stills.iter().map(|still| &still.measured));
    let sides = video.width_px.zip(video.height_px);
    let short_side = sides.map(|(width, height)| {
        let (across, down) = content.shares();
        (f64::from(width) * across).min(f64::from(height) * down)
    });
    let sharpness = wo_picture::median(stills.iter().map(|still| still.measured.sharpness()));
    let lights = stills.iter().map(|still| still.measured.light(content));
    let brightness = wo_picture::median(lights);
    let n_cuts = video.cuts_ms.as_ref().map_or(0, Vec::len);
    // Which says more.
    let is_cut = video.warnings.iter().any(|word| word == CUT_START);
    let (across, down) = content.shares();
    let share = across * down;
    let found = [
        (
            "damaged",
            (video.n_damaged > Some(0) && !is_cut).then_some(Level::Warning),
        ),
        ("too_short", below(video.duration_ms, SHORT_MS)),
        ("too_long", above(video.duration_ms, LONG_MS)),
        (
            "low_resolution",
            below(short_side, (MODEL_SIDE, ROOMY_SIDE)),
        ),
        ("unusual_frame_rate", rate(video.frame_rate_hz)),
        ("blurry", below(sharpness, SHARPNESS)),
        ("dark", below(brightness, BRIGHTNESS)),
        ("several_shots", (n_cuts > 0).then_some(Level::Warning)),
        ("letterboxed", below(Some(share), (CONTENT, 1.0))),
    ];
    let found = found.into_iter();
    found
        .filter_map(|(word, level)| {
            Some(Finding {
                word,
                level: level?,
            })
        })
        .collect()
}

/// A warning below the first bound, a note below the second.
fn below(value: Option<f64>, (bad, odd): (f64, f64)) -> Option<Level> {
    let value = value?;
    if value < bad {
        Some(Level::Warning)
    } else {
        (value < odd).then_some(Level::Note)
    }
}

/// A note above the first bound, a warning above the second.
fn above(value: Option<f64>, (odd, bad): (f64, f64)) -> Option<Level> {
    let value = value?;
    if value > bad {
        Some(Level::Warning)
    } else {
        (value > odd).then_some(Level::Note)
    }
}

fn rate(hz: Option<f64>) -> Option<Level> {
    let (bad, least, most) = RATE_HZ;
    below(hz, (bad, least)).or_else(|| above(hz, (most, f64::INFINITY)))
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    /// What is found of frames that look like `image`, by level and word.
    fn found(video: &Video, image: &RgbImage) -> Vec<(Level, &'static str)> {
        let stills = vec![Still::new(image, 0).unwrap(); 3];
        let found = of(video, &stills).into_iter();
        found.map(|Finding { word, level }| (level, word)).collect()
    }

    fn video(duration_ms: f64, width: u32, height: u32, hz: f64) -> Video {
        Video {
            duration_ms: Some(duration_ms),
            width_px: Some(width),
            height_px: Some(height),
            frame_rate_hz: Some(hz),
            ..Video::default()
        }
    }

    /// Squares of a brightness, between black bars on the left and right of so many pixels.
    fn squares(width: u32, bar: u32, light: u8) -> RgbImage {
        RgbImage::from_fn(width, 256, |x, y| {
            let is_bar = x < bar || x >= width - bar;
            let is_light = (x / 16 + y / 16).is_multiple_of(2);
            Rgb(match (is_bar, is_light) {
                (true, _) => [0; 3],
                (false, true) => [light; 3],
                (false, false) => [light / 2; 3],
            })
        })
    }

    #[test]
    fn ordinary_videos_of_phones_are_quiet() {
        for video in [
            video(4_900.0, 480, 848, 29.97),
            video(8_000.0, 1280, 720, 24.0),
            video(2_100.0, 1080, 1920, 60.0),
            video(45_000.0, 640, 480, 15.0),
        ] {
            assert_eq!(found(&video, &squares(256, 0, 200)), []);
        }
    }

    #[test]
    fn each_bound_has_its_level() {
        use Level::{Note, Warning};
        let all = |video| found(&video, &squares(256, 0, 200));
        assert_eq!(all(video(600.0, 1280, 720, 30.0)), [(Warning, "too_short")]);
        assert_eq!(all(video(1_500.0, 1280, 720, 30.0)), [(Note, "too_short")]);
        assert_eq!(all(video(61_000.0, 1280, 720, 30.0)), [(Note, "too_long")]);
        assert_eq!(all(video(4e5, 1280, 720, 30.0)), [(Warning, "too_long")]);
        assert_eq!(
            all(video(5e3, 320, 200, 30.0)),
            [(Warning, "low_resolution")]
        );
        assert_eq!(all(video(5e3, 320, 240, 30.0)), [(Note, "low_resolution")]);
        assert_eq!(
            all(video(5e3, 1280, 720, 5.0)),
            [(Warning, "unusual_frame_rate")]
        );
        assert_eq!(
            all(video(5e3, 1280, 720, 120.0)),
            [(Note, "unusual_frame_rate")]
        );
    }

    #[test]
    fn bars_are_neither_dark_nor_part_of_the_size() {
        use Level::{Note, Warning};
        let whole = || video(5e3, 1280, 720, 30.0);
        // A quarter of the image is left, and it is as bright as others.
        let narrow = squares(456, 171, 160);
        assert_eq!(
            found(&whole(), &narrow),
            [(Note, "low_resolution"), (Warning, "letterboxed")]
        );
        assert_eq!(
            found(&whole(), &squares(456, 57, 160)),
            [(Note, "letterboxed")]
        );
        assert_eq!(found(&whole(), &squares(456, 0, 30))[..], [(Note, "dark")]);
        assert_eq!(
            found(&whole(), &squares(456, 57, 10))[0],
            (Warning, "blurry")
        );
    }
}
