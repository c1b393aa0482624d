//! Where the videos of a run are, and what is done with them.

use std::path::{Path, PathBuf};

use wo_cli::{CaptionsFlag, Reading, shell_word};

use crate::data::frame_cache::Storage;
use crate::data::split::Shares;

/// The settings of [`crate::data::reader::read_dataset`].
#[derive(Debug, Clone)]
pub(crate) struct DataConfig {
    pub(crate) source: Source,
    /// The folder of the file that holds decoded frames.
    pub(crate) store_dir: PathBuf,
    pub(crate) storage: Storage,
    pub(crate) captions: CaptionsFlag,
    pub(crate) reading: Reading,
    pub(crate) mixed: Mixed,
    pub(crate) near_duplicates: NearDuplicates,
    pub(crate) shares: Shares,
    pub(crate) seed: u64,
}

/// Where the videos come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A folder of labelled frames.
    Folder(PathBuf),
    /// A file of records; `-` or `None` is stdin.
    Stream(Option<PathBuf>),
}

/// What becomes of frames that say otherwise than most frames of their video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mixed {
    /// They are named and not trained on
    LeaveOut,
    /// Each trains with its own label, and judges nothing
    Frames,
}

/// What becomes of videos that show the same frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum NearDuplicates {
    /// They are named and made one group, so that no split parts them
    Group,
    /// The run ends where they would make one group of two persons or sources
    Refuse,
    /// The first of those with one label is trained on, the others are named and left out
    Drop,
}

impl DataConfig {
    /// The command that writes descriptions into the input.
    pub(crate) fn describe_command(&self) -> String {
        let records = match &self.source {
            Source::Folder(folder) => Some(folder.join("records.ndjson")).filter(|it| it.exists()),
            Source::Stream(input) => input.clone().filter(|it| it != Path::new("-")),
        };
        match (records, &self.source) {
            (Some(records), _) => {
                let records = shell_word(&records);
                format!("wo-describe writes them: wo-describe {records} -o {records}")
            }
            (None, Source::Folder(_)) => "write them into the column description".to_owned(),
            (None, Source::Stream(_)) => {
                "wo-describe writes them: wo-extract DIR | wo-describe | wo-train".to_owned()
            }
        }
    }
}
