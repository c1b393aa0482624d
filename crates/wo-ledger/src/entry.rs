//! What a ledger holds.

/// An entry, and the line that it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    /// The line, from 1.
    pub sequence: u64,
    /// What it says.
    pub what: T,
}
