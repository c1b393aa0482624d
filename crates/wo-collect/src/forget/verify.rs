//! Looks through all files once more, when all is done: a takedown that left something behind says where.

use std::path::{Path, PathBuf};

use crate::forget::files::{FileList, Kind};
use crate::forget::parts::{any_part, is_text};
use crate::forget::search::Search;
use crate::forget::traces::Traces;
use crate::video_files::hash_of;

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
            || any_part(path, &|part| search.is_in(part))?
        {
            left.traces.push(path.clone());
        } else if list.names_in_path(path, search) || is_named(path, *kind, search)? {
            left.words.push(path.clone());
        }
    }
    Ok(left)
}

/// Whether the words of a file name somebody. What is no text is not read.
fn is_named(path: &Path, kind: Kind, search: &Search) -> anyhow::Result<bool> {
    let is_text = match kind {
        Kind::Media | Kind::ModelFile => false,
        // A text whose name does not say so.
        Kind::Other => is_text(path)?,
        _ => true,
    };
    Ok(is_text && any_part(path, &|part| search.names(&String::from_utf8_lossy(part)))?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_name_in_a_text_without_an_ending_is_found() {
        let traces = Traces {
            names: ["Anna".to_owned()].into(),
            ..Traces::default()
        };
        let search = Search::of(&traces).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let named = |name: &str, kind: Kind, bytes: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, bytes).unwrap();
            is_named(&path, kind, &search).unwrap()
        };
        assert!(named("notes", Kind::Other, b"call Anna"));
        assert!(!named("notes", Kind::Other, b"call Joanna"));
        assert!(!named("weights", Kind::Other, b"\0\0 Anna"));
        assert!(!named("a.mp4", Kind::Media, b"Anna"));
        assert!(named("a.csv", Kind::Table, b"a,\0,Anna\n"));
    }
}
