//! The records of a file, parsed on all cores: the first picture should not wait for one of them. Where anything about the
//! file is out of the ordinary it is read again by the reader that knows all cases and says what is wrong.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::Context;
use wo_record::{Record, SCHEMA, SCHEMA_VERSION};

use crate::projection::for_each_line;

/// How much is read before it is parsed: enough for all cores, little beside what a folder needs in memory.
const CHUNK_BYTES: u64 = 4 << 20;
/// More threads than this gain nothing: the rest is done by one.
const MAX_THREADS: usize = 4;

/// Where a line is in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) n_bytes: usize,
}

/// Hands out the records of a stream in their order, with the place of each. Where it has to read again it hands out all of
/// them again.
pub(crate) fn for_each_record(
    path: &Path,
    each: &mut dyn FnMut(Record, Place),
) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    if is_plain_stream(file, each) {
        return Ok(());
    }
    for_each_line(path, |line| {
        if let Ok(record) = line.record {
            let place = Place {
                offset: line.offset,
                n_bytes: line.text.len(),
            };
            each(record, place);
        }
        Ok(())
    })
}

/// Records in their order, each with how long its line is.
type Chunk = Vec<(Record, usize)>;

/// False where the file is not one whole stream of records that are all known here.
fn is_plain_stream(file: File, each: &mut dyn FnMut(Record, Place)) -> bool {
    thread::scope(|scope| {
        let (sender, chunks) = sync_channel(1);
        scope.spawn(move || read_chunks(file, &sender));
        let (mut has_begun, mut has_ended) = (false, false);
        let mut offset = 0;
        for chunk in chunks {
            let Some(chunk) = chunk else { return false };
            for (record, n_bytes) in chunk {
                let is_expected = match &record {
                    Record::Begin(begin) => {
                        !has_begun
                            && begin.schema == SCHEMA
                            && begin.schema_version <= SCHEMA_VERSION
                    }
                    _ => has_begun && !has_ended,
                };
                if !is_expected {
                    return false;
                }
                has_begun = true;
                has_ended = matches!(record, Record::End(_));
                each(record, Place { offset, n_bytes });
                offset += n_bytes as u64;
            }
        }
        has_ended
    })
}

/// Sends the records, chunk by chunk, while those of the chunk before are taken in. `None` where something is out of the
/// ordinary.
fn read_chunks(file: File, sender: &SyncSender<Option<Chunk>>) {
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
        let chunk = if is_read { parse(&text) } else { None };
        let is_last = chunk.is_none();
        if sender.send(chunk).is_err() || is_last {
            return;
        }
    }
}

/// The records of whole lines.
fn parse(text: &[u8]) -> Option<Chunk> {
    let text = std::str::from_utf8(text).ok()?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let n_threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MAX_THREADS);
    let n_each = lines.len().div_ceil(n_threads).max(1);
    thread::scope(|scope| {
        let parts = lines
            .chunks(n_each)
            .map(|lines| scope.spawn(move || parse_lines(lines)));
        let parts: Vec<_> = parts.collect();
        let mut records = Vec::with_capacity(lines.len());
        for part in parts {
            records.append(&mut part.join().ok()??);
        }
        Some(records)
    })
}

fn parse_lines(lines: &[&str]) -> Option<Chunk> {
    lines
        .iter()
        .map(|line| Some((Record::parse(line).ok()?.ok()?, line.len())))
        .collect()
}
