//! Why a stream cannot be read on.

use std::io;

use crate::{SCHEMA, SCHEMA_VERSION};

/// Why reading a stream stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input itself failed.
    #[error("read the input")]
    Io(#[from] io::Error),
    /// One line is not a record. The next one can be read.
    #[error("line {number} (byte {offset}): {cause}")]
    Line {
        /// Its number, from 1.
        number: u64,
        /// Where it starts, in bytes.
        offset: u64,
        /// What is wrong with it.
        cause: String,
        /// What the user can do about it.
        hint: Option<&'static str>,
    },
    /// The input ended without an `end` record.
    #[error(
        "the stream was cut: the input ended after line {number} (byte {offset}) without an `end` record"
    )]
    Truncated {
        /// How many lines came.
        number: u64,
        /// How many bytes came.
        offset: u64,
    },
    /// The stream is in a version of the contract that is newer than this reader.
    #[error(
        "line {number}: the stream is {schema} version {version}, this reader knows {SCHEMA} up to {SCHEMA_VERSION}"
    )]
    Version {
        /// The line of the `begin` record.
        number: u64,
        /// The schema that it names.
        schema: String,
        /// The version that it names.
        version: u32,
    },
    /// The streams are shards that do not make a whole.
    #[error("line {number}: {cause}")]
    NotWhole {
        /// Where it was noticed: behind the last line where something is missing.
        number: u64,
        /// Which shard is missing, comes twice, or is of another whole.
        cause: String,
        /// What the user can do about it.
        hint: &'static str,
    },
}

impl ReadError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Io(_) => None,
            Self::Line { hint, .. } => *hint,
            Self::Truncated { .. } => Some(
                "the tool before this one stopped early, or a filter dropped the `begin` and `end` lines",
            ),
            Self::NotWhole { hint, .. } => Some(hint),
            Self::Version { .. } => Some("use tools of one release together"),
        }
    }
}
