//! The command line, as data.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use clap::Parser;
use wo_cli::{Common, Seed, Threads};

use crate::sample::Sample;
use crate::worker::Sandbox;

/// What `--help` ends with.
const EXAMPLES: &str = "\
Examples:
  wo-extract squat.mp4 | head -3
  wo-extract data/training_data --out data/frames
  wo-extract data/training_data/squat --frames-per-video 20 | wo-describe > described.ndjson

Labels come from the folders: <exercise>/<label>/video.mp4, such as squat/bad_form/0007.mp4.
A groups.csv (path,person_id,source_id) beside or above the videos says what a split keeps together.";

/// Takes frames from videos, evenly over their length, and writes them as records.
#[derive(Debug, Parser)]
#[command(
    name = "wo-extract",
    version,
    after_help = EXAMPLES,
    help_template = "{usage-heading} {usage}\n\n{about-with-newline}\n{all-args}{after-help}"
)]
pub struct Args {
    /// Videos, images, and folders of them [default: data/training_data]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// One more folder of videos
    #[arg(long, value_name = "DIR")]
    pub video_dir: Option<PathBuf>,
    /// How many frames to take from each video
    #[arg(long, value_name = "N", default_value = "10")]
    pub frames_per_video: NonZeroU32,
    /// Which: `uniform` or `jitter` (one of each of N equal segments), `keyframes` (quickest), `fps=F`, `every=K`
    #[arg(long, value_name = "HOW", default_value = "uniform")]
    pub sample: Sample,
    /// Take the frames at exactly the middle of each segment, even where others of it are quicker to decode
    #[arg(long)]
    pub exact: bool,
    /// Length of the short side of a frame, in pixels
    #[arg(long, value_name = "PX", default_value_t = 512, value_parser = clap::value_parser!(u32).range(8..=4096))]
    pub size: u32,
    /// Write the frames as files into this folder, with tables and records, instead of into the stream; what an earlier
    /// run finished there is not done again
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// With --out: try files again that failed in an earlier run, but not those that crashed the decoder
    #[arg(long, requires = "out")]
    pub retry_failed: bool,
    /// With --out: take away the frames of videos that are no longer in the folders given
    #[arg(long, requires = "out")]
    pub prune: bool,
    /// Give a file up that shows no progress for this long
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    pub stall_timeout: NonZeroU64,
    /// Give a file up that takes longer than this
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    pub file_timeout: NonZeroU64,
    /// Whether to decode where decoders cannot be locked in: away from files, network and other processes
    #[arg(long, value_name = "WHEN", default_value = "require")]
    pub sandbox: Sandbox,
    /// The program that decodes, if not this one.
    #[arg(long, hide = true, default_value = "/proc/self/exe")]
    pub worker: PathBuf,
    /// Be a decoder: take jobs from the socket that is stdin.
    #[arg(long, hide = true)]
    pub serve: bool,
    /// What `jitter` is drawn from.
    #[command(flatten)]
    pub seed: Seed,
    /// How many files to decode at the same time
    #[command(flatten)]
    pub threads: Threads,
    /// What every tool takes.
    #[command(flatten)]
    pub common: Common,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
