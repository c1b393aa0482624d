//! The command line, as data.

use std::path::PathBuf;

use wo_cli::{CaptionsFlag, Common, Reading};

/// Give frames a label and a description
///
/// Reads records and writes them again. Each labelled frame gets a description from the captions table: what its
/// exercise looks like when it is done well, or what its faults look like. Faults come from the CSV, from the record,
/// or from the name of the video's file or folder, such as bad_form/knees_cave_003.mp4.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "wo-describe", version, after_help = EXAMPLES)]
pub struct Args {
    /// Records to read; `-` or nothing is stdin
    #[arg(value_name = "INPUT")]
    pub input: Option<PathBuf>,
    /// CSV frame_path,label,description and maybe faults, which overrides records; of several the last one wins
    #[arg(long, value_name = "FILE")]
    pub csv: Vec<PathBuf>,
    /// Reviews of wo-review, which override records and CSVs: labels, faults, descriptions, and frames thrown away
    #[arg(long, value_name = "FILE")]
    pub reviews: Option<PathBuf>,
    #[expect(missing_docs, reason = "documented where it is defined")]
    #[command(flatten)]
    pub captions: CaptionsFlag,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "ndjson")]
    pub to: Format,
    /// Write to FILE, whole or not at all, instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
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
  wo-describe frames/records.ndjson --csv labels.csv | wo-train -o model
  wo-extract data/training_data | wo-describe --reviews frames/reviews.ndjson | wo-train -o model

Edit the tables of a folder of frames in place. A table of all its frames beside them, such as
frames/labels.csv, says everything twice, and contradicts them once one of the two is edited.";

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Records
    Ndjson,
    /// The table frame_path,label,description, for a spreadsheet
    Csv,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
