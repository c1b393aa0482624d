//! What a run asks of each file, and what comes of it.

use std::fmt::Display;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wo_record::{Failure, Frame, Video};

use crate::VERSION;
use crate::error::ExtractError;
use crate::quality::still::{FramePosition, Still};
use crate::sampling::frame_filter::{self, FilteredFrames, FrameFilter};
use crate::sampling::sample::{self, Sample, Timeline};
use crate::sampling::select;

/// The default number of frames of each video.
pub(crate) const FRAMES_PER_VIDEO: NonZeroU32 = match NonZeroU32::new(10) {
    Some(n) => n,
    None => NonZeroU32::MIN,
};
/// The default short side of a frame, in pixels.
pub(crate) const SIZE: u32 = 512;

/// The version of the decoding rules. It grows when the same settings give another image, so that folders of earlier
/// versions are decoded again. Version 2 changed turns, colours and times; version 3 which frames count as key frames in
/// HEVC.
const RULES: u32 = 3;

/// The warning about a video of which a part cannot be read.
pub(crate) const TRUNCATED: &str = "truncated";
/// The warning about a video that was cut where its decoder cannot start.
pub(crate) const CUT_START: &str = "cut_start";
/// The warning about a video in which many frames repeat the one before.
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
    /// Which of them to exclude.
    pub(crate) frame_filter: FrameFilter,
    /// Whether to look for cuts.
    pub(crate) finds_cuts: bool,
}

/// What a decoder returns when it has handed the frames over.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The properties of the file, as decoding shows them.
    pub(crate) video: Video,
    /// The frames to take: their times, in order, and their positions.
    pub(crate) positions: Vec<(u64, FramePosition)>,
    /// Requests of the file that were not followed, for a person.
    pub(crate) notes: Vec<String>,
    /// Why decoding stopped before the end of the file.
    pub(crate) error: Option<ExtractError>,
}

/// The result of decoding a file.
#[derive(Debug)]
pub(crate) struct Extracted {
    /// The properties of the file, as decoding showed them.
    pub(crate) video: Video,
    /// The frames, in order.
    pub(crate) stills: Vec<Still>,
    /// Requests of the file that were not followed, for a person.
    pub(crate) notes: Vec<String>,
    /// Why decoding stopped before the end of the file.
    pub(crate) error: Option<ExtractError>,
}

/// The result for one source.
#[derive(Debug)]
pub(crate) struct Extraction {
    /// The file.
    pub(crate) path: PathBuf,
    /// The video, where there are frames.
    pub(crate) video: Option<Video>,
    /// Its frames, in order.
    pub(crate) frames: Frames,
    /// Requests of the file that were not followed, for a person.
    pub(crate) notes: Vec<String>,
    /// What went wrong.
    pub(crate) failure: Option<Failure>,
}

/// The frames of a video.
#[derive(Debug)]
pub(crate) enum Frames {
    /// Taken in this run.
    Fresh(FilteredFrames),
    /// Taken by an earlier run; their images and records are in the folder.
    Kept(Vec<Frame>),
    /// Taken by a run that ended before it wrote records; their images are in the folder.
    Unrecorded(Vec<Frame>),
}

impl Settings {
    /// The flags that give these settings, each after a space, without those at their defaults.
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
        let FrameFilter {
            min_sharpness,
            min_brightness,
            drops_duplicates,
        } = &self.frame_filter;
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

    /// Everything that the bytes of a frame depend on, except its video.
    pub(crate) fn fingerprint(&self) -> String {
        format!(
            "{VERSION}, rules {RULES}, {}, {:?}, seed {}, {} frames, size {}, exact {}, {}, cuts {}",
            gstreamer::version_string(),
            self.sample,
            self.seed,
            self.n_frames,
            self.size,
            self.exact,
            self.frame_filter.fingerprint(),
            self.finds_cuts
        )
    }

    /// The largest number of frames of one file.
    pub(crate) fn n_frames_at_most(&self) -> usize {
        if self.sample.is_counted() {
            sample::MAX_FRAMES.min(self.n_candidates() as usize)
        } else {
            sample::MAX_FRAMES
        }
    }

    /// How many frames to decode for the filter to choose from.
    fn n_candidates(&self) -> u32 {
        if self.sample.has_segments() {
            self.n_frames
                .saturating_mul(self.frame_filter.n_candidates())
        } else {
            self.n_frames
        }
    }

    /// Whether repetitions are detected.
    pub(crate) fn finds_repetitions(&self) -> bool {
        self.sample == Sample::Phase
    }

    /// Whether all frames must be decoded to choose among them or to describe them.
    pub(crate) fn needs_film(&self) -> bool {
        self.finds_cuts || self.finds_repetitions()
    }

    /// The numbers of the frames to take, in order.
    pub(crate) fn choose(&self, timeline: Timeline<'_>) -> Result<Vec<usize>, ExtractError> {
        self.sample.choose(timeline, self.n_candidates(), self.seed)
    }

    /// `chosen` of the frames at `times_ns`, with damaged ones replaced by whole ones of the same segment or nearby, if there
    /// are any.
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

    /// Whether frames are taken at the middles of equal segments.
    pub(crate) fn takes_middles(&self) -> bool {
        self.sample == Sample::Uniform
    }

    /// Applies the frame filter.
    pub(crate) fn filter(&self, stills: Vec<Still>, video: &Video) -> FilteredFrames {
        let groups = if self.sample.has_segments() && !self.frame_filter.is_open() {
            let duration_ns = (video.duration_ms.unwrap_or(0.0) * 1e6) as u64;
            frame_filter::by_segment(stills, duration_ns, self.n_frames)
        } else {
            stills.into_iter().map(|still| vec![still]).collect()
        };
        self.frame_filter.apply(groups)
    }

    /// Whether a neighbour may replace a chosen frame if it decodes faster.
    pub(crate) fn takes_neighbours(&self) -> bool {
        self.takes_middles() && !self.exact && self.frame_filter.is_open()
    }
}

impl Frames {
    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Fresh(filtered) => filtered.kept.len() as u64,
            Self::Kept(frames) | Self::Unrecorded(frames) => frames.len() as u64,
        }
    }
}

impl Extraction {
    /// A file without a result.
    pub(crate) fn failed(path: &Path, video_id: Option<&str>, error: ExtractError) -> Self {
        let failure = Some(error.into_failure(path, video_id));
        Self {
            path: path.to_owned(),
            video: None,
            frames: Frames::Fresh(FilteredFrames::default()),
            notes: Vec::new(),
            failure,
        }
    }
}
