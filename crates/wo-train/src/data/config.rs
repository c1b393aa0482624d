//! Where the videos of a run are, and how they are used and split.

use std::path::{Path, PathBuf};

use wo_cli::{CaptionsFlag, Reading, shell_word};
use wo_input::{folder_of_frames, is_list_of_shards};
use wo_record::GroupBy;

use crate::data::frame_cache::Storage;
use crate::data::split::Fractions;

/// The settings of [`crate::data::reader::read_dataset`].
#[derive(Debug, Clone)]
pub(crate) struct DataConfig {
    pub(crate) source: Source,
    /// The folder of the cache of decoded frames.
    pub(crate) cache_dir: PathBuf,
    pub(crate) storage: Storage,
    pub(crate) captions: CaptionsFlag,
    pub(crate) reading: Reading,
    pub(crate) mixed: Mixed,
    pub(crate) near_duplicates: NearDuplicates,
    pub(crate) group_by: GroupBy,
    pub(crate) fractions: Fractions,
    pub(crate) seed: u64,
}

/// Where the videos come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A folder of labelled frames.
    Folder(PathBuf),
    /// A file of records; `-` or `None` is stdin.
    Stream(Option<PathBuf>),
    /// Tar shards, named as WebDataset does.
    Shards(String),
}

impl Source {
    /// What `--data-dir` names: a folder, or tar shards.
    pub(crate) fn of_data_dir(named: &Path) -> Self {
        let shards = named.to_str().filter(|it| is_list_of_shards(it));
        match shards.filter(|_| !named.is_dir()) {
            Some(shards) => Self::Shards(shards.to_owned()),
            None => Self::Folder(named.to_owned()),
        }
    }
}

/// What to do with frames whose label differs from their video's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mixed {
    /// Report and exclude them.
    LeaveOut,
    /// Train on each with its own label; never validate on it.
    Frames,
}

/// What to do with videos that show the same frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NearDuplicates {
    /// Report them and keep them in one group, so that no split separates them.
    Group,
    /// Stop if they join two persons or sources.
    Refuse,
    /// Keep the first of those with the same label; report and exclude the others.
    Drop,
}

impl DataConfig {
    /// The folder of frames that it reads, or whose records it reads, if any.
    pub(crate) fn folder_of_frames(&self) -> Option<PathBuf> {
        match &self.source {
            Source::Folder(folder) => folder_of_frames(Some(folder), None),
            Source::Stream(input) => folder_of_frames(None, input.as_deref()),
            Source::Shards(_) => None,
        }
    }

    /// The command that writes descriptions into the input.
    pub(crate) fn describe_command(&self) -> String {
        let records = match &self.source {
            Source::Folder(folder) => Some(folder.join("records.ndjson")).filter(|it| it.exists()),
            Source::Stream(input) => input.clone().filter(|it| it != Path::new("-")),
            Source::Shards(_) => None,
        };
        match (records, &self.source) {
            (Some(records), _) => {
                let records = shell_word(&records);
                format!("wo-describe writes them: wo-describe {records} -o {records}")
            }
            (None, Source::Folder(_)) => "write them into the column description".to_owned(),
            (None, Source::Shards(_)) => {
                "wo-describe writes them into new shards: wo-describe RECORDS --to webdataset -o 'frames-%06d.tar'"
                    .to_owned()
            }
            (None, Source::Stream(_)) => {
                "wo-describe writes them: wo-extract DIR | wo-describe | wo-train".to_owned()
            }
        }
    }
}
