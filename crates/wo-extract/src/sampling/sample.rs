//! How frames of a video are chosen: the values of `--sample`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use wo_record::code;

use crate::error::ExtractError;
use crate::sampling::repetitions::{self, Repetition};
use crate::sampling::select;

/// All frames of one video wait in memory until they are written, so there must not be more.
pub(crate) const MAX_FRAMES: usize = 5000;

/// How frames are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Sample {
    /// N, one of each of N equal segments: near its middle, where that is quicker to decode.
    Uniform,
    /// N, one at a random time of each of N equal segments; the seed decides.
    Jitter,
    /// N, at equal phases of the repetitions that are found; as `Uniform` where none are.
    Phase,
    /// N key frames, evenly among all of them; all where there are fewer.
    Keyframes,
    /// So many a second.
    Fps(f64),
    /// Each K-th.
    Every(usize),
}

/// When the frames of a video are shown.
#[derive(Clone, Copy)]
pub(crate) struct Timeline<'a> {
    /// Of each frame, from the first one on; nanoseconds.
    pub(crate) times_ns: &'a [u64],
    /// Until the last one goes off display.
    pub(crate) duration_ns: u64,
    /// Whether decoding can start with a frame.
    pub(crate) is_key: &'a dyn Fn(usize) -> bool,
    /// The content: what is random differs from video to video.
    pub(crate) video_id: &'a str,
    /// The repetitions, where they were looked for.
    pub(crate) repetitions: &'a [Repetition],
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform => f.write_str("uniform"),
            Self::Jitter => f.write_str("jitter"),
            Self::Phase => f.write_str("phase"),
            Self::Keyframes => f.write_str("keyframes"),
            Self::Fps(rate) => write!(f, "fps={rate:?}"),
            Self::Every(step) => write!(f, "every={step}"),
        }
    }
}

impl FromStr for Sample {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        match (name, value) {
            ("uniform", "") => Ok(Self::Uniform),
            ("jitter", "") => Ok(Self::Jitter),
            ("phase", "") => Ok(Self::Phase),
            ("keyframes", "") => Ok(Self::Keyframes),
            ("fps", value) => match value.parse() {
                Ok(rate) if (0.001..=1000.0).contains(&rate) => Ok(Self::Fps(rate)),
                _ => Err("fps=F takes a number from 0.001 to 1000".to_owned()),
            },
            ("every", value) => match value.parse() {
                Ok(step) if step > 0 => Ok(Self::Every(step)),
                _ => Err("every=K takes a whole number above 0".to_owned()),
            },
            _ => Err("take uniform, jitter, phase, keyframes, fps=F or every=K".to_owned()),
        }
    }
}

impl Sample {
    /// Whether it takes a number of frames that is given.
    pub(crate) fn is_counted(self) -> bool {
        !matches!(self, Self::Fps(_) | Self::Every(_))
    }

    /// Whether each of its frames stands for a segment of the video.
    pub(crate) fn has_segments(self) -> bool {
        matches!(self, Self::Uniform | Self::Jitter)
    }

    /// Whether a frame near one that is damaged will do in its place.
    pub(crate) fn takes_near_ones(self) -> bool {
        !matches!(self, Self::Every(_) | Self::Keyframes)
    }

    /// The numbers of the frames to take, in order, each once. `n` is for the counted ones.
    pub(crate) fn choose(
        self,
        timeline: Timeline<'_>,
        n: u32,
        seed: u64,
    ) -> Result<Vec<usize>, ExtractError> {
        let Timeline {
            times_ns,
            duration_ns,
            is_key,
            video_id,
            repetitions,
        } = timeline;
        let chosen = match self {
            Self::Phase if !repetitions.is_empty() => {
                let times = repetitions::equal_phases(repetitions, n);
                select::choose_at(times_ns, times, n)
            }
            Self::Uniform | Self::Phase => select::choose(times_ns, duration_ns, n),
            Self::Jitter => {
                let times = (0..n).map(|segment| {
                    let part = f64::from(segment) + fraction(seed, video_id, segment);
                    (duration_ns as f64 * part / f64::from(n)) as u64
                });
                select::choose_at(times_ns, times, n)
            }
            Self::Keyframes => {
                let keys: Vec<usize> = (0..times_ns.len()).filter(|&i| is_key(i)).collect();
                let n = (n as usize).min(keys.len());
                (0..n)
                    .map(|i| keys[(2 * i + 1) * keys.len() / (2 * n)])
                    .collect()
            }
            Self::Fps(rate) => {
                let n = (duration_ns as f64 * 1e-9 * rate).ceil() as u32;
                let times = (0..n)
                    .map(|i| ((f64::from(i) + 0.5) * 1e9 / rate) as u64)
                    .take_while(|&time| time < duration_ns);
                let mut chosen = select::on_display(times_ns, times);
                chosen.dedup();
                chosen
            }
            Self::Every(step) => (0..times_ns.len()).step_by(step).collect(),
        };
        if chosen.len() > MAX_FRAMES {
            return Err(ExtractError::new(
                code::TOO_MANY_FRAMES,
                format!(
                    "{} frames are more than {MAX_FRAMES} of one video",
                    chosen.len()
                ),
            ));
        }
        Ok(chosen)
    }
}

/// A number from 0 to 1 that only the seed, the video and the segment decide.
fn fraction(seed: u64, video_id: &str, segment: u32) -> f64 {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&seed.to_le_bytes())
        .update(&segment.to_le_bytes())
        .update(video_id.as_bytes());
    let hash = hasher.finalize();
    let (bytes, _) = hash.as_bytes().as_chunks::<8>();
    // 53 bits are what a float holds.
    bytes.first().map_or(0.5, |&bytes| {
        (u64::from_le_bytes(bytes) >> 11) as f64 / (1u64 << 53) as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Of 100 frames at 25 a second with a key frame each 10.
    fn choose(sample: &str, n: u32, seed: u64) -> Vec<usize> {
        let times: Vec<u64> = (0..100).map(|i| i * 40 * MS).collect();
        let timeline = Timeline {
            times_ns: &times,
            duration_ns: 4000 * MS,
            is_key: &|i| i % 10 == 0,
            video_id: "0123",
            repetitions: &[],
        };
        sample
            .parse::<Sample>()
            .unwrap()
            .choose(timeline, n, seed)
            .unwrap()
    }

    #[test]
    fn each_way_takes_what_it_says() {
        assert_eq!(choose("uniform", 4, 0), [12, 37, 62, 87]);
        assert_eq!(choose("keyframes", 3, 0), [10, 50, 80]);
        assert_eq!(
            choose("keyframes", 30, 0),
            [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]
        );
        assert_eq!(choose("fps=2", 1, 0), [6, 18, 31, 43, 56, 68, 81, 93]);
        assert_eq!(choose("fps=1000", 1, 0).len(), 100);
        assert_eq!(choose("every=40", 1, 0), [0, 40, 80]);
    }

    #[test]
    fn jitter_is_random_within_each_segment_and_the_same_for_a_seed() {
        let a = choose("jitter", 5, 1);
        assert_eq!(a, choose("jitter", 5, 1));
        assert_ne!(a, choose("jitter", 5, 2));
        assert!(
            a.iter().enumerate().all(|(i, frame)| frame / 20 == i),
            "{a:?}"
        );
    }

    #[test]
    fn what_is_no_way_is_named() {
        for text in [
            "",
            "random",
            "fps",
            "fps=0",
            "fps=nan",
            "every=0",
            "uniform=3",
        ] {
            assert!(text.parse::<Sample>().is_err(), "{text}");
        }
    }
}
