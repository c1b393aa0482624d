//! The command line, as data.

use std::path::PathBuf;

use wo_cli::{Common, Reading, Seed, Threads};

/// Say how good a model is, and what it makes of a new video
///
/// Reads records, or a folder of labelled frames, and judges each video. Labelled videos are scored, but only those that
/// the model has not seen: a video whose person or source was in the model's training or validation split is left out.
/// The model is never told the exercise. Each figure comes with a 95 % interval from a bootstrap over groups, and beside
/// two baselines that look at no picture: the majority label of each exercise, and the length of the video.
///
/// On a terminal stdout is a table for people. Else it is records: a verdict for each video, then scores and confusions.
/// --table and --json choose one of the two by hand. --output FILE takes the records away from stdout, so that
/// `wo-eval --table --output eval.ndjson` gives both.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "wo-eval", version, after_help = EXAMPLES)]
pub struct Args {
    /// Records to read; `-` or nothing is stdin
    #[arg(value_name = "INPUT", conflicts_with = "data_dir")]
    pub input: Option<PathBuf>,
    /// Folder of labelled frames to read instead, as wo-extract --out leaves it
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The model to judge with: a directory or a .pt file of wo-train
    #[arg(
        long,
        value_name = "MODEL",
        default_value = "models/clip_finetuned_workout.pt"
    )]
    pub model: PathBuf,
    /// Score the videos that the model was trained or chosen on too, apart from the others
    #[arg(long)]
    pub include_seen: bool,
    /// Write a table for people to stdout, also where stdout is no terminal
    #[arg(long, conflicts_with = "json")]
    pub table: bool,
    /// Write records and no table, also where stdout is a terminal
    #[arg(long)]
    pub json: bool,
    /// Write the records to FILE, whole or not at all, instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Draw videos, frames and verdicts into a PNG
    #[arg(long, value_name = "FILE")]
    pub contact_sheet: Option<PathBuf>,
    /// How many videos the contact sheet shows: wrong verdicts first, then a mix of the others
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub contact_videos: u16,
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = wo_clip::device_name)]
    pub device: String,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub seed: Seed,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub threads: Threads,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub reading: Reading,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub common: Common,
}

const EXAMPLES: &str = "Examples:
  wo-eval --data-dir data/training_data --model models/clip_finetuned_workout.pt
  wo-extract new_video.mp4 | wo-eval > verdict.ndjson
  wo-extract data/training_data | wo-eval --table --output eval.ndjson --contact-sheet eval.png";

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
