//! `wo-extract probe`: describes videos without taking frames, with warnings and notes.

mod finding;
mod probed_videos;
mod report;

use std::io::Write;

use wo_cli::Outcome;
use wo_record::{Record, Video, Writer};

use crate::cli::config::ProbeConfig;
use crate::extraction;
use crate::input::sources;
use crate::job::{Frames, Settings};
use crate::sampling::frame_filter::{FilteredFrames, FrameFilter};
use crate::sampling::sample::Sample;
use crate::worker::WorkerPool;
use probed_videos::ProbedVideos;
use report::Report;

/// How many frames describe a video.
const N_FRAMES: u32 = 8;
/// Their short side in pixels.
const SIZE: u32 = 256;

/// Writes a `video` record, or with `--table` a line, for each file that is named.
pub(crate) fn run(config: ProbeConfig, output: &mut dyn Write) -> anyhow::Result<Outcome> {
    let sources = sources::list(&sources::paths_or_default(config.paths)?, None)?;
    let pool = WorkerPool::start(config.pool, sources.len())?;
    let mut sink = if config.shows_table {
        Sink::Table(Report::default(), output)
    } else {
        Sink::Records(Writer::begin_with(output, pool.begin())?)
    };
    let mut seen = ProbedVideos::default();
    let mut n_errors = 0;
    extraction::of_all(&sources, &settings(), None, &pool, |extraction| {
        n_errors += u64::from(extraction.failure.is_some());
        if let (Some(video), Frames::Fresh(FilteredFrames { kept, .. })) =
            (extraction.video, extraction.frames)
        {
            let failure = extraction.failure.as_ref();
            let code = failure.map(|failure| failure.code.as_str());
            sink.video(seen.judged(video, &kept, code))?;
        }
        if let Some(failure) = extraction.failure {
            wo_cli::warn!("{}: {}", extraction.path.display(), failure.what);
            sink.record(&Record::Error(failure))?;
        }
        Ok(0)
    })?;
    sink.end()?;
    if sources.is_empty() {
        wo_cli::warn!("no video or image here");
        return Ok(Outcome::No);
    }
    Ok(Outcome::from_failures(n_errors))
}

/// A few small frames spread over the video, and its cuts: enough to describe it.
fn settings() -> Settings {
    Settings {
        n_frames: N_FRAMES,
        sample: Sample::Uniform,
        seed: 0,
        exact: true,
        size: SIZE,
        frame_filter: FrameFilter::default(),
        finds_cuts: true,
    }
}

/// Where the answer goes.
enum Sink<'a> {
    Records(Writer<'a>),
    Table(Report, &'a mut dyn Write),
}

impl Sink<'_> {
    fn video(&mut self, video: Video) -> anyhow::Result<()> {
        match self {
            Self::Records(_) => self.record(&Record::Video(video)),
            Self::Table(report, _) => {
                report.add(&video);
                Ok(())
            }
        }
    }

    fn record(&mut self, record: &Record) -> anyhow::Result<()> {
        if let Self::Records(writer) = self {
            writer.record(record)?;
            writer.flush()?;
        }
        Ok(())
    }

    fn end(self) -> anyhow::Result<()> {
        match self {
            Self::Records(writer) => drop(writer.end()?),
            Self::Table(report, output) => report.write(output)?,
        }
        Ok(())
    }
}
