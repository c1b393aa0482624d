//! The configuration: what the flags ask for.

use std::path::{Path, PathBuf};

use wo_cli::{CaptionsFlag, Reading};
use wo_shard::ShardNumber;

use crate::cli::args::{Args, FormatFlag};
use crate::sink::Format;

/// What is read, what overrides it, and where it goes.
#[derive(Debug)]
pub(crate) struct Config {
    /// The records; `None` is stdin.
    pub(crate) input: Option<PathBuf>,
    /// Tables that override the records.
    pub(crate) csv: Vec<PathBuf>,
    /// The review log that overrides both.
    pub(crate) reviews: Option<PathBuf>,
    pub(crate) captions: CaptionsFlag,
    pub(crate) format: Format,
    /// As it was given; see [`Self::file`].
    pub(crate) output: Option<PathBuf>,
    /// The part of the videos that is written; without one all are.
    pub(crate) shard: Option<ShardNumber>,
    pub(crate) reading: Reading,
}

impl Config {
    /// The file that is written; `None` is stdout.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|it| *it != Path::new("-"))
    }
}

impl From<Args> for Config {
    fn from(args: Args) -> Self {
        Self {
            input: args.input,
            csv: args.csv,
            reviews: args.reviews,
            captions: args.captions,
            format: match args.to {
                FormatFlag::Ndjson => Format::Ndjson,
                FormatFlag::Csv => Format::Csv,
            },
            output: args.output,
            shard: args.shard.shard,
            reading: args.reading,
        }
    }
}
