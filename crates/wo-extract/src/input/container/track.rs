//! Which track of a file is taken.

use crate::input::turn::{Distortion, Turn};

/// More tracks than this are not looked at.
pub(super) const MAX_TRACKS: usize = 1000;

/// Which video track to take of a file, and how it is shown.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct TrackChoice {
    /// What to read otherwise, so that nothing but this track is found.
    pub(crate) patches: Vec<Patch>,
    /// What makes its frames upright, where the container says so in a way that is read here.
    pub(crate) turn: Option<Turn>,
    /// What of the container is not obeyed, for a person.
    pub(crate) notes: Vec<String>,
    /// Whether there is no other track, so that what the container says of its length is about this one.
    pub(crate) is_alone: bool,
}

/// Bytes to read in the place of those that are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    /// In bytes from the start of the file.
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
}

/// What is said of a display matrix that is not applied.
pub(super) fn ignored(distortion: Distortion) -> String {
    let why = match distortion {
        Distortion::Flat => "leaves nothing to see (its determinant is zero)",
        Distortion::Shear => "shears the image",
    };
    format!("its display matrix {why} and is ignored: the frames are as they are stored")
}
