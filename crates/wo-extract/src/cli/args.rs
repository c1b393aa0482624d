//! The command line, as data.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use clap::Parser;
use wo_cli::{Common, Seed, ShowProgress, Threads};
use wo_shard::ShardFlag;

use crate::job::{FRAMES_PER_VIDEO, SIZE};
use crate::sampling::frame_filter::MinSharpness;
use crate::sampling::sample::Sample;

/// What `--help` ends with.
const EXAMPLES: &str = "\
Examples:
  wo-extract squat.mp4 | head -3
  wo-extract data/training_data --out data/frames
  wo-extract probe data/training_data --table
  wo-extract data/training_data/squat --frames-per-video 20 | wo-describe > described.ndjson
  wo-extract data/training_data --shard 2/8 > part-2.ndjson

Labels come from the folders: <exercise>/<label>/video.mp4, such as squat/bad_form/0007.mp4.
A groups.csv (path,person_id,source_id,angle) beside or above the videos names the person, source and camera angle of
each. A split keeps the videos of one person or source together.";

/// Takes frames from videos, evenly over their length, and writes them as records.
#[derive(Debug, Parser)]
#[command(
    name = "wo-extract",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    help_template = "{usage-heading} {usage}\n\n{about-with-newline}\n{all-args}{after-help}"
)]
// More than 12 fields: clap wants one for each flag.
pub struct Args {
    /// Another command than taking frames.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Videos, images, and folders of them [default: data/training_data]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// One more folder of videos
    #[arg(long, value_name = "DIR")]
    pub video_dir: Option<PathBuf>,
    /// How many frames to take from each video
    #[arg(long, value_name = "N", default_value_t = FRAMES_PER_VIDEO)]
    pub frames_per_video: NonZeroU32,
    /// How to choose frames: `uniform` or `jitter` (one from each of N equal segments), `phase` (equal phases of the
    /// repetitions), `keyframes` (fastest), `fps=F`, `every=K`
    #[arg(long, value_name = "HOW", default_value = "uniform")]
    pub sample: Sample,
    /// Take exactly the middle frame of each segment, even where a neighbour decodes faster
    #[arg(long)]
    pub exact: bool,
    /// Exclude frames less sharp than this (variance of the Laplacian); `auto` is half the median of the video. The next
    /// best frame of the segment replaces them
    #[arg(long, value_name = "auto|X")]
    pub min_sharpness: Option<MinSharpness>,
    /// Exclude frames darker than this, from 0 to 1
    #[arg(long, value_name = "X")]
    pub min_brightness: Option<f64>,
    /// Exclude near-duplicate frames of a video
    #[arg(long)]
    pub drop_duplicates: bool,
    /// Write a `dropped` record for each excluded frame
    #[arg(long)]
    pub emit_dropped: bool,
    /// Detect cuts, and record the shot of each frame
    #[arg(long)]
    pub cuts: bool,
    /// Length of the short side of a frame, in pixels
    #[arg(long, value_name = "PX", default_value_t = SIZE, value_parser = clap::value_parser!(u32).range(8..=4096))]
    pub size: u32,
    /// Write the frames as files into this folder, with tables and records, and not into the stream; videos that an earlier
    /// run finished are not decoded again
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// With --out: retry files that failed in an earlier run, except those that crashed the decoder
    #[arg(long, requires = "out")]
    pub retry_failed: bool,
    /// With --out: delete the frames and errors of files that are no longer in the given folders
    #[arg(long, requires = "out", conflicts_with = "shard", value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "gone")]
    pub prune: Option<PruneFlag>,
    /// With --out: restore deleted frames, except those deleted on the page of wo-review
    #[arg(long, requires = "out")]
    pub restore: bool,
    /// Run as a decoder that takes jobs from the socket on stdin.
    #[arg(long, hide = true)]
    pub serve: bool,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub shard: ShardFlag,
    /// The seed of `jitter`.
    #[command(flatten)]
    pub seed: Seed,
    /// How files are decoded.
    #[command(flatten)]
    pub decoding: DecodingArgs,
    /// What every tool takes.
    #[command(flatten)]
    pub common: Common,
}

/// Which frames and errors of missing files are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PruneFlag {
    /// Those of missing files, unless most videos are missing or an exercise's folder is empty: the disk may be unmounted
    Gone,
    /// Those of all missing files
    All,
}

/// What the tool does beside taking frames.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Describe videos without taking frames: their properties, problems for training (warnings) and minor findings (notes)
    Probe(ProbeArgs),
}

/// Describes videos without taking frames: their properties, problems for training (warnings) and minor findings (notes).
#[derive(Debug, clap::Args)]
pub struct ProbeArgs {
    /// Videos, images, and folders of them [default: data/training_data]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Print a table with a legend, not records
    #[arg(long)]
    pub table: bool,
}

/// How files are decoded.
#[derive(Debug, clap::Args)]
pub struct DecodingArgs {
    /// Give up on a file that makes no progress for this long; waiting for a busy processor does not count
    #[arg(long, global = true, value_name = "SECONDS", default_value = "10")]
    pub stall_timeout: NonZeroU64,
    /// Give up on a file that takes longer than this
    #[arg(long, global = true, value_name = "SECONDS", default_value = "600")]
    pub file_timeout: NonZeroU64,
    /// What to do where decoders cannot be sandboxed, away from files, network and other processes
    #[arg(long, global = true, value_name = "WHEN", default_value = "require")]
    pub sandbox: SandboxFlag,
    /// The program that decodes; by default this one.
    #[arg(long, global = true, hide = true, default_value = "/proc/self/exe")]
    pub worker: PathBuf,
    /// How to show progress
    #[arg(long, global = true, value_name = "HOW", default_value = "auto")]
    pub progress: ShowProgress,
    /// How many files to decode at the same time
    #[command(flatten)]
    pub threads: Threads,
}

/// Whether decoding without a sandbox is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SandboxFlag {
    /// Stop unless the whole sandbox works
    Require,
    /// Decode, and warn if a part of the sandbox is missing
    Auto,
    /// Decode without a sandbox
    Off,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
