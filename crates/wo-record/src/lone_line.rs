//! What a line is by itself, wherever in a stream it stands. Several threads can look at several lines.

use crate::keys::Keys;
use crate::{Kind, Record, bounds};

/// A line that was understood, or not, before its place in the stream is looked at.
#[derive(Debug)]
pub struct LoneLine {
    /// Where it starts, in bytes from the start of the stream.
    pub(crate) offset: u64,
    /// Where the next one starts.
    pub(crate) end: u64,
    pub(crate) content: Content,
}

/// What a line holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// Nothing.
    Blank,
    /// No record, and why.
    Bad(String),
    /// A record, or the name of an unknown type.
    Record(Box<LoneRecord>),
}

/// A record and its text.
#[derive(Debug)]
pub(crate) struct LoneRecord {
    pub(crate) text: String,
    pub(crate) record: Result<Record, Kind>,
    pub(crate) keys: Keys,
    /// What is wrong with its ids and names.
    pub(crate) trouble: Option<String>,
}

impl LoneLine {
    /// The line of these bytes, which start at `offset` in the stream. They end with the line end, or where the stream does.
    pub fn of(bytes: &[u8], offset: u64, max_line: u64) -> Self {
        let end = offset + bytes.len() as u64;
        let without_end = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if without_end.len() as u64 > max_line {
            return Self::too_long(offset, end, max_line);
        }
        Self {
            offset,
            end,
            content: content_of(bytes, offset),
        }
    }

    /// A line of more than `max_line` bytes, which nobody has kept.
    pub fn too_long(offset: u64, end: u64, max_line: u64) -> Self {
        Self {
            offset,
            end,
            content: Content::Bad(format!("longer than {max_line} bytes")),
        }
    }

    /// The lines of a block of whole lines.
    pub fn all_of(block: &[u8], offset: u64, max_line: u64) -> Vec<Self> {
        let mut start = offset;
        let lines = block.split_inclusive(|&byte| byte == b'\n');
        lines
            .map(|line| {
                let line = Self::of(line, start, max_line);
                start = line.end;
                line
            })
            .collect()
    }
}

fn content_of(bytes: &[u8], offset: u64) -> Content {
    // A byte order mark may begin a stream.
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .filter(|_| offset == 0)
        .unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_matches([' ', '\t', '\r', '\n']),
        Err(error) => {
            return Content::Bad(format!("not UTF-8 at its byte {}", error.valid_up_to()));
        }
    };
    if text.is_empty() {
        return Content::Blank;
    }
    match Record::read(text) {
        Ok((record, keys)) => Content::Record(Box::new(LoneRecord {
            text: text.to_owned(),
            trouble: record.as_ref().ok().and_then(bounds::trouble),
            record,
            keys,
        })),
        Err(error) => Content::Bad(format!("not a record: {}", without_line(&error))),
    }
}

/// The message of a JSON error without its "line 1", which would contradict the number of the line in the stream.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((what, _)) => format!("{what} at column {}", error.column()),
        None => text,
    }
}
