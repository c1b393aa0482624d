//! What comes of one source: a video with frames, a failure, or both.

mod queue;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use wo_cli::Progress;
use wo_record::{Failure, Frame, Image, LabelOrigin, Video, code};

use crate::VERSION;
use crate::cli::args::{Args, Decoding, FRAMES_PER_VIDEO, SIZE};
use crate::decoding::video_file;
use crate::error::Fault;
use crate::input::foreign;
use crate::input::media_file::MediaFile;
use crate::input::sources::Source;
use crate::output::state::Known;
use crate::quality::still::Still;
use crate::sampling::frame_filter::{self, Sieve, Sifted};
use crate::sampling::sample::{self, Sample, Timeline};
use crate::sampling::select;
use crate::worker::Crew;

/// How many frames tell what a video is like.
const PROBE_FRAMES: u32 = 8;
/// Their short side in pixels.
const PROBE_SIZE: u32 = 256;

/// Which rules frames are made by. Counted up where the same settings give another picture, so that folders of earlier
/// versions are not taken for finished: 2 turns, colours and times as they are since.
const RULES: u32 = 2;

/// Which frames to take, of each file of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// How many frames to take of each video.
    pub(crate) n_frames: u32,
    /// How they are chosen.
    sample: Sample,
    seed: u64,
    /// Whether a frame must be the one at the middle of its segment.
    exact: bool,
    /// The short side of a frame, in pixels.
    pub(crate) size: u32,
    /// Which of them to leave out.
    pub(crate) sieve: Sieve,
    /// Whether to look for cuts.
    pub(crate) finds_cuts: bool,
}

/// Where in a video a frame is, as far as that was looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) repetition: Option<u32>,
    /// From 0 to 1.
    pub(crate) phase: Option<f64>,
    /// From 1.
    pub(crate) shot: Option<u32>,
    /// Whether the frame there is damaged.
    pub(crate) is_damaged: bool,
}

impl Settings {
    /// What the command line asks for.
    pub(crate) fn of(args: &Args) -> Self {
        Self {
            n_frames: args.frames_per_video.get(),
            sample: args.sample,
            seed: args.seed.seed,
            exact: args.exact,
            size: args.size,
            sieve: Sieve {
                min_sharpness: args.min_sharpness,
                min_brightness: args.min_brightness,
                drops_duplicates: args.drop_duplicates,
            },
            finds_cuts: args.cuts,
        }
    }

    /// A few frames from all over a video, small, and its cuts: enough to see what it is like.
    pub(crate) fn of_probe() -> Self {
        Self {
            n_frames: PROBE_FRAMES,
            sample: Sample::Uniform,
            seed: 0,
            exact: true,
            size: PROBE_SIZE,
            sieve: Sieve::default(),
            finds_cuts: true,
        }
    }

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
    fn sift(&self, stills: Vec<Still>, video: &Video) -> Sifted {
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

/// The frames of a video.
#[derive(Debug)]
pub(crate) enum Frames {
    /// Taken in this run.
    Fresh(Sifted),
    /// Taken by an earlier run; their pictures are in the folder.
    Kept(Vec<Frame>),
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

impl Extraction {
    /// Has the `crew` take the frames of `source`, unless an earlier run did.
    pub(crate) fn of(
        source: &Source,
        settings: &Settings,
        known: Option<Known<'_>>,
        crew: &Crew,
        cancelled: &AtomicBool,
    ) -> Self {
        if let Some(conflict) = &source.conflict {
            let fault = Fault::new(code::LABEL_CONFLICT, conflict.what.clone());
            return Self::failed(&source.path, Some(&conflict.video_id), fault);
        }
        let file = match source
            .fault
            .clone()
            .map_or_else(|| MediaFile::open(&source.path), Err)
        {
            Ok(file) => file,
            Err(fault) => return Self::failed(&source.path, None, fault),
        };
        if let Some(kept) = known.and_then(|known| known.find(source, &file.id)) {
            return kept;
        }
        let extracted = match crew.take(&file, settings, cancelled) {
            Ok(extracted) => extracted,
            Err(fault) => {
                let fault = foreign::told(fault, &file, &source.path);
                return Self::failed(&source.path, Some(&file.id), fault);
            }
        };
        let video = Video {
            video_id: file.id.clone(),
            path: Some(source.path.as_path().into()),
            size_bytes: Some(file.size_bytes),
            exercise: source.labels.exercise.clone(),
            label: source.labels.label.clone(),
            source_id: source.keys.source_id.clone(),
            person_id: source.keys.person_id.clone(),
            angle: source.keys.angle.clone(),
            n_frames_wanted: settings.sample.is_counted().then_some(settings.n_frames),
            ..extracted.video
        };
        let sifted = settings.sift(extracted.stills, &video);
        let video = Video {
            n_frames: Some(sifted.kept.len() as u32),
            ..video
        };
        Self {
            path: source.path.clone(),
            video: Some(video),
            frames: Frames::Fresh(sifted),
            notes: extracted.notes,
            failure: extracted
                .fault
                .map(|fault| fault.into_failure(&source.path, Some(&file.id))),
        }
    }

    fn failed(path: &Path, video_id: Option<&str>, fault: Fault) -> Self {
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

/// Has the `crew` work on all `sources`, side by side, and hands what comes of each to `take`, in order. `take` says how
/// many frames it was, for the progress.
pub(crate) fn of_all(
    sources: &[Source],
    settings: &Settings,
    known: Option<Known<'_>>,
    crew: &Crew,
    decoding: &Decoding,
    mut take: impl FnMut(Extraction) -> anyhow::Result<u64>,
) -> anyhow::Result<()> {
    let what = ("videos", "frames");
    let progress = Progress::new(decoding.progress, what, sources.len() as u64);
    let cancelled = AtomicBool::new(false);
    let work = |source: &_| Extraction::of(source, settings, known, crew, &cancelled);
    queue::in_order(
        sources,
        decoding.threads.count(),
        &cancelled,
        work,
        |extraction| {
            for note in &extraction.notes {
                wo_cli::warn!("{}: {note}", extraction.path.display());
            }
            progress.advance(take(extraction)?);
            Ok(())
        },
    )
}

/// The record of `still`, the frame number `index` of `video`, behind the frame `before`, whose picture is at `image`.
pub(crate) fn frame(
    video: &Video,
    index: u32,
    still: &Still,
    before: Option<&Still>,
    image: Image,
) -> Frame {
    let Place {
        repetition,
        phase,
        shot,
        ..
    } = still.place;
    Frame {
        video_id: video.video_id.clone(),
        index,
        pts_ms: Some(video_file::ms(still.time_ns)),
        width_px: Some(still.width),
        height_px: Some(still.height),
        image,
        exercise: video.exercise.clone(),
        label: video.label.clone(),
        label_origin: video.label.as_ref().map(|_| LabelOrigin::Folder),
        faults: Vec::new(),
        description: None,
        quality: Some(still.measured.behind(before.map(|before| &before.measured))),
        repetition,
        phase,
        shot,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn the_flags_of_settings_ask_for_the_same_settings() {
        for flags in [
            "",
            " --frames-per-video 3 --size 128",
            " --sample fps=2.5 --exact --min-sharpness 12.0 --min-brightness 0.1 --drop-duplicates --cuts --size 64 --seed 7",
            " --sample every=4 --exact --min-sharpness auto",
            " --sample jitter",
            " --sample phase",
            " --sample keyframes",
        ] {
            let args = Args::parse_from(format!("wo-extract{flags}").split(' '));
            assert_eq!(Settings::of(&args).flags(), flags);
        }
    }
}
