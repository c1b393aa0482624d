//! One video to fetch: a row of the table, or an entry of the playlist that a row names.

use std::path::Path;

use wo_record::Name;

use crate::downloader::VideoInfo;
use crate::provenance::Said;
use crate::sources::{Address, Row, Section};
use crate::video_files::stem_of;

/// One video to fetch.
#[derive(Debug)]
pub(crate) struct Target {
    /// The line of its row.
    pub(crate) line: u64,
    pub(crate) address: Address,
    pub(crate) said: Said,
    /// What the ledger knows it by: its address, with the part that is wanted behind it.
    pub(crate) key: String,
    /// Its description, where it came with its playlist.
    pub(crate) video: Option<VideoInfo>,
}

impl Target {
    /// What a row names.
    pub(crate) fn of_row(row: &Row) -> Self {
        Self::new(row.line, row.address.clone(), row.said.clone())
    }

    fn new(line: u64, address: Address, said: Said) -> Self {
        let mut target = Self {
            line,
            key: String::new(),
            address,
            said,
            video: None,
        };
        target.key = format!("{}{}", target.address.text(), target.section().fragment());
        target
    }

    /// An entry of the playlist that this row names.
    pub(crate) fn entry(&self, url: String, video: Option<VideoInfo>) -> Self {
        let entry = Self::new(self.line, Address::Web(url), self.said.clone());
        Self { video, ..entry }
    }

    /// The part of the video that is wanted.
    pub(crate) fn section(&self) -> Section {
        Section {
            start_s: self.said.start_s,
            end_s: self.said.end_s,
        }
    }

    /// The name of its file without the ending.
    pub(crate) fn stem(&self) -> String {
        stem_of(&self.key)
    }

    /// Its file, from the folder of videos.
    pub(crate) fn path(&self, ending: &str) -> String {
        format!("{}/{}.{ending}", self.folder(), self.stem())
    }

    /// The folder of its file: `squat/bad_form/knees_cave`. Names have letters, digits and underscores.
    pub(crate) fn folder(&self) -> String {
        let mut folder = format!("{}/{}", self.said.exercise, self.said.label);
        let faults = self.said.faults.iter().map(Name::as_str);
        let faults = faults.collect::<Vec<_>>().join("-");
        if !faults.is_empty() {
            folder.push('/');
            folder.push_str(&faults);
        }
        folder
    }

    /// The folder that a stored file lies in.
    pub(crate) fn folder_of(path: &str) -> &str {
        let folder = Path::new(path).parent().and_then(Path::to_str);
        folder.unwrap_or_default()
    }
}
