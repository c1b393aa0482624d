//! The filter: reads a stream twice, first for the sides of its videos, then to pass on those of one side.
//!
//! Videos pass in the order of their ids: the same videos make the same model and the same look, in whatever order they came.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};

use anyhow::Context;
use wo_cli::{OnError, Outcome, open_input};
use wo_folder::{BaseFolder, stream_error};
use wo_record::{Failure, Image, Line, ReadError, Reader, Record, Writer, code};

use crate::cli::config::{Keep, SplitConfig};
use crate::event::{Assigned, Event, Opened, now};
use crate::folder::ModelsFolder;
use crate::ledger::OpenLedger;
use crate::side::Side;
use crate::split::assign::{Place, Places, place};
use crate::split::due_set::due_set;
use crate::split::index::{Index, video_of};
use crate::split::summary::{summary, warnings};
use crate::split::videos::Videos;

/// Passes on the records of one side.
pub(crate) fn split(
    config: &SplitConfig,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let (name, mut input) = open_input(config.input.as_deref(), stdin)?;
    let mut spool = tempfile::tempfile().context("create a temporary file")?;
    io::copy(&mut input, &mut spool).with_context(|| format!("read {name}"))?;
    let filter = Filter {
        config,
        name,
        read_from: BaseFolder::of(config.input.as_deref()).context("find the working directory")?,
        written_to: BaseFolder::of(None).context("find the working directory")?,
    };
    let mut videos = Videos::new(config.settings.held_out.group_by);
    let mut index = Index::default();
    let mut upstream = None;
    let mut failures = Vec::new();
    filter.for_each_line(&mut spool, |read| {
        match read {
            Read::Line(line) => {
                videos.take(&line);
                index.take(&line);
            }
            Read::Bad(bad) => {
                wo_cli::warn!("{}: {bad}", filter.name);
                failures.push(bad_line(&bad));
            }
            Read::Begin(producers) => upstream = Some(producers),
        }
        Ok(())
    })?;
    let n_skipped = failures.len() as u64;
    let (places, set) = sides(config, &videos)?;
    let is_kept = |video_id: &str| places.by_id.get(video_id) == Some(&config.keep.place(set));
    if let Some(upstream) = upstream {
        let (tool, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let mut writer = Writer::begin(stdout, tool, version, &upstream)?;
        index.for_each_line(&mut spool, |line| filter.pass(line, &is_kept, &mut writer))?;
        failures.into_iter().try_for_each(|it| writer.failure(it))?;
        writer.end()?;
    }
    let n_kept = videos.iter().filter(|(id, _)| is_kept(id)).count();
    if n_kept == 0 {
        return Ok(Outcome::No);
    }
    Ok(Outcome::from_failures(n_skipped))
}

/// The places of all videos, and the set that is judged on. Writes down what is new before anything is passed on.
fn sides(config: &SplitConfig, videos: &Videos) -> anyhow::Result<(Places, u32)> {
    let (settings, folder) = (&config.settings, ModelsFolder::here());
    let mut ledger = OpenLedger::open(&folder)?;
    let places = place(videos, ledger.history(), settings);
    if !places.new.is_empty() {
        ledger.append(&Event::Assigned(Assigned {
            at: now(),
            sides: places.new.clone(),
        }))?;
    }
    if let Some(next) = due_set(videos, &places, ledger.history(), settings) {
        ledger.append(&Event::Opened(Opened {
            at: now(),
            set: next,
        }))?;
        wo_cli::say!(
            "the held-out set before is used up or too small; models are judged on set {next} from now on, which nobody has \
             looked at"
        );
    }
    let set = ledger.history().set();
    wo_cli::say!("{}", summary(videos, &places, set));
    for warning in warnings(videos, &places, set) {
        wo_cli::warn_line(&warning);
    }
    Ok((places, set))
}

impl Keep {
    /// Where the videos lie that it asks for.
    fn place(self, set: u32) -> Place {
        Place::On(match self {
            Self::Training => Side::Training,
            Self::HeldOut => Side::HeldOut(set),
        })
    }
}

/// What is read.
enum Read {
    /// The tools before, at the first `begin`.
    Begin(Vec<wo_record::Producer>),
    Line(Box<Line>),
    /// A line that is skipped.
    Bad(ReadError),
}

struct Filter<'a> {
    config: &'a SplitConfig,
    /// Of the input, for messages.
    name: String,
    /// What paths of images start from, in the input and in the output.
    read_from: BaseFolder,
    written_to: BaseFolder,
}

impl Filter<'_> {
    /// Reads the stream from its start to its end.
    fn for_each_line(
        &self,
        spool: &mut File,
        mut each: impl FnMut(Read) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        spool.seek(SeekFrom::Start(0)).context("read the input")?;
        let mut input = BufReader::with_capacity(1 << 18, spool);
        let mut reader = Reader::new(&mut input, self.config.reading.max_line);
        let mut has_begun = false;
        loop {
            match reader.next_line() {
                Ok(Some(line)) => {
                    if !has_begun {
                        each(Read::Begin(reader.producers().to_vec()))?;
                        has_begun = true;
                    }
                    each(Read::Line(Box::new(line)))?;
                }
                Ok(None) => return Ok(()),
                Err(bad @ ReadError::Line { .. })
                    if self.config.reading.on_error == OnError::Skip =>
                {
                    each(Read::Bad(bad))?;
                }
                Err(error) => return Err(stream_error(error)).with_context(|| self.name.clone()),
            }
        }
    }

    /// Writes a line that belongs to a video which is kept, or to none.
    fn pass(
        &self,
        mut line: Line,
        is_kept: &dyn Fn(&str) -> bool,
        writer: &mut Writer<'_>,
    ) -> anyhow::Result<()> {
        let video_id = match &line.record {
            Ok(Record::Begin(_) | Record::End(_)) => return Ok(()),
            Ok(record) => video_of(record),
            Err(_) => None,
        };
        if video_id.is_some_and(|id| !is_kept(id)) {
            return Ok(());
        }
        if let Ok(Record::Frame(frame)) = &mut line.record
            && let Image::File { path, .. } = &mut frame.image
            && let Some(rebased) = self.read_from.rebased(path.as_path(), &self.written_to)
        {
            *path = rebased.into();
            let record = line.record.clone().expect("it is a frame");
            return Ok(writer.rewritten(&line, &record)?);
        }
        Ok(writer.line(&line)?)
    }
}

fn bad_line(error: &ReadError) -> Failure {
    Failure {
        code: code::BAD_LINE.to_owned(),
        what: error.to_string(),
        tool: env!("CARGO_PKG_NAME").to_owned(),
        path: None,
        video_id: None,
    }
}
