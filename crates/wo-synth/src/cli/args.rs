//! The command line, as data.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use wo_cli::{Common, Seed, Threads};

use crate::catalog::Exercise;

/// The largest still; more than any model takes in.
const MAX_STILL_PX: i64 = 1024;

/// Draw synthetic lifters with known faults, as videos or stills
#[derive(Debug, Clone, Parser)]
#[command(name = "wo-synth", version, after_help = AFTER_HELP)]
pub struct Args {
    /// Folder to write into; it is made if it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "records_only")]
    pub out: Option<PathBuf>,

    /// How many videos of each exercise and label
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub videos_per_class: u32,

    /// Which exercises, with commas between [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = exercise_parser())]
    pub exercises: Vec<String>,

    /// How many persons [default: one for four videos, at least 8]
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub persons: Option<u32>,

    /// Write so many JPEG stills of each video, and no videos
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub stills: Option<u32>,

    /// Side of a still in pixels
    #[arg(
        long,
        value_name = "PX",
        default_value_t = 160,
        requires = "stills",
        value_parser = clap::value_parser!(u32).range(16..=MAX_STILL_PX)
    )]
    pub still_size: u32,

    /// Write so many frame records of each video to stdout, and no file: their images do not exist. They show how tools
    /// grow with the number of frames
    #[arg(
        long,
        value_name = "K",
        conflicts_with_all = ["out", "stills"],
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub records_only: Option<u32>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the help is on the flattened flag")]
    pub seed: Seed,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the help is on the flattened flag")]
    pub threads: Threads,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the help is on the flattened flags")]
    pub common: Common,
}

const AFTER_HELP: &str = "\
Writes DIR/EXERCISE/LABEL/NAME.mp4, DIR/groups.csv and DIR/truth.ndjson, and the truth to stdout.
With --stills: DIR/frames_EXERCISE_LABEL/NAME_K.jpg, DIR/records.ndjson and DIR/truth.ndjson.

Examples:
  wo-synth --out videos --videos-per-class 4 --seed 7
  wo-synth --out videos --exercises squat,deadlift -j 2 | jq -r .faults[]?
  wo-synth --out stills --videos-per-class 300 --stills 8 --still-size 144
  wo-synth --videos-per-class 1000 --records-only 100 | wo-describe | wo-train --init tiny --dry-run=records";

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

fn exercise_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(Exercise::ALL.map(Exercise::name))
}
