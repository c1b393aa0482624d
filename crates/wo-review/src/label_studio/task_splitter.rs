//! Splits a file into tasks: a JSON list, or tasks one after the other, such as one a line.
//!
//! A JSON parser stops at the first error. The splitter follows only braces and strings, so that an invalid task costs
//! only itself. It does not read what a task contains.

use std::io::{self, BufRead, ErrorKind};

/// The largest task; the answers of 20 000 people need a third of it.
const MAX_TASK_BYTES: usize = 64 * 1024 * 1024;
/// Deeper open brackets are counted, but their kind is not kept.
const MAX_DEPTH: usize = 1000;
/// At most this many bytes of other text are kept for messages.
const MAX_STRAY_BYTES: usize = 200;

/// The next part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// A task, from its first brace to its last.
    Task,
    /// A task above the size limit.
    TooLarge,
    /// Text that is not a task.
    Stray,
    /// The file ends inside a task or the list.
    Cut,
    /// The end.
    End,
}

/// The tasks of a file.
#[derive(Debug)]
pub(super) struct TaskSplitter<R> {
    input: R,
    is_list: bool,
    /// Whether there is a list at all.
    pub(super) has_list: bool,
    n_lines: u64,
    /// Tasks and strays so far.
    pub(super) number: u64,
    /// The line on which the last one began.
    pub(super) line: u64,
}

/// The state of the scan of a task.
#[derive(Debug, Default)]
struct Scan {
    /// The brackets that are open.
    open: Vec<u8>,
    /// Open brackets below the maximum depth.
    n_deeper: usize,
    /// The last byte that is not white space.
    last: u8,
    /// Whether the file has tasks one after the other, not a list.
    is_lines: bool,
    in_string: bool,
    is_escaped: bool,
    after_newline: bool,
    /// Whether the task spreads over lines: it starts with a brace alone on its line.
    is_spread: bool,
    n_bytes: usize,
}

/// The end of a task in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaskEnd {
    /// After this many bytes.
    Closed(usize),
    /// It is never closed: the next task starts after this many bytes.
    Broken(usize),
}

impl<R: BufRead> TaskSplitter<R> {
    pub(super) fn of(mut input: R) -> io::Result<Self> {
        let start = input.fill_buf()?;
        if start.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        Ok(Self {
            input,
            is_list: false,
            has_list: false,
            n_lines: 0,
            number: 0,
            line: 0,
        })
    }

    /// The next piece, with its text.
    pub(super) fn next(&mut self, text: &mut Vec<u8>) -> io::Result<Piece> {
        text.clear();
        let first = loop {
            match self.peek()? {
                None if self.is_list => return Ok(Piece::Cut),
                None => return Ok(Piece::End),
                Some(b'[') if !self.is_list => (self.is_list, self.has_list) = (true, true),
                Some(b']') if self.is_list => self.is_list = false,
                Some(b',' | b' ' | b'\t' | b'\r' | b'\n') => {}
                Some(other) => break other,
            }
            self.consume(1)?;
        };
        self.number += 1;
        self.line = self.n_lines + 1;
        if first == b'{' {
            self.task(text)
        } else {
            self.stray(text)
        }
    }

    /// The current line.
    pub(super) fn last_line(&self) -> u64 {
        self.n_lines + 1
    }

    fn task(&mut self, text: &mut Vec<u8>) -> io::Result<Piece> {
        let mut scan = Scan {
            is_lines: !self.is_list,
            ..Scan::default()
        };
        loop {
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(Piece::Cut);
            }
            let end = scan.end_in(chunk);
            let n_used = match end {
                Some(TaskEnd::Closed(n) | TaskEnd::Broken(n)) => n,
                None => chunk.len(),
            };
            if scan.n_bytes <= MAX_TASK_BYTES {
                text.extend_from_slice(chunk.get(..n_used).unwrap_or(chunk));
            } else {
                // The text is not needed any more.
                *text = Vec::new();
            }
            self.consume(n_used)?;
            if end.is_some() && scan.n_bytes > MAX_TASK_BYTES {
                return Ok(Piece::TooLarge);
            }
            match end {
                Some(TaskEnd::Closed(_)) => return Ok(Piece::Task),
                Some(TaskEnd::Broken(_)) => return Ok(Piece::Stray),
                None => {}
            }
        }
    }

    /// Skips to where a task may start.
    fn stray(&mut self, text: &mut Vec<u8>) -> io::Result<Piece> {
        let mut in_string = false;
        while let Some(byte) = self.peek()? {
            let is_end = match byte {
                b'\n' | b'{' => true,
                b',' | b']' => self.is_list && !in_string,
                _ => false,
            };
            if is_end {
                break;
            }
            in_string ^= byte == b'"';
            if text.len() < MAX_STRAY_BYTES {
                text.push(byte);
            }
            self.consume(1)?;
        }
        Ok(Piece::Stray)
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(fill(&mut self.input)?.first().copied())
    }

    fn consume(&mut self, n: usize) -> io::Result<()> {
        let used = fill(&mut self.input)?;
        let used = used.get(..n).unwrap_or(used);
        self.n_lines += used.split(|&byte| byte == b'\n').skip(1).count() as u64;
        self.input.consume(n);
        Ok(())
    }
}

impl Scan {
    /// Scans a chunk. An unclosed task ends where the next one starts: at a brace where only a name is valid. If tasks are lines,
    /// also at a brace that starts a line, or at a line end inside a string.
    fn end_in(&mut self, chunk: &[u8]) -> Option<TaskEnd> {
        for (at, &byte) in chunk.iter().enumerate() {
            self.n_bytes += 1;
            let after_newline = std::mem::replace(&mut self.after_newline, byte == b'\n');
            if self.in_string {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_string = false,
                    b'\n' if self.is_lines => return Some(TaskEnd::Broken(at + 1)),
                    _ => {}
                }
                continue;
            }
            let last = match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.last,
                other => std::mem::replace(&mut self.last, other),
            };
            match byte {
                b'"' => self.in_string = true,
                b'{' if self.wants_name(last)
                    || (self.is_lines && after_newline && self.is_unclosed_line()) =>
                {
                    return Some(TaskEnd::Broken(at));
                }
                b'{' | b'[' if self.open.len() < MAX_DEPTH => self.open.push(byte),
                b'{' | b'[' => self.n_deeper += 1,
                b'}' | b']' if self.n_deeper > 0 => self.n_deeper -= 1,
                b'}' | b']' => {
                    self.close(if byte == b'}' { b'{' } else { b'[' });
                    if self.open.is_empty() {
                        return Some(TaskEnd::Closed(at + 1));
                    }
                }
                b'\n' if self.n_bytes <= 3 => self.is_spread = true,
                _ => {}
            }
        }
        None
    }

    /// Whether only a name is valid here, so that a brace starts the next task although this one is not closed.
    fn wants_name(&self, last: u8) -> bool {
        self.open.last() == Some(&b'{') && last == b','
    }

    /// Whether this task should have ended on its line.
    fn is_unclosed_line(&self) -> bool {
        !self.open.is_empty() && !self.is_spread
    }

    /// Closes the last bracket of this kind and those inside it. A bracket that closes nothing is left to the parser.
    fn close(&mut self, bracket: u8) {
        if let Some(at) = self.open.iter().rposition(|&open| open == bracket) {
            self.open.truncate(at);
        }
    }
}

/// The buffered bytes, or the next ones.
fn fill<R: BufRead>(input: &mut R) -> io::Result<&[u8]> {
    while let Err(e) = input.fill_buf() {
        if e.kind() != ErrorKind::Interrupted {
            return Err(e);
        }
    }
    input.fill_buf()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn pieces(text: &str, capacity: usize) -> Vec<(Piece, u64, String)> {
        let input = BufReader::with_capacity(capacity, text.as_bytes());
        let mut pieces = TaskSplitter::of(input).unwrap();
        let mut found = Vec::new();
        let mut bytes = Vec::new();
        loop {
            let piece = pieces.next(&mut bytes).unwrap();
            if piece == Piece::End {
                return found;
            }
            let text = String::from_utf8(bytes.clone()).unwrap();
            found.push((piece, pieces.line, text.trim_end().to_owned()));
            if piece == Piece::Cut {
                return found;
            }
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &[(Piece, u64, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(piece, line, text)| (*piece, *line, (*text).to_owned()))
            .collect();
        for capacity in [4, 5, 1000] {
            assert_eq!(pieces(text, capacity), expected, "{text:?} by {capacity}");
        }
    }

    #[test]
    fn tasks_come_from_a_list_and_from_lines() {
        let braces = r#"{"a":"}]\"{","b":[{}]}"#;
        check(
            &format!("\u{feff}[{braces},\n {{}}]\n"),
            &[(Piece::Task, 1, braces), (Piece::Task, 2, "{}")],
        );
        check(
            "{\"a\":1}\n\n{}\r\n",
            &[(Piece::Task, 1, "{\"a\":1}"), (Piece::Task, 3, "{}")],
        );
        check(
            "{\n\"a\":\n{\n}\n}\n{}",
            &[
                (Piece::Task, 1, "{\n\"a\":\n{\n}\n}"),
                (Piece::Task, 6, "{}"),
            ],
        );
        for nothing in ["", " \n", "[]", "[\n]"] {
            check(nothing, &[]);
        }
    }

    #[test]
    fn what_is_no_task_costs_nothing_else() {
        check(
            "[null, \"a,]b\", {}, 7]",
            &[
                (Piece::Stray, 1, "null"),
                (Piece::Stray, 1, "\"a,]b\""),
                (Piece::Task, 1, "{}"),
                (Piece::Stray, 1, "7"),
            ],
        );
        check(
            "{\"a\":{\n{}\nnonsense\n{\"b\":\"\n{}",
            &[
                (Piece::Stray, 1, "{\"a\":{"),
                (Piece::Task, 2, "{}"),
                (Piece::Stray, 3, "nonsense"),
                (Piece::Stray, 4, "{\"b\":\""),
                (Piece::Task, 5, "{}"),
            ],
        );
    }

    #[test]
    fn a_bracket_too_few_or_too_many_costs_one_task() {
        for broken in [r#"{"a":[{"b":[}]}"#, r#"{"a":1]}"#, r#"{"a":[}"#] {
            let text = format!("[{broken},{{}}]");
            check(&text, &[(Piece::Task, 1, broken), (Piece::Task, 1, "{}")]);
        }
        check(
            r#"[{"a":{"b":1}, {"a":2}]"#,
            &[
                (Piece::Stray, 1, r#"{"a":{"b":1},"#),
                (Piece::Task, 1, r#"{"a":2}"#),
            ],
        );
        let deep = format!("[{{\"a\":{}{}}},{{}}]", "[".repeat(5000), "]".repeat(5000));
        let found = pieces(&deep, 64);
        assert_eq!((found.len(), &*found[1].2), (2, "{}"));
    }

    #[test]
    fn a_cut_is_seen_wherever_it_is() {
        check("[{},", &[(Piece::Task, 1, "{}"), (Piece::Cut, 1, "")]);
        check("[{}", &[(Piece::Task, 1, "{}"), (Piece::Cut, 1, "")]);
        check(
            "[{},\n{\"a\":\"b",
            &[(Piece::Task, 1, "{}"), (Piece::Cut, 2, "{\"a\":\"b")],
        );
    }
}
