//! `wo-extract probe`: what videos are like, what speaks against using them, and what is good to know of them.

mod finding;
mod report;
mod seen;

use std::io::Write;

use wo_cli::Outcome;
use wo_record::{Record, Video, Writer};

use crate::cli::args::{Decoding, Probe};
use crate::extraction::{self, Frames, Settings};
use crate::input::sources;
use crate::paths_or_default;
use crate::sampling::frame_filter::Sifted;
use crate::worker::Crew;
use report::Report;
use seen::Seen;

/// Writes a `video` record, or with `--table` a line, for each file that `args` names.
pub(crate) fn run(
    args: Probe,
    decoding: &Decoding,
    is_verbose: bool,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let sources = sources::list(&paths_or_default(args.paths)?, None)?;
    let crew = Crew::start(decoding, sources.len(), is_verbose)?;
    let settings = Settings::of_probe();
    let mut sink = if args.table {
        Sink::Table(Report::default(), output)
    } else {
        Sink::Records(Writer::begin_with(output, crew.begin())?)
    };
    let mut seen = Seen::default();
    let mut n_errors = 0;
    extraction::of_all(&sources, &settings, None, &crew, decoding, |extraction| {
        n_errors += u64::from(extraction.failure.is_some());
        if let (Some(video), Frames::Fresh(Sifted { kept, .. })) =
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
        wo_cli::warn!("no video or picture here");
        return Ok(Outcome::No);
    }
    Ok(Outcome::from_failures(n_errors))
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
