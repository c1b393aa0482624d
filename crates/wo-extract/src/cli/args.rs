//! The command line, as data.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use clap::Parser;
use wo_cli::{Common, Seed, ShowProgress, Threads};

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

Labels come from the folders: <exercise>/<label>/video.mp4, such as squat/bad_form/0007.mp4.
A groups.csv (path,person_id,source_id,angle) beside or above the videos says what a split keeps together, and from where
a video was filmed.";

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
pub struct Args {
    /// What to do, if not to take frames.
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
    /// Which: `uniform` or `jitter` (one of each of N equal segments), `phase` (equally far through the repetitions),
    /// `keyframes` (quickest), `fps=F`, `every=K`
    #[arg(long, value_name = "HOW", default_value = "uniform")]
    pub sample: Sample,
    /// Take the frames at exactly the middle of each segment, even where others of it are quicker to decode
    #[arg(long)]
    pub exact: bool,
    /// Leave out frames less sharp than this (variance of the Laplacian), or with `auto` less than half as sharp as usual in
    /// their video; the next best of their segment takes their place
    #[arg(long, value_name = "auto|X")]
    pub min_sharpness: Option<MinSharpness>,
    /// Leave out frames darker than this, from 0 to 1
    #[arg(long, value_name = "X")]
    pub min_brightness: Option<f64>,
    /// Leave out frames that look like another one of their video
    #[arg(long)]
    pub drop_duplicates: bool,
    /// Write a `dropped` record for each frame left out
    #[arg(long)]
    pub emit_dropped: bool,
    /// Look for cuts, and say which shot each frame is from
    #[arg(long)]
    pub cuts: bool,
    /// Length of the short side of a frame, in pixels
    #[arg(long, value_name = "PX", default_value_t = SIZE, value_parser = clap::value_parser!(u32).range(8..=4096))]
    pub size: u32,
    /// Write the frames as files into this folder, with tables and records, instead of into the stream; what an earlier
    /// run finished there is not done again
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// With --out: try files again that failed in an earlier run, but not those that crashed the decoder
    #[arg(long, requires = "out")]
    pub retry_failed: bool,
    /// With --out: take away the frames and errors of files that are no longer in the folders given
    #[arg(long, requires = "out", value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "gone")]
    pub prune: Option<PruneFlag>,
    /// With --out: bring deleted frames back, but for those that were deleted on the page of wo-review
    #[arg(long, requires = "out")]
    pub restore: bool,
    /// Be a decoder: take jobs from the socket that is stdin.
    #[arg(long, hide = true)]
    pub serve: bool,
    /// What `jitter` is drawn from.
    #[command(flatten)]
    pub seed: Seed,
    /// How files are decoded.
    #[command(flatten)]
    pub decoding: DecodingArgs,
    /// What every tool takes.
    #[command(flatten)]
    pub common: Common,
}

/// What of files that are no longer there is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PruneFlag {
    /// What is gone, unless most videos are or an exercise's folder is empty: then their disk may be missing
    Gone,
    /// All that is not there
    All,
}

/// What can be done with videos beside taking their frames.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Say what videos are like, what speaks against using them (warnings) and what is good to know (notes), without taking
    /// frames
    Probe(ProbeArgs),
}

/// Says what videos are like, what speaks against using them (warnings) and what is good to know (notes), without taking
/// frames.
#[derive(Debug, clap::Args)]
pub struct ProbeArgs {
    /// Videos, images, and folders of them [default: data/training_data]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Print a table for people instead of records, with what its words mean
    #[arg(long)]
    pub table: bool,
}

/// How files are decoded.
#[derive(Debug, clap::Args)]
pub struct DecodingArgs {
    /// Give a file up that shows no progress for this long; waiting for a busy processor does not count
    #[arg(long, global = true, value_name = "SECONDS", default_value = "10")]
    pub stall_timeout: NonZeroU64,
    /// Give a file up that takes longer than this
    #[arg(long, global = true, value_name = "SECONDS", default_value = "600")]
    pub file_timeout: NonZeroU64,
    /// Whether to decode where decoders cannot be locked in: away from files, network and other processes
    #[arg(long, global = true, value_name = "WHEN", default_value = "require")]
    pub sandbox: SandboxFlag,
    /// The program that decodes, if not this one.
    #[arg(long, global = true, hide = true, default_value = "/proc/self/exe")]
    pub worker: PathBuf,
    /// How to say how far the run is
    #[arg(long, global = true, value_name = "HOW", default_value = "auto")]
    pub progress: ShowProgress,
    /// How many files to decode at the same time
    #[command(flatten)]
    pub threads: Threads,
}

/// Whether decoding without walls is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SandboxFlag {
    /// Decode only behind all walls
    Require,
    /// Warn where a wall is missing
    Auto,
    /// No walls
    Off,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
