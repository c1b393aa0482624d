//! Whether a run changes files, or only says what it would change.

/// What a run does to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    Writes,
    OnlyLooks,
}
