//! A file to try, and what is known of it before it is opened.

use std::path::{Path, PathBuf};

use wo_record::code;

use crate::error::Fault;
use crate::input::keys::Keys;
use crate::input::labels::Labels;

/// A file to try, and what its place says about it.
#[derive(Debug)]
pub(crate) struct Source {
    /// As given, or as found in a folder that was given.
    pub(crate) path: PathBuf,
    /// What its folders say.
    pub(crate) labels: Labels,
    /// What a `groups.csv` says.
    pub(crate) keys: Keys,
    /// Why it need not be tried.
    pub(crate) fault: Option<Fault>,
    /// Why it must not be taken: it lies elsewhere too, and is said to be something else there.
    pub(crate) conflict: Option<Conflict>,
}

/// One content that two places say different things of.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    /// Its id.
    pub(crate) video_id: String,
    /// Where it lies, and what is said there.
    pub(crate) what: String,
}

impl Source {
    /// One that the walk over its folder could not look at.
    pub(crate) fn unreadable(path: &Path, error: &walkdir::Error) -> Self {
        let what = error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        let fault = Some(Fault::new(code::UNREADABLE, what));
        Self {
            path: path.to_owned(),
            labels: Labels::default(),
            keys: Keys::default(),
            fault,
            conflict: None,
        }
    }
}
