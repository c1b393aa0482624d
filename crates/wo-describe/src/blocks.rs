//! Cuts an input into blocks of whole lines, each of what one read brought.

use std::io::{self, BufRead};

use wo_cli::Input;

/// Cuts an input. Keeps at most one line that is not whole yet.
pub(crate) struct Blocks<'a> {
    input: Input<'a>,
    max_line: u64,
    /// The beginning of a line.
    rest: Vec<u8>,
    /// Where the rest starts, in bytes from the start of the stream.
    offset: u64,
    /// How many bytes of a line came that is too long to be kept.
    n_of_long_line: Option<u64>,
    is_over: bool,
}

/// What came, and where it starts in the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Whole lines, or the last one without its end.
    Lines(u64, Vec<u8>),
    /// A line that is too long, from here to there.
    TooLong(u64, u64),
}

impl<'a> Blocks<'a> {
    /// Cuts `input`, of which lines of more than `max_line` bytes are not kept.
    pub(crate) fn of(input: Input<'a>, max_line: u64) -> Self {
        Self {
            input,
            max_line,
            rest: Vec::new(),
            offset: 0,
            n_of_long_line: None,
            is_over: false,
        }
    }

    /// Whether all came.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether the next read would wait.
    pub(crate) fn waits(&self) -> bool {
        !self.is_over && self.input.waits()
    }

    /// Reads once. `None` where no line was completed by it.
    pub(crate) fn read(&mut self) -> io::Result<Option<Block>> {
        let came = loop {
            match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.is_over = true;
                    return Err(error);
                }
                Ok(came) => break came,
            }
        };
        let n_came = came.len();
        if n_came == 0 {
            self.is_over = true;
            return Ok(self.last());
        }
        if let Some(n) = self.n_of_long_line {
            let line_end = came.iter().position(|&byte| byte == b'\n');
            let n_more = line_end.map_or(n_came, |place| place + 1);
            self.input.consume(n_more);
            self.n_of_long_line = Some(n + n_more as u64);
            return Ok(line_end.and_then(|_| self.end_of_long_line()));
        }
        // The block is whole lines; what is behind the last one waits for its end.
        let line_end = came.iter().rposition(|&byte| byte == b'\n');
        let Some(line_end) = line_end else {
            self.rest.extend_from_slice(came);
            self.input.consume(n_came);
            if self.rest.len() as u64 > self.max_line {
                self.n_of_long_line = Some(self.rest.len() as u64);
                self.rest = Vec::new();
            }
            return Ok(None);
        };
        let (whole, behind) = came.split_at(line_end + 1);
        let mut lines = std::mem::replace(&mut self.rest, behind.to_vec());
        lines.extend_from_slice(whole);
        self.input.consume(n_came);
        Ok(Some(self.lines(lines)))
    }

    /// The last line, if it has no end.
    fn last(&mut self) -> Option<Block> {
        if self.n_of_long_line.is_some() {
            return self.end_of_long_line();
        }
        let rest = std::mem::take(&mut self.rest);
        (!rest.is_empty()).then(|| self.lines(rest))
    }

    fn end_of_long_line(&mut self) -> Option<Block> {
        let start = self.offset;
        self.offset += self.n_of_long_line.take()?;
        Some(Block::TooLong(start, self.offset))
    }

    fn lines(&mut self, lines: Vec<u8>) -> Block {
        let start = self.offset;
        self.offset += lines.len() as u64;
        Block::Lines(start, lines)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    /// A text that comes a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n_bytes = buffer.len().min(self.1);
            self.0.read(&mut buffer[..n_bytes])
        }
    }

    fn blocks(text: &str, n_bytes: usize, max_line: u64) -> Vec<Block> {
        let mut slow = BufReader::new(Slow(text.as_bytes(), n_bytes));
        let (_, input) = wo_cli::open_stream(None, &mut slow).unwrap();
        let mut blocks = Blocks::of(input, max_line);
        let mut found = Vec::new();
        while !blocks.is_over() {
            found.extend(blocks.read().unwrap());
        }
        found
    }

    fn lines(start: u64, text: &str) -> Block {
        Block::Lines(start, text.as_bytes().to_vec())
    }

    #[test]
    fn blocks_are_whole_lines_however_they_come() {
        let text = "a\nbc\n\nde";
        assert_eq!(
            blocks(text, 100, 9),
            [lines(0, "a\nbc\n\n"), lines(6, "de")]
        );
        for n_bytes in 1..8 {
            let mut joined = Vec::new();
            for block in blocks(text, n_bytes, 9) {
                let Block::Lines(start, bytes) = block else {
                    panic!("{block:?}")
                };
                assert_eq!(start, joined.len() as u64);
                assert!(bytes.ends_with(b"\n") || bytes == b"de");
                joined.extend(bytes);
            }
            assert_eq!(joined, text.as_bytes());
        }
        assert_eq!(blocks("", 8, 9), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_not_kept() {
        let text = format!("a\n{}\nb\n{}", "x".repeat(30), "y".repeat(20));
        let expected = [
            lines(0, "a\n"),
            Block::TooLong(2, 33),
            lines(33, "b\n"),
            Block::TooLong(35, 55),
        ];
        assert_eq!(blocks(&text, 4, 9), expected);
    }
}
