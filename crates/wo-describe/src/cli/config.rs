//! The configuration: what the flags ask for.

use std::path::{Path, PathBuf};

use wo_cli::{CaptionsFlag, Exit, Reading, bail, ensure};
use wo_shard::ShardNumber;
use wo_webdataset::{ShardNames, ShardSize};

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
    pub(crate) to: To,
    /// As it was given; see [`Self::file`].
    pub(crate) output: Option<PathBuf>,
    /// The part of the videos that is written; without one all are.
    pub(crate) shard: Option<ShardNumber>,
    pub(crate) reading: Reading,
}

/// What is written.
#[derive(Debug, Clone)]
pub(crate) enum To {
    /// One file or stream.
    One(Format),
    /// Tar files.
    Shards(ShardNames, ShardSize),
}

impl Config {
    /// The file that is written; `None` is stdout, or that several are.
    pub(crate) fn file(&self) -> Option<&Path> {
        let file = self.output.as_deref().filter(|it| *it != Path::new("-"));
        file.filter(|_| matches!(self.to, To::One(_)))
    }

    /// Whether records go to stdout.
    pub(crate) fn prints_records(&self) -> bool {
        matches!(self.to, To::One(Format::Ndjson)) && self.file().is_none()
    }

    /// Fails where flags do not fit together.
    pub(crate) fn of(args: Args) -> anyhow::Result<Self> {
        Ok(Self {
            to: to(&args)?,
            input: args.input,
            csv: args.csv,
            reviews: args.reviews,
            captions: args.captions,
            output: args.output,
            shard: args.shard.shard,
            reading: args.reading,
        })
    }
}

fn to(args: &Args) -> anyhow::Result<To> {
    let format = match args.to {
        FormatFlag::Ndjson => Format::Ndjson,
        FormatFlag::Csv => Format::Csv,
        FormatFlag::Webdataset => return shards(args),
    };
    ensure!(
        args.tar_size.is_none(),
        Exit::Usage,
        "--tar-size is for --to webdataset"
    );
    Ok(To::One(format))
}

fn shards(args: &Args) -> anyhow::Result<To> {
    ensure!(
        args.shard.shard.is_none(),
        Exit::Usage,
        "--shard cuts records, and tar files do not say which part of a whole they are";
        "write records with --shard, and all of them to tar files: cat part-*.ndjson | wo-describe --to webdataset …"
    );
    let Some(pattern) = args.output.as_deref().filter(|it| *it != Path::new("-")) else {
        bail!(
            Exit::Usage,
            "--to webdataset writes several files, and stdout is one";
            "give their name with a place for the number, such as -o 'frames-%06d.tar'"
        );
    };
    let names = ShardNames::parse(pattern)?;
    Ok(To::Shards(names, args.tar_size.unwrap_or_default()))
}
