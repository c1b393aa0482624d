//! Ledgers: files of entries, one JSON object a line, that only grow.
//!
//! Each line holds the hash of the one before, so a line that is changed, removed or inserted is noticed; a file beside the
//! ledger holds where it ends, so lines that are cut off are noticed as well. An entry can be forgotten: its text goes, its
//! place in the chain stays, and a later entry says so. The crate knows no entry's meaning.

mod chain;
mod entry;
mod file;
mod head;
mod ledger;
mod read;
mod salted;

pub use chain::ChainError;
pub use entry::Entry;
pub use ledger::Ledger;
pub use read::read;
pub use salted::salted_name;
