//! Reads lines as records. Limits the size of a line; errors have a line number and a byte offset.

use std::io::{self, BufRead, Read};

use crate::{Follower, Line, LoneLine, Producer, ReadError, Shard};

/// The default limit for the length of a line. A frame of 2160 pixels inline is about 2 MiB.
pub const DEFAULT_MAX_LINE: u64 = 16 * 1024 * 1024;

/// Called for each skipped line.
type Tell<'a> = Box<dyn FnMut(&ReadError) + 'a>;

/// Reads a stream, or several one after the other, line by line. Beside one line it keeps a few bytes for each video.
pub struct Reader<'a> {
    input: &'a mut dyn BufRead,
    max_line: u64,
    follower: Follower,
    offset: u64,
    buffer: Vec<u8>,
    on_bad_line: Option<Tell<'a>>,
    n_skipped: u64,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("follower", &self.follower)
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
            follower: Follower::default(),
            offset: 0,
            buffer: Vec::new(),
            on_bad_line: None,
            n_skipped: 0,
        }
    }

    /// A reader of frames that are kept apart from their videos, such as the deleted ones of a folder.
    pub fn of_frames_alone(input: &'a mut dyn BufRead, max_line: u64) -> Self {
        Self {
            follower: Follower::of_frames_alone(),
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
        self.follower.producers()
    }

    /// That shards are missing so far, in words; `None` where none are.
    pub fn missing_shards(&self) -> Option<String> {
        self.follower.missing_shards()
    }

    /// The shard that all records so far are of, where that is not the whole.
    pub fn lone_shard(&self) -> Option<&Shard> {
        self.follower.lone_shard()
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
        while let Some(lone) = self.lone_line()? {
            let line = self.follower.take(lone)?;
            if line.is_some() {
                return Ok(line);
            }
        }
        self.follower.end()?;
        Ok(None)
    }

    /// The next line by itself; `None` at the end of the input.
    fn lone_line(&mut self) -> io::Result<Option<LoneLine>> {
        self.buffer.clear();
        let offset = self.offset;
        let n = (&mut *self.input)
            .take(self.max_line.saturating_add(1))
            .read_until(b'\n', &mut self.buffer)?;
        if n == 0 {
            return Ok(None);
        }
        self.offset += n as u64;
        if self.buffer.last() != Some(&b'\n') && n as u64 > self.max_line {
            self.skip_rest_of_line()?;
            return Ok(Some(LoneLine::too_long(offset, self.offset, self.max_line)));
        }
        Ok(Some(LoneLine::of(&self.buffer, offset, self.max_line)))
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
