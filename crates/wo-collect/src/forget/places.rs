//! The places on the disk that a path may mean, as tables, ledgers and the shell write it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::cli::config::Places;
use crate::forget::known::Known;
use crate::provenance::base_of;
use crate::sources::Address;

/// Where paths begin, beside the working directory.
#[derive(Debug)]
pub(crate) struct Roots {
    /// The folder of videos.
    videos: PathBuf,
    /// The folder of the table of sources.
    table: PathBuf,
}

impl Roots {
    /// Those of a workspace.
    pub(crate) fn of(places: &Places) -> Self {
        let table = places.sources.parent().unwrap_or(Path::new(""));
        Self {
            videos: places.videos.clone(),
            table: table.to_owned(),
        }
    }

    /// All places that a target may mean.
    pub(crate) fn meant_by(&self, text: &str) -> BTreeSet<PathBuf> {
        let text = base_of(text.trim());
        if text.is_empty() {
            return BTreeSet::new();
        }
        let path = Path::new(text);
        let from = [
            path.to_owned(),
            self.videos.join(path),
            self.table.join(path),
        ];
        from.into_iter()
            .chain(self.of_address(text))
            .flat_map(spellings)
            .collect()
    }

    /// All places where files of a video are or were.
    pub(crate) fn of_known(&self, known: &Known) -> BTreeSet<PathBuf> {
        let paths = known.paths.iter();
        let paths = paths.flat_map(|path| [PathBuf::from(path), self.videos.join(path)]);
        let addresses = known.addresses.iter().flat_map(|address| {
            let address = base_of(address);
            let file = self.of_address(address);
            // A file may lie in the folder of videos already.
            let beside = file.is_some().then(|| self.videos.join(address));
            [file, beside].into_iter().flatten()
        });
        let places = paths.chain(addresses).chain(known.files.iter().cloned());
        places.flat_map(spellings).collect()
    }

    /// The file that an address is.
    fn of_address(&self, address: &str) -> Option<PathBuf> {
        match Address::of_cell(address, &self.table) {
            Ok(Address::File(_, path)) => Some(path),
            _ => None,
        }
    }
}

/// A path from the root, as it is written and as the disk has it.
fn spellings(path: PathBuf) -> impl Iterator<Item = PathBuf> {
    let mut written = PathBuf::new();
    for part in std::path::absolute(&path).unwrap_or_default().components() {
        if part == Component::ParentDir {
            written.pop();
        } else {
            written.push(part);
        }
    }
    [Some(written), fs::canonicalize(path).ok()]
        .into_iter()
        .flatten()
}
