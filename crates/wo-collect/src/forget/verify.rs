//! Looks through all files once more, when all is done: a takedown that left something behind says where.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::forget::files::{FileList, Kind};
use crate::forget::gather::hash_of;
use crate::forget::search::Search;
use crate::forget::traces::Traces;

/// Bytes that are looked through at once, and how many of them are looked at again with the next ones: more than any trace
/// is long.
const CHUNK: usize = 8 << 20;
const OVERLAP: usize = 16 << 10;
/// Larger files are not read for words.
const MAX_TEXT: u64 = 256 << 20;

/// What is left.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Files with an id, a path, a hash or an address.
    pub(crate) traces: Vec<PathBuf>,
    /// Files with the word that is a name, which may be about something else.
    pub(crate) words: Vec<PathBuf>,
}

/// Looks for traces in all files.
pub(crate) fn verify(list: &FileList, traces: &Traces, search: &Search) -> anyhow::Result<Left> {
    let mut left = Left::default();
    for (path, kind) in &list.files {
        let name = path.file_name().unwrap_or_default();
        let hash = match kind {
            Kind::Media => Some(hash_of(path)?),
            _ => None,
        };
        let is_theirs =
            |hash: String| traces.videos.contains_key(&hash) || traces.images.contains(&hash);
        if hash.is_some_and(is_theirs)
            || search.is_in(name.as_encoded_bytes())
            || is_in_file(path, search)?
        {
            left.traces.push(path.clone());
        } else if list.names_in_path(path, search) || is_named(path, *kind, search) {
            left.words.push(path.clone());
        }
    }
    Ok(left)
}

fn is_in_file(path: &Path, search: &Search) -> anyhow::Result<bool> {
    let reading = || format!("read {}", path.display());
    let mut file = BufReader::new(File::open(path).with_context(reading)?);
    let mut bytes = Vec::new();
    loop {
        let kept = bytes.len().min(OVERLAP);
        bytes.drain(..bytes.len() - kept);
        let n = (&mut file)
            .take(CHUNK as u64)
            .read_to_end(&mut bytes)
            .with_context(reading)?;
        if search.is_in(&bytes) {
            return Ok(true);
        }
        if n == 0 {
            return Ok(false);
        }
    }
}

fn is_named(path: &Path, kind: Kind, search: &Search) -> bool {
    let is_small = path.metadata().is_ok_and(|it| it.len() <= MAX_TEXT);
    let is_text = !matches!(kind, Kind::Media | Kind::ModelFile | Kind::Other);
    let text = fs::read(path).ok().filter(|_| is_text && is_small);
    text.is_some_and(|bytes| search.names(&String::from_utf8_lossy(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_across_two_chunks_is_found() {
        let traces = Traces {
            addresses: ["https://a.org/anna".to_owned()].into(),
            ..Traces::default()
        };
        let search = Search::of(&traces).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bin");
        for before in [0, CHUNK - 9, CHUNK, 2 * CHUNK - 1] {
            let mut bytes = vec![b' '; before];
            bytes.extend_from_slice(b"https://a.org/anna");
            fs::write(&path, &bytes).unwrap();
            assert!(is_in_file(&path, &search).unwrap(), "{before}");
        }
        fs::write(&path, vec![b' '; CHUNK + 1]).unwrap();
        assert!(!is_in_file(&path, &search).unwrap());
    }
}
