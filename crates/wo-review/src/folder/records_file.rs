//! Parses the records of a file on all cores, so that the first image appears sooner. An unusual file is read again by the
//! ordinary reader, which handles all cases and reports errors.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::Context;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use wo_folder::{for_each_line, for_each_line_of_trash};
use wo_record::{Line, Record, SCHEMA, SCHEMA_VERSION};

/// Bytes that are read before they are parsed: enough for all cores, and little memory.
const CHUNK_BYTES: u64 = 4 << 20;

/// Bytes of the first look: some hundreds of frames.
pub(crate) const FIRST_BYTES: u64 = 256 << 10;

/// The bytes of a line in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineSpan {
    pub(crate) offset: u64,
    pub(crate) n_bytes: usize,
}

/// What a file of records holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Videos, each followed by its frames.
    Videos,
    /// Frames whose videos are in another file.
    FramesAlone,
}

/// Calls `each` with what `keep` returns for each record, in order, and with its span. If the file is unusual, all records
/// come a second time.
pub(crate) fn for_each_record<T: Send>(
    path: &Path,
    contents: Contents,
    keep: impl Fn(Record) -> Option<T> + Sync,
    each: &mut dyn FnMut(T, LineSpan),
) -> anyhow::Result<()> {
    let file = wo_cli::open_file(path).with_context(|| format!("open {}", path.display()))?;
    if is_plain_stream(file, contents, &keep, each) {
        return Ok(());
    }
    let each_line = |line: Line| {
        if let Some(kept) = line.record.ok().and_then(&keep) {
            let span = LineSpan {
                offset: line.offset,
                n_bytes: line.text.len(),
            };
            each(kept, span);
        }
        Ok(())
    };
    match contents {
        Contents::Videos => for_each_line(path, each_line),
        Contents::FramesAlone => for_each_line_of_trash(path, each_line),
    }
}

/// One line.
struct Parsed<T> {
    kept: Option<T>,
    bound: Option<Bound>,
    step: Option<Step>,
    n_bytes: usize,
}

/// The first and the last line of a stream.
#[derive(Clone, Copy, PartialEq)]
enum Bound {
    /// True if this version knows all that follows.
    Begin(bool),
    End,
}

/// What a line means for the order of videos and their frames.
enum Step {
    Video(String),
    Frame(String),
}

impl Step {
    fn of(record: &Record) -> Option<Self> {
        match record {
            Record::Video(video) => Some(Self::Video(video.video_id.clone())),
            Record::Frame(frame) => Some(Self::Frame(frame.video_id.clone())),
            _ => None,
        }
    }
}

/// The same for the first complete records of a file. False if anything is unusual.
pub(crate) fn for_first_records<T: Send>(
    path: &Path,
    keep: impl Fn(Record) -> Option<T> + Sync,
    each: &mut dyn FnMut(T, LineSpan),
) -> bool {
    let mut text = Vec::new();
    let read =
        wo_cli::open_file(path).and_then(|file| file.take(FIRST_BYTES).read_to_end(&mut text));
    let whole = text.iter().rposition(|&c| c == b'\n');
    text.truncate(whole.map_or(0, |last| last + 1));
    let chunk = read.ok().and_then(|_| parse(&text, &keep));
    chunk.is_some_and(|chunk| Walk::of(Contents::Videos).take(chunk, each))
}

/// The position in a stream.
struct Walk {
    contents: Contents,
    has_begun: bool,
    has_ended: bool,
    video_id: Option<String>,
    offset: u64,
}

impl Walk {
    fn of(contents: Contents) -> Self {
        Self {
            contents,
            has_begun: false,
            has_ended: false,
            video_id: None,
            offset: 0,
        }
    }

    /// Whether a frame follows its video.
    fn is_in_order(&mut self, step: Option<Step>) -> bool {
        match step {
            Some(Step::Video(id)) => {
                self.video_id = Some(id);
                true
            }
            Some(Step::Frame(id)) => {
                self.contents == Contents::FramesAlone || self.video_id == Some(id)
            }
            None => true,
        }
    }

    /// Calls `each` for a chunk. False if its records are not in stream order.
    fn take<T>(&mut self, chunk: Vec<Parsed<T>>, each: &mut dyn FnMut(T, LineSpan)) -> bool {
        for Parsed {
            kept,
            bound,
            step,
            n_bytes,
        } in chunk
        {
            let is_expected = match bound {
                Some(Bound::Begin(is_known)) => !self.has_begun && is_known,
                _ => self.has_begun && !self.has_ended,
            };
            if !is_expected || !self.is_in_order(step) {
                return false;
            }
            self.has_begun = true;
            self.has_ended = bound == Some(Bound::End);
            let offset = self.offset;
            if let Some(kept) = kept {
                each(kept, LineSpan { offset, n_bytes });
            }
            self.offset += n_bytes as u64;
        }
        true
    }
}

/// False if the file is not one complete stream of known records.
fn is_plain_stream<T: Send>(
    file: File,
    contents: Contents,
    keep: &(impl Fn(Record) -> Option<T> + Sync),
    each: &mut dyn FnMut(T, LineSpan),
) -> bool {
    thread::scope(|scope| {
        let (sender, chunks) = sync_channel(1);
        scope.spawn(move || read_chunks(file, keep, &sender));
        let mut walk = Walk::of(contents);
        for chunk in chunks {
            let is_plain = chunk.is_some_and(|chunk| walk.take(chunk, each));
            if !is_plain {
                return false;
            }
        }
        walk.has_ended
    })
}

/// Sends chunks of kept records while the receiver handles the one before. `None` if something is unusual.
fn read_chunks<T: Send>(
    file: File,
    keep: &(impl Fn(Record) -> Option<T> + Sync),
    sender: &SyncSender<Option<Vec<Parsed<T>>>>,
) {
    let mut input = BufReader::new(file);
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = (&mut input).take(CHUNK_BYTES).read_to_end(&mut text);
        let is_read = read
            .and_then(|_| input.read_until(b'\n', &mut text))
            .is_ok();
        if is_read && text.is_empty() {
            return;
        }
        let chunk = if is_read { parse(&text, keep) } else { None };
        let is_last = chunk.is_none();
        if sender.send(chunk).is_err() || is_last {
            return;
        }
    }
}

/// The records of whole lines.
fn parse<T: Send>(
    text: &[u8],
    keep: &(impl Fn(Record) -> Option<T> + Sync),
) -> Option<Vec<Parsed<T>>> {
    let text = std::str::from_utf8(text).ok()?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let parsed = lines.into_par_iter().map(|line| {
        let record = Record::parse(line).ok()?.ok()?;
        if wo_record::trouble(&record).is_some() {
            return None;
        }
        let bound = match &record {
            Record::Begin(begin) => Some(Bound::Begin(
                begin.schema == SCHEMA && begin.schema_version <= SCHEMA_VERSION,
            )),
            Record::End(_) => Some(Bound::End),
            _ => None,
        };
        Some(Parsed {
            step: Step::of(&record),
            kept: keep(record),
            bound,
            n_bytes: line.len(),
        })
    });
    parsed.collect()
}
