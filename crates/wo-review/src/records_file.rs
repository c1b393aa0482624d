//! The records of a file, parsed on all cores: the first picture should not wait for one of them. Where anything about the
//! file is out of the ordinary it is read again by the reader that knows all cases and says what is wrong.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::thread;

use anyhow::Context;
use wo_record::{Record, SCHEMA, SCHEMA_VERSION};

use crate::projection::for_each_line;

/// How much is read before it is parsed: enough for all cores, little beside what a folder needs in memory.
const CHUNK_BYTES: u64 = 4 << 20;
/// More threads than this gain nothing: the rest is done by one.
const MAX_THREADS: usize = 4;

/// Hands out the records of a stream in their order. Where it has to read again it hands out all of them again.
pub(crate) fn for_each_record(path: &Path, each: &mut dyn FnMut(Record)) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    if is_plain_stream(file, each) {
        return Ok(());
    }
    for_each_line(path, |line| {
        if let Ok(record) = line.record {
            each(record);
        }
        Ok(())
    })
}

/// False where the file is not one whole stream of records that are all known here.
fn is_plain_stream(file: File, each: &mut dyn FnMut(Record)) -> bool {
    let mut input = BufReader::new(file);
    let mut chunk = Vec::new();
    let (mut has_begun, mut has_ended) = (false, false);
    loop {
        chunk.clear();
        let read = (&mut input).take(CHUNK_BYTES).read_to_end(&mut chunk);
        if read
            .and_then(|_| input.read_until(b'\n', &mut chunk))
            .is_err()
        {
            return false;
        }
        if chunk.is_empty() {
            return has_ended;
        }
        let Some(records) = parse(&chunk) else {
            return false;
        };
        for record in records {
            let is_expected = match &record {
                Record::Begin(begin) => {
                    !has_begun && begin.schema == SCHEMA && begin.schema_version <= SCHEMA_VERSION
                }
                _ => has_begun && !has_ended,
            };
            if !is_expected {
                return false;
            }
            has_begun = true;
            has_ended = matches!(record, Record::End(_));
            each(record);
        }
    }
}

/// The records of whole lines, in their order.
fn parse(chunk: &[u8]) -> Option<Vec<Record>> {
    let text = std::str::from_utf8(chunk).ok()?;
    let lines: Vec<&str> = text.lines().collect();
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

fn parse_lines(lines: &[&str]) -> Option<Vec<Record>> {
    lines
        .iter()
        .map(|line| Record::parse(line).ok()?.ok())
        .collect()
}
