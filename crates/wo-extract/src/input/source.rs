//! A file to try, and what is known of it before it is opened.

use std::path::{Path, PathBuf};

use wo_record::code;

use crate::error::ExtractError;
use crate::input::keys::Keys;
use crate::input::labels::Labels;

/// A file to try, with its labels and keys.
#[derive(Debug)]
pub(crate) struct Source {
    /// As given, or as found in a folder that was given.
    pub(crate) path: PathBuf,
    /// The same below the folder that was given: it is called so on each machine.
    pub(crate) place: PathBuf,
    /// From its folders.
    pub(crate) labels: Labels,
    /// From `groups.csv`.
    pub(crate) keys: Keys,
    /// Its id, where another file has the same content.
    pub(crate) copied_id: Option<String>,
    /// Why it cannot be read.
    pub(crate) error: Option<ExtractError>,
    /// Why it is excluded: a copy of it has other labels or keys.
    pub(crate) conflict: Option<Conflict>,
}

/// Copies of a video that contradict each other.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    /// Its id.
    pub(crate) video_id: String,
    /// The places, with their labels and keys.
    pub(crate) what: String,
}

impl Source {
    /// A file that could not be looked at.
    pub(crate) fn unreadable(path: &Path, place: PathBuf, error: &walkdir::Error) -> Self {
        let what = error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        let error = Some(ExtractError::new(code::UNREADABLE, what));
        Self {
            path: path.to_owned(),
            place,
            labels: Labels::default(),
            keys: Keys::default(),
            copied_id: None,
            error,
            conflict: None,
        }
    }
}
