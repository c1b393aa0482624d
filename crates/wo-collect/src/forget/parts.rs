//! Files that may be larger than memory, looked through part by part.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::Context;

/// Bytes that are looked through at once, and how many of them are looked at again with the next ones: more than any trace
/// is long.
const CHUNK: usize = 8 << 20;
const OVERLAP: usize = 16 << 10;
/// Bytes that tell a text from other files.
const BEGINNING: u64 = 8 << 10;

/// Whether something holds for any part of a file. A part begins with a line, unless a line is longer than a part, so that no
/// end of a word is taken for a word.
pub(crate) fn any_part(path: &Path, holds: &dyn Fn(&[u8]) -> bool) -> anyhow::Result<bool> {
    let reading = || format!("read {}", path.display());
    let mut file = BufReader::new(File::open(path).with_context(reading)?);
    let mut bytes = Vec::new();
    loop {
        let n = (&mut file)
            .take(CHUNK as u64)
            .read_to_end(&mut bytes)
            .with_context(reading)?;
        if n < CHUNK {
            return Ok(holds(&bytes));
        }
        let end = bytes.iter().rposition(|&byte| byte == b'\n');
        let end = end.map_or(bytes.len(), |it| it + 1);
        let part = bytes.get(..end).unwrap_or_default();
        if holds(part) {
            return Ok(true);
        }
        let before = end.saturating_sub(OVERLAP);
        let again = part.get(before..).unwrap_or_default();
        let line = again.iter().position(|&byte| byte == b'\n');
        let kept = before + line.map_or(0, |it| it + 1);
        bytes.drain(..kept.min(end));
    }
}

/// Whether a file is a text: nothing else is without the byte 0.
pub(crate) fn is_text(path: &Path) -> anyhow::Result<bool> {
    let mut beginning = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning))
        .with_context(|| format!("read {}", path.display()))?;
    Ok(!beginning.contains(&0))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const TRACE: &[u8] = b"https://a.org/anna";

    fn is_trace(part: &[u8]) -> bool {
        part.windows(TRACE.len()).any(|it| it == TRACE)
    }

    #[test]
    fn a_trace_across_two_parts_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bin");
        for filler in *b" \n" {
            for before in [0, CHUNK - 9, CHUNK, 2 * CHUNK - 1] {
                let mut bytes = vec![filler; before];
                bytes.extend_from_slice(TRACE);
                fs::write(&path, &bytes).unwrap();
                assert!(any_part(&path, &is_trace).unwrap(), "{before}");
            }
            fs::write(&path, vec![filler; CHUNK + 1]).unwrap();
            assert!(!any_part(&path, &is_trace).unwrap());
        }
    }

    #[test]
    fn a_part_begins_with_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.txt");
        let line = b"joanna lifts\n";
        fs::write(&path, line.repeat(2 * CHUNK / line.len() + 2)).unwrap();
        let is_cut = |part: &[u8]| !part.starts_with(b"joanna");
        assert!(!any_part(&path, &is_cut).unwrap());
    }
}
