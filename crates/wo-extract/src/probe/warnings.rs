//! What speaks against using a video, by what one wants of videos of lifters: 5 to 30 seconds of one movement, at the
//! speed at which it was done, large, sharp and bright enough to see a knee, and not twice.

use wo_record::Video;

use crate::picture::Still;
use crate::quality::{self, SMALL};

/// Shorter and longer ones show less or more than a few repetitions, in milliseconds.
const DURATION_MS: (f64, f64) = (5_000.0, 30_000.0);
/// The least short side, in pixels.
const SHORT_SIDE: u32 = 720;
/// Cameras film at these rates when nothing is slowed down or sped up, frames a second.
const RATE_HZ: (f64, f64) = (20.0, 61.0);
/// Frames are usually sharper than this, in squared levels, unless all is smeared or out of focus.
const SHARPNESS: f64 = 60.0;
/// And brighter than this, from 0 to 1.
const BRIGHTNESS: f64 = 0.18;
/// Black bars on opposite sides that are at least this wide, of [`SMALL`].
const BARS: u32 = 2;
/// Videos look the same when at most so many of 64 bits differ between their frames, on average.
const SAME: f64 = 5.0;

/// The videos met so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    videos: Vec<(String, Vec<Still>)>,
}

impl Seen {
    /// `video`, of which `stills` were taken, with all that speaks against it.
    pub(super) fn judged(&mut self, video: Video, stills: &[Still]) -> Video {
        let is_twin = self.videos.iter().any(|(id, _)| *id == video.video_id);
        let mut like = self
            .videos
            .iter()
            .filter(|(_, others)| looks_same(stills, others));
        let near = like
            .find(|(id, _)| *id != video.video_id)
            .map(|(id, _)| id.clone());
        // The pictures themselves are not needed any more.
        let small = stills.iter().map(|still| Still {
            jpeg: Vec::new(),
            ..still.clone()
        });
        self.videos.push((video.video_id.clone(), small.collect()));
        let mut warnings = warnings(&video, stills);
        if is_twin {
            warnings.push("duplicate");
        }
        if near.is_some() {
            warnings.push("near_duplicate");
        }
        let mut all = video.warnings;
        all.extend(warnings.into_iter().map(str::to_owned));
        Video {
            warnings: all,
            near_duplicate_of: near,
            n_frames: None,
            n_frames_wanted: None,
            ..video
        }
    }
}

fn warnings(video: &Video, stills: &[Still]) -> Vec<&'static str> {
    let short_side = video.width_px.zip(video.height_px).map(|(w, h)| w.min(h));
    let is = |value: Option<f64>, wrong: &dyn Fn(f64) -> bool| value.is_some_and(wrong);
    let sharpness = quality::median(stills.iter().map(|still| still.measured.sharpness()));
    let brightness = quality::median(stills.iter().map(|still| still.measured.brightness()));
    let all = [
        (is(video.duration_ms, &|ms| ms < DURATION_MS.0), "too_short"),
        (is(video.duration_ms, &|ms| ms > DURATION_MS.1), "too_long"),
        (
            short_side.is_some_and(|side| side < SHORT_SIDE),
            "low_resolution",
        ),
        (
            is(video.frame_rate_hz, &|hz| {
                !(RATE_HZ.0..=RATE_HZ.1).contains(&hz)
            }),
            "unusual_frame_rate",
        ),
        (is(sharpness, &|x| x < SHARPNESS), "blurry"),
        (is(brightness, &|x| x < BRIGHTNESS), "dark"),
        (
            video.cuts_ms.as_ref().is_some_and(|cuts| !cuts.is_empty()),
            "several_shots",
        ),
        (is_letterboxed(stills), "letterboxed"),
    ];
    let holding = all.into_iter().filter(|(holds, _)| *holds);
    holding.map(|(_, warning)| warning).collect()
}

/// Whether the same opposite sides are black in all frames, and not all is.
fn is_letterboxed(stills: &[Still]) -> bool {
    let bars = stills.iter().map(|still| still.measured.bars());
    let least = bars.reduce(|a, b| std::array::from_fn(|side| a[side].min(b[side])));
    least.is_some_and(|[top, bottom, left, right]| {
        let is_black = top >= SMALL || left >= SMALL;
        !is_black && (top.min(bottom) >= BARS || left.min(right) >= BARS)
    })
}

fn looks_same(stills: &[Still], others: &[Still]) -> bool {
    // A still of a plain wall is like any other.
    if stills.is_empty() || stills.len() != others.len() {
        return false;
    }
    let pairs = stills.iter().zip(others);
    let bits: u32 = pairs.map(|(a, b)| a.measured.distance(&b.measured)).sum();
    f64::from(bits) / stills.len() as f64 <= SAME
}
