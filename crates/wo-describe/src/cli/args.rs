//! The command line, as data.

use std::path::PathBuf;

use wo_cli::{CaptionsFlag, Common, Reading};
use wo_shard::ShardFlag;
use wo_webdataset::ShardSize;

/// Add labels and descriptions to frames
///
/// Reads records and writes them with descriptions. The captions table describes what good form and each fault look like.
/// Faults come from a CSV, from the record, or from the name of the video's file or folder, such as
/// bad_form/knees_cave_003.mp4.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "wo-describe", version, after_help = EXAMPLES)]
pub struct Args {
    /// Records to read; `-` or no INPUT is stdin
    #[arg(value_name = "INPUT")]
    pub input: Option<PathBuf>,
    /// CSV with frame_path,label,description and optional faults; overrides records; the last CSV wins
    #[arg(long, value_name = "FILE")]
    pub csv: Vec<PathBuf>,
    /// Reviews of wo-review; override records and CSVs: labels, faults, descriptions, deleted frames
    #[arg(long, value_name = "FILE")]
    pub reviews: Option<PathBuf>,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub captions: CaptionsFlag,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "ndjson")]
    pub to: FormatFlag,
    /// Write to FILE instead of stdout; FILE is replaced only when complete. For --to webdataset the name of the tar
    /// files with one place for their number, such as frames-%06d.tar; files that are there are never replaced
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How much a tar file holds before the next video goes into another one: frames, such as 5000, or bytes, such as
    /// 500MB [default: 10000]
    #[arg(long, value_name = "SIZE")]
    pub tar_size: Option<ShardSize>,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub shard: ShardFlag,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub reading: Reading,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub common: Common,
}

const EXAMPLES: &str = "Examples:
  wo-extract data/training_data | wo-describe | wo-train -o model
  wo-describe frames/records.ndjson -o frames/records.ndjson
  wo-describe frames/records.ndjson --to csv -o labels.csv
  wo-describe records.ndjson --shard 2/8 | wo-eval --model model --shard 2/8 > part-2.ndjson
  wo-describe frames/records.ndjson --csv labels.csv | wo-train -o model
  wo-describe frames/records.ndjson --to webdataset -o 'frames-%06d.tar'
  wo-extract data/training_data | wo-describe --reviews frames/reviews.ndjson | wo-train -o model

Edit the tables of a folder of frames in place. Do not put a table of all frames beside them,
such as frames/labels.csv: after an edit the two tables contradict each other.";

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FormatFlag {
    /// Records
    Ndjson,
    /// The table frame_path,label,description, for a spreadsheet
    Csv,
    /// Tar files with an image, a text and a JSON file for each frame, as WebDataset and open_clip read them
    Webdataset,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
