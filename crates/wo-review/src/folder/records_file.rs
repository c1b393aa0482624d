//! The records of a file, parsed on all cores: the first picture should not wait for one of them. Where anything about the
//! file is out of the ordinary it is read again by the reader that knows all cases and says what is wrong.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::Context;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use wo_folder::for_each_line;
use wo_record::{Record, SCHEMA, SCHEMA_VERSION};

/// How much is read before it is parsed: enough for all cores, little beside what a folder needs in memory.
const CHUNK_BYTES: u64 = 4 << 20;

/// How much the first look takes in: some hundreds of frames.
pub(crate) const FIRST_BYTES: u64 = 256 << 10;

/// The bytes of a line in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineSpan {
    pub(crate) offset: u64,
    pub(crate) n_bytes: usize,
}

/// Hands out what `keep` makes of the records of a stream, in their order, with the place of each. Where it has to read
/// again it hands out all of them again.
pub(crate) fn for_each_record<T: Send>(
    path: &Path,
    keep: impl Fn(Record) -> Option<T> + Sync,
    each: &mut dyn FnMut(T, LineSpan),
) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    if is_plain_stream(file, &keep, each) {
        return Ok(());
    }
    for_each_line(path, |line| {
        if let Some(kept) = line.record.ok().and_then(&keep) {
            let span = LineSpan {
                offset: line.offset,
                n_bytes: line.text.len(),
            };
            each(kept, span);
        }
        Ok(())
    })
}

/// One line.
struct Parsed<T> {
    kept: Option<T>,
    bound: Option<Bound>,
    n_bytes: usize,
}

/// The first and the last line of a stream.
#[derive(Clone, Copy, PartialEq)]
enum Bound {
    /// True where all that follows is known here.
    Begin(bool),
    End,
}

/// Hands out what `keep` makes of the first records, up to the last one that is whole, while all else is still to be read.
/// False where anything is out of the ordinary.
pub(crate) fn for_first_records<T: Send>(
    path: &Path,
    keep: impl Fn(Record) -> Option<T> + Sync,
    each: &mut dyn FnMut(T, LineSpan),
) -> bool {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FIRST_BYTES).read_to_end(&mut text));
    let whole = text.iter().rposition(|&c| c == b'\n');
    text.truncate(whole.map_or(0, |last| last + 1));
    let chunk = read.ok().and_then(|_| parse(&text, &keep));
    chunk.is_some_and(|chunk| Walk::default().take(chunk, each))
}

/// How far it is in a stream.
#[derive(Default)]
struct Walk {
    has_begun: bool,
    has_ended: bool,
    offset: u64,
}

impl Walk {
    /// Hands out a chunk. False where its records are not in the order of a stream.
    fn take<T>(&mut self, chunk: Vec<Parsed<T>>, each: &mut dyn FnMut(T, LineSpan)) -> bool {
        for Parsed {
            kept,
            bound,
            n_bytes,
        } in chunk
        {
            let is_expected = match bound {
                Some(Bound::Begin(is_known)) => !self.has_begun && is_known,
                _ => self.has_begun && !self.has_ended,
            };
            if !is_expected {
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

/// False where the file is not one whole stream of records that are all known here.
fn is_plain_stream<T: Send>(
    file: File,
    keep: &(impl Fn(Record) -> Option<T> + Sync),
    each: &mut dyn FnMut(T, LineSpan),
) -> bool {
    thread::scope(|scope| {
        let (sender, chunks) = sync_channel(1);
        scope.spawn(move || read_chunks(file, keep, &sender));
        let mut walk = Walk::default();
        for chunk in chunks {
            let is_plain = chunk.is_some_and(|chunk| walk.take(chunk, each));
            if !is_plain {
                return false;
            }
        }
        walk.has_ended
    })
}

/// Sends what is kept, chunk by chunk, while that of the chunk before is taken in. `None` where something is out of the
/// ordinary.
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
        let bound = match &record {
            Record::Begin(begin) => Some(Bound::Begin(
                begin.schema == SCHEMA && begin.schema_version <= SCHEMA_VERSION,
            )),
            Record::End(_) => Some(Bound::End),
            _ => None,
        };
        Some(Parsed {
            kept: keep(record),
            bound,
            n_bytes: line.len(),
        })
    });
    parsed.collect()
}
