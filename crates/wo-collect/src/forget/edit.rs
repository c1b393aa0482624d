//! What becomes of a file.

/// A file without traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    /// It has none.
    Keep,
    /// It is all theirs.
    Remove,
    /// These bytes take its place.
    Replace(Vec<u8>),
    /// Some of its lines go or change, which is done one by one: it may be larger than memory.
    EachLine,
}

impl Edit {
    /// Of the bytes that take the place of a file, where it changes.
    pub(crate) fn of(changed: Option<Vec<u8>>) -> Self {
        changed.map_or(Self::Keep, Self::Replace)
    }
}
