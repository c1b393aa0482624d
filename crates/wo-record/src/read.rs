//! Reads lines as records. Limits the size of a line; errors have a line number and a byte offset.

use std::io::{self, BufRead, Read};

use crate::order::{Misplaced, Order, Step};
use crate::{Line, Producer, Record, SCHEMA, SCHEMA_VERSION, bounds};

/// The default limit for the length of a line. A frame of 2160 pixels inline is about 2 MiB.
pub const DEFAULT_MAX_LINE: u64 = 16 * 1024 * 1024;

/// Why reading a stream stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input itself failed.
    #[error("read the input")]
    Io(#[from] io::Error),
    /// One line is not a record. The next one can be read.
    #[error("line {number} (byte {offset}): {cause}")]
    Line {
        /// Its number, from 1.
        number: u64,
        /// Where it starts, in bytes.
        offset: u64,
        /// What is wrong with it.
        cause: String,
        /// What the user can do about it.
        hint: Option<&'static str>,
    },
    /// The input ended without an `end` record.
    #[error(
        "the stream was cut: the input ended after line {number} (byte {offset}) without an `end` record"
    )]
    Truncated {
        /// How many lines came.
        number: u64,
        /// How many bytes came.
        offset: u64,
    },
    /// The stream is in a version of the contract that is newer than this reader.
    #[error(
        "line {number}: the stream is {schema} version {version}, this reader knows {SCHEMA} up to {SCHEMA_VERSION}"
    )]
    Version {
        /// The line of the `begin` record.
        number: u64,
        /// The schema that it names.
        schema: String,
        /// The version that it names.
        version: u32,
    },
}

impl ReadError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Io(_) => None,
            Self::Line { hint, .. } => *hint,
            Self::Truncated { .. } => Some(
                "the tool before this one stopped early, or a filter dropped the `begin` and `end` lines",
            ),
            Self::Version { .. } => Some("use tools of one release together"),
        }
    }
}

/// What to do about a line behind a whole stream.
const AFTER_END: &str =
    "nothing may follow `end` but another stream, which begins with its own `begin` record";

/// Called for each skipped line.
type Tell<'a> = Box<dyn FnMut(&ReadError) + 'a>;

enum State {
    /// No `begin` yet, or the last stream is complete and another may follow.
    Outside,
    /// Between `begin` and `end`.
    Inside,
}

/// Reads a stream, or several one after the other, line by line. Beside one line it keeps a few bytes for each video.
pub struct Reader<'a> {
    input: &'a mut dyn BufRead,
    max_line: u64,
    state: State,
    order: Option<Order>,
    n_streams: u64,
    number: u64,
    offset: u64,
    buffer: Vec<u8>,
    producers: Vec<Producer>,
    on_bad_line: Option<Tell<'a>>,
    n_skipped: u64,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("number", &self.number)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// A reader of `input` that takes lines of up to `max_line` bytes.
    pub fn new(input: &'a mut dyn BufRead, max_line: u64) -> Self {
        Self {
            input,
            max_line,
            state: State::Outside,
            order: Some(Order::default()),
            n_streams: 0,
            number: 0,
            offset: 0,
            buffer: Vec::new(),
            producers: Vec::new(),
            on_bad_line: None,
            n_skipped: 0,
        }
    }

    /// A reader of frames that are kept apart from their videos, such as the deleted ones of a folder.
    pub fn of_frames_alone(input: &'a mut dyn BufRead, max_line: u64) -> Self {
        Self {
            order: None,
            ..Self::new(input, max_line)
        }
    }

    /// Skips bad lines from now on, and calls `tell` for each instead of returning an error.
    pub fn skip_bad_lines(&mut self, tell: impl FnMut(&ReadError) + 'a) {
        self.on_bad_line = Some(Box::new(tell));
    }

    /// How many bad lines were skipped.
    pub fn n_skipped(&self) -> u64 {
        self.n_skipped
    }

    /// The upstream tools of the records read so far, for the next `begin`.
    pub fn producers(&self) -> &[Producer] {
        &self.producers
    }

    /// The next line, or `None` at the end of a complete stream. Includes `begin` and `end`.
    /// After [`ReadError::Line`] the next call continues after the bad line; after any other error do not call again.
    pub fn next_line(&mut self) -> Result<Option<Line>, ReadError> {
        loop {
            match (self.read_line(), &mut self.on_bad_line) {
                (Err(bad @ ReadError::Line { .. }), Some(tell)) => {
                    tell(&bad);
                    self.n_skipped += 1;
                }
                (result, _) => return result,
            }
        }
    }

    fn read_line(&mut self) -> Result<Option<Line>, ReadError> {
        loop {
            self.buffer.clear();
            let offset = self.offset;
            let n = (&mut *self.input)
                .take(self.max_line.saturating_add(1))
                .read_until(b'\n', &mut self.buffer)?;
            if n == 0 {
                return self.at_end_of_input();
            }
            self.number += 1;
            self.offset += n as u64;
            if self.buffer.last() != Some(&b'\n') && n as u64 > self.max_line {
                self.skip_rest_of_line()?;
                return Err(self.bad_line(offset, format!("longer than {} bytes", self.max_line)));
            }
            let Some(text) = self.text_of_line(offset)? else {
                continue;
            };
            let record = Record::parse(&text).map_err(|e| {
                self.bad_line(offset, format!("not a record: {}", without_line(&e)))
            })?;
            if let Ok(record) = &record {
                self.follow_envelope(record, offset)?;
                if let Some(cause) = bounds::trouble(record) {
                    return Err(self.bad_line(offset, cause));
                }
                self.follow_order(record, offset)?;
            } else if matches!(self.state, State::Outside) {
                return Err(self.bad_line(offset, "no `begin` record before it".to_owned()));
            }
            return Ok(Some(Line {
                number: self.number,
                offset,
                text,
                record,
            }));
        }
    }

    fn at_end_of_input(&self) -> Result<Option<Line>, ReadError> {
        if matches!(self.state, State::Outside) && self.n_streams > 0 {
            return Ok(None);
        }
        Err(ReadError::Truncated {
            number: self.number,
            offset: self.offset,
        })
    }

    /// The line without line end and byte order mark; `None` if it is blank.
    fn text_of_line(&self, offset: u64) -> Result<Option<String>, ReadError> {
        let bytes = self
            .buffer
            .strip_prefix(b"\xef\xbb\xbf")
            .filter(|_| offset == 0)
            .unwrap_or(&self.buffer);
        let text = std::str::from_utf8(bytes)
            .map_err(|e| {
                self.bad_line(offset, format!("not UTF-8 at its byte {}", e.valid_up_to()))
            })?
            .trim_matches([' ', '\t', '\r', '\n']);
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn follow_envelope(&mut self, record: &Record, offset: u64) -> Result<(), ReadError> {
        match (record, &self.state) {
            (Record::Begin(begin), State::Outside) => {
                if begin.schema != SCHEMA || begin.schema_version > SCHEMA_VERSION {
                    return Err(ReadError::Version {
                        number: self.number,
                        schema: begin.schema.clone(),
                        version: begin.schema_version,
                    });
                }
                self.state = State::Inside;
                self.n_streams += 1;
                let this = Producer {
                    tool: begin.tool.clone(),
                    version: begin.version.clone(),
                };
                for producer in begin.upstream.iter().chain([&this]) {
                    if !self.producers.contains(producer) {
                        self.producers.push(producer.clone());
                    }
                }
                Ok(())
            }
            // A second stream begins before the first one ended: the first one was cut.
            (Record::Begin(_), State::Inside) => Err(ReadError::Truncated {
                number: self.number - 1,
                offset,
            }),
            (Record::End(_), State::Inside) => {
                self.state = State::Outside;
                Ok(())
            }
            (_, State::Inside) => Ok(()),
            (_, State::Outside) => Err(ReadError::Line {
                number: self.number,
                offset,
                cause: format!(
                    "a `{}` record with no `begin` record before it",
                    record.kind()
                ),
                hint: (self.n_streams > 0).then_some(AFTER_END),
            }),
        }
    }

    fn follow_order(&mut self, record: &Record, offset: u64) -> Result<(), ReadError> {
        let Some(order) = &mut self.order else {
            return Ok(());
        };
        order
            .take(Step::of(record), self.number)
            .map_err(|misplaced| ReadError::Line {
                number: self.number,
                offset,
                cause: misplaced.to_string(),
                hint: Some(Misplaced::HINT),
            })
    }

    fn bad_line(&self, offset: u64, cause: String) -> ReadError {
        ReadError::Line {
            number: self.number,
            offset,
            cause,
            hint: None,
        }
    }

    /// Skips to the next line.
    fn skip_rest_of_line(&mut self) -> io::Result<()> {
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                return Ok(());
            }
            let line_end = available.iter().position(|&b| b == b'\n');
            let n = line_end.map_or(available.len(), |i| i + 1);
            self.input.consume(n);
            self.offset += n as u64;
            if line_end.is_some() {
                return Ok(());
            }
        }
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
