//! What a run asks of each file, and what comes of it.

use std::fmt::Display;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wo_record::{Failure, Frame, Video};

use crate::VERSION;
use crate::error::Fault;
use crate::quality::still::{Place, Still};
use crate::sampling::frame_filter::{self, Sieve, Sifted};
use crate::sampling::sample::{self, Sample, Timeline};
use crate::sampling::select;

/// How many frames are taken of each video where nobody says it.
pub(crate) const FRAMES_PER_VIDEO: NonZeroU32 = match NonZeroU32::new(10) {
    Some(n) => n,
    None => NonZeroU32::MIN,
};
/// The short side of a frame where nobody says it, in pixels.
pub(crate) const SIZE: u32 = 512;

/// Which rules frames are made by. Counted up where the same settings give another picture, so that folders of earlier
/// versions are not taken for finished: 2 turns, colours and times as they are since.
const RULES: u32 = 2;

/// The warning of a video of which a part cannot be read.
pub(crate) const TRUNCATED: &str = "truncated";
/// The warning of a video that was cut where its decoder cannot begin.
pub(crate) const CUT_START: &str = "cut_start";
/// The warning of a video in which many frames are the one before once more.
pub(crate) const REPEATED_FRAMES: &str = "repeated_frames";

/// Which frames to take, of each file of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// How many frames to take of each video.
    pub(crate) n_frames: u32,
    /// How they are chosen.
    pub(crate) sample: Sample,
    /// What `jitter` is drawn from.
    pub(crate) seed: u64,
    /// Whether a frame must be the one at the middle of its segment.
    pub(crate) exact: bool,
    /// The short side of a frame, in pixels.
    pub(crate) size: u32,
    /// Which of them to leave out.
    pub(crate) sieve: Sieve,
    /// Whether to look for cuts.
    pub(crate) finds_cuts: bool,
}

/// What a decoder says in the end, when it has handed the frames over.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The properties of the file that decoding it shows.
    pub(crate) video: Video,
    /// When the frames to take are shown, in order, and where they are.
    pub(crate) places: Vec<(u64, Place)>,
    /// What the file asks for and does not get, for a person.
    pub(crate) notes: Vec<String>,
    /// What ended the file before its end.
    pub(crate) fault: Option<Fault>,
}

/// What came of decoding a file.
#[derive(Debug)]
pub(crate) struct Extracted {
    /// The properties of the file that decoding it showed.
    pub(crate) video: Video,
    /// The frames, in order.
    pub(crate) stills: Vec<Still>,
    /// What the file asks for and does not get, for a person.
    pub(crate) notes: Vec<String>,
    /// What ended the file before its end.
    pub(crate) fault: Option<Fault>,
}

/// What comes of one source.
#[derive(Debug)]
pub(crate) struct Extraction {
    /// The file.
    pub(crate) path: PathBuf,
    /// The video, where there are frames.
    pub(crate) video: Option<Video>,
    /// Its frames, in order.
    pub(crate) frames: Frames,
    /// What the file asks for and does not get, for a person.
    pub(crate) notes: Vec<String>,
    /// What went wrong.
    pub(crate) failure: Option<Failure>,
}

/// The frames of a video.
#[derive(Debug)]
pub(crate) enum Frames {
    /// Taken in this run.
    Fresh(Sifted),
    /// Taken by an earlier run; their pictures are in the folder.
    Kept(Vec<Frame>),
}

impl Settings {
    /// The flags that ask for this, each behind a space, but for those that are so by default.
    pub(crate) fn flags(&self) -> String {
        let of = |name: &str, value: &dyn Display| format!(" --{name} {value}");
        let given = |name: &str, is_given: bool| {
            if is_given {
                format!(" --{name}")
            } else {
                String::new()
            }
        };
        let n_frames = Some(self.n_frames).filter(|it| *it != FRAMES_PER_VIDEO.get());
        let sample = Some(self.sample).filter(|it| *it != Sample::Uniform);
        let size = Some(self.size).filter(|it| *it != SIZE);
        let seed = Some(self.seed).filter(|it| *it != 0);
        let Sieve {
            min_sharpness,
            min_brightness,
            drops_duplicates,
        } = &self.sieve;
        [
            n_frames.map(|it| of("frames-per-video", &it)),
            sample.map(|it| of("sample", &it)),
            Some(given("exact", self.exact)),
            min_sharpness.map(|it| of("min-sharpness", &it)),
            min_brightness.map(|it| of("min-brightness", &format!("{it:?}"))),
            Some(given("drop-duplicates", *drops_duplicates)),
            Some(given("cuts", self.finds_cuts)),
            size.map(|it| of("size", &it)),
            seed.map(|it| of("seed", &it)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// All that the bytes of a frame depend on beside its video.
    pub(crate) fn fingerprint(&self) -> String {
        format!(
            "{VERSION}, rules {RULES}, {}, {:?}, seed {}, {} frames, size {}, exact {}, {:?}, cuts {}",
            gstreamer::version_string(),
            self.sample,
            self.seed,
            self.n_frames,
            self.size,
            self.exact,
            self.sieve,
            self.finds_cuts
        )
    }

    /// More frames are never taken of one file.
    pub(crate) fn n_frames_at_most(&self) -> usize {
        if self.sample.is_counted() {
            sample::MAX_FRAMES.min(self.n_candidates() as usize)
        } else {
            sample::MAX_FRAMES
        }
    }

    /// How many frames to take, to choose from.
    fn n_candidates(&self) -> u32 {
        if self.sample.has_segments() {
            self.n_frames.saturating_mul(self.sieve.n_candidates())
        } else {
            self.n_frames
        }
    }

    /// Whether repetitions are looked for.
    pub(crate) fn finds_repetitions(&self) -> bool {
        self.sample == Sample::Phase
    }

    /// Whether all of a video must be seen to know which frames to take, or what they are.
    pub(crate) fn needs_film(&self) -> bool {
        self.finds_cuts || self.finds_repetitions()
    }

    /// The numbers of the frames to take, in order.
    pub(crate) fn choose(&self, timeline: Timeline<'_>) -> Result<Vec<usize>, Fault> {
        self.sample.choose(timeline, self.n_candidates(), self.seed)
    }

    /// `chosen` of the frames at `times_ns`, without damaged ones where there are others that may stand for them: those of
    /// the same segment, or those near them.
    pub(crate) fn without_damage(
        &self,
        chosen: Vec<usize>,
        times_ns: &[u64],
        duration_ns: u64,
        is_damaged: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        if !self.sample.takes_near_ones() {
            return chosen;
        }
        let segments = if self.sample.has_segments() {
            select::segments(&chosen, times_ns, duration_ns)
        } else {
            None
        };
        let reach = segments.unwrap_or_else(|| select::near(&chosen, times_ns.len()));
        select::good_ones(&chosen, &reach, |index| !is_damaged(index))
    }

    /// Whether the frames at the middles of equal segments are what is looked for.
    pub(crate) fn takes_middles(&self) -> bool {
        self.sample == Sample::Uniform
    }

    /// Leaves out what is not worth keeping.
    pub(crate) fn sift(&self, stills: Vec<Still>, video: &Video) -> Sifted {
        let groups = if self.sample.has_segments() && !self.sieve.is_open() {
            let duration_ns = (video.duration_ms.unwrap_or(0.0) * 1e6) as u64;
            frame_filter::by_segment(stills, duration_ns, self.n_frames)
        } else {
            stills.into_iter().map(|still| vec![still]).collect()
        };
        self.sieve.sift(groups)
    }

    /// Whether frames near those chosen will do where they are quicker to decode.
    pub(crate) fn takes_neighbours(&self) -> bool {
        self.takes_middles() && !self.exact && self.sieve.is_open()
    }
}

impl Frames {
    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Fresh(sifted) => sifted.kept.len() as u64,
            Self::Kept(frames) => frames.len() as u64,
        }
    }
}

impl Extraction {
    /// A file of which nothing came.
    pub(crate) fn failed(path: &Path, video_id: Option<&str>, fault: Fault) -> Self {
        let failure = Some(fault.into_failure(path, video_id));
        Self {
            path: path.to_owned(),
            video: None,
            frames: Frames::Fresh(Sifted::default()),
            notes: Vec::new(),
            failure,
        }
    }
}
