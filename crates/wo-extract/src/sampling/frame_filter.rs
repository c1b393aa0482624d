//! Excludes dark, blurry and duplicate frames.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::quality::still::Still;

/// Frames tried for each segment when some may be excluded: the one at its middle and two on either side.
const CANDIDATES: u32 = 5;
/// Images are duplicates when at most this many of the 64 bits of their hashes differ, and their mean change is at most
/// this. The hash alone misses a small lifter in a large room.
const SAME: (u32, f64) = (2, 0.004);
/// With `auto`, a frame is blurry below this fraction of the median sharpness of its video.
const AUTO: f64 = 0.5;

/// How sharp a frame must be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum MinSharpness {
    /// Half of the median of the video.
    Auto,
    /// At least this, in squared levels.
    At(f64),
}

impl fmt::Display for MinSharpness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::At(least) => write!(f, "{least:?}"),
        }
    }
}

impl FromStr for MinSharpness {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse::<f64>()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(least)) if least.is_finite() && least >= 0.0 => Ok(Self::At(least)),
            _ => Err("take auto or a number from 0 on".to_owned()),
        }
    }
}

/// The conditions that a frame must meet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct FrameFilter {
    pub(crate) min_sharpness: Option<MinSharpness>,
    pub(crate) min_brightness: Option<f64>,
    pub(crate) drops_duplicates: bool,
}

/// Why a frame is excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Dark,
    Blurry,
    Duplicate,
}

impl Reason {
    /// The word in records.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Blurry => "blurry",
            Self::Duplicate => "duplicate",
        }
    }
}

/// The frames that were kept, and those that were not.
#[derive(Debug, Default)]
pub(crate) struct FilteredFrames {
    pub(crate) kept: Vec<Still>,
    pub(crate) dropped: Vec<(Still, Reason)>,
}

impl FrameFilter {
    /// Whether it keeps everything.
    pub(crate) fn is_open(&self) -> bool {
        self.min_sharpness.is_none() && self.min_brightness.is_none() && !self.drops_duplicates
    }

    /// The filter in the words of the first version, by which folders of frames know what they were made with.
    pub(crate) fn fingerprint(&self) -> String {
        let Self {
            min_sharpness,
            min_brightness,
            drops_duplicates,
        } = self;
        format!(
            "Sieve {{ min_sharpness: {min_sharpness:?}, min_brightness: {min_brightness:?}, drops_duplicates: {drops_duplicates:?} }}"
        )
    }

    /// How many candidates to decode for each wanted frame.
    pub(crate) fn n_candidates(&self) -> u32 {
        if self.is_open() { 1 } else { CANDIDATES }
    }

    /// Keeps the first good frame of each group; those of a group come in the order of preference. What was tried
    /// before it is dropped, what comes behind it was never needed.
    pub(crate) fn apply(&self, groups: Vec<Vec<Still>>) -> FilteredFrames {
        let least_sharp = match self.min_sharpness {
            None => 0.0,
            Some(MinSharpness::At(least)) => least,
            Some(MinSharpness::Auto) => {
                let stills = groups.iter().flatten();
                let usual = wo_picture::median(stills.map(|still| still.measured.sharpness()));
                AUTO * usual.unwrap_or(0.0)
            }
        };
        let mut filtered = FilteredFrames::default();
        for group in groups {
            for still in group {
                let Some(reason) = self.reason(&still, least_sharp, &filtered.kept) else {
                    filtered.kept.push(still);
                    break;
                };
                filtered.dropped.push((still, reason));
            }
        }
        filtered.kept.sort_by_key(|still| still.time_ns);
        filtered.dropped.sort_by_key(|(still, _)| still.time_ns);
        filtered
    }

    fn reason(&self, still: &Still, least_sharp: f64, kept: &[Still]) -> Option<Reason> {
        let measured = &still.measured;
        let is_dark = |least| measured.brightness() < least;
        let is_same = |other: &Still| {
            measured.distance(&other.measured) <= SAME.0
                && measured.change(&other.measured) <= SAME.1
        };
        if self.min_brightness.is_some_and(is_dark) {
            Some(Reason::Dark)
        } else if measured.sharpness() < least_sharp {
            Some(Reason::Blurry)
        } else if self.drops_duplicates && kept.iter().any(is_same) {
            Some(Reason::Duplicate)
        } else {
            None
        }
    }
}

/// Candidates by the segment of `n` equal ones of `duration_ns` that they lie in: undamaged ones first, and of these the
/// nearest to its middle.
pub(crate) fn by_segment(stills: Vec<Still>, duration_ns: u64, n: u32) -> Vec<Vec<Still>> {
    let segment_ns = (duration_ns as f64 / f64::from(n.max(1))).max(1.0);
    let mut groups: Vec<Vec<Still>> = (0..n).map(|_| Vec::new()).collect();
    for still in stills {
        let segment = (still.time_ns as f64 / segment_ns) as usize;
        if let Some(group) = groups.get_mut(segment.min(n.saturating_sub(1) as usize)) {
            group.push(still);
        }
    }
    for (segment, group) in groups.iter_mut().enumerate() {
        let centre = ((segment as f64 + 0.5) * segment_ns) as u64;
        group.sort_by_key(|still| (still.position.is_damaged, still.time_ns.abs_diff(centre)));
    }
    groups
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    /// An image of a texture that `seed` decides, at a brightness, blurred.
    fn still(time_ns: u64, seed: u32, light: u8, blur: f32) -> Still {
        let image = RgbImage::from_fn(64, 64, |x, y| {
            let cell = (x / 8 * 31 + y / 8 * 17 + seed * 101).wrapping_mul(2_654_435_761) >> 24;
            Rgb([(cell * u32::from(light) / 255) as u8; 3])
        });
        let image = if blur > 0.0 {
            image::imageops::blur(&image, blur)
        } else {
            image
        };
        Still::new(&image, time_ns).unwrap()
    }

    fn filtered(filter: &FrameFilter, stills: Vec<Still>) -> (Vec<u64>, Vec<(u64, &'static str)>) {
        let filtered = filter.apply(by_segment(stills, 100, 2));
        let kept = filtered.kept.iter().map(|still| still.time_ns);
        let dropped = filtered.dropped.iter();
        (
            kept.collect(),
            dropped
                .map(|(still, why)| (still.time_ns, why.word()))
                .collect(),
        )
    }

    #[test]
    fn what_is_dropped_is_replaced_from_its_own_segment() {
        let stills = || {
            vec![
                still(5, 1, 255, 0.0),
                still(25, 2, 255, 6.0),
                still(30, 3, 255, 0.0),
                still(70, 4, 255, 0.0),
                still(75, 5, 20, 0.0),
            ]
        };
        let blurry = FrameFilter {
            min_sharpness: Some(MinSharpness::Auto),
            ..FrameFilter::default()
        };
        assert_eq!(filtered(&blurry, stills()).0, [30, 70]);
        let dark = FrameFilter {
            min_brightness: Some(0.1),
            ..FrameFilter::default()
        };
        assert_eq!(
            filtered(&dark, stills()),
            (vec![25, 70], vec![(75, "dark")])
        );
    }

    #[test]
    fn folders_of_earlier_versions_keep_their_fingerprints() {
        let filter = FrameFilter {
            min_sharpness: Some(MinSharpness::At(12.0)),
            ..FrameFilter::default()
        };
        assert_eq!(
            filter.fingerprint(),
            "Sieve { min_sharpness: Some(At(12.0)), min_brightness: None, drops_duplicates: false }"
        );
    }

    #[test]
    fn an_undamaged_frame_comes_before_a_nearer_one() {
        let mut stills = vec![still(25, 1, 255, 0.0), still(30, 2, 255, 0.0)];
        stills[0].position.is_damaged = true;
        assert_eq!(filtered(&FrameFilter::default(), stills).0, [30]);
    }

    #[test]
    fn a_duplicate_of_a_kept_frame_is_dropped() {
        let stills = vec![
            still(25, 1, 255, 0.0),
            still(75, 1, 254, 0.0),
            still(80, 2, 255, 0.0),
        ];
        let filter = FrameFilter {
            drops_duplicates: true,
            ..FrameFilter::default()
        };
        assert_eq!(
            filtered(&filter, stills),
            (vec![25, 80], vec![(75, "duplicate")])
        );
    }

    #[test]
    fn a_video_without_a_good_frame_gives_none() {
        let filter = FrameFilter {
            min_sharpness: Some(MinSharpness::At(1e9)),
            ..FrameFilter::default()
        };
        let (kept, dropped) = filtered(
            &filter,
            vec![still(25, 1, 255, 0.0), still(75, 2, 255, 0.0)],
        );
        assert_eq!((kept.len(), dropped.len()), (0, 2));
        assert!("auto".parse() == Ok(MinSharpness::Auto));
        assert!("-1".parse::<MinSharpness>().is_err() && "nan".parse::<MinSharpness>().is_err());
    }
}
