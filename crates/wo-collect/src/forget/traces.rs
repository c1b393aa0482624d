//! What is looked for in all files: the ids, names, paths, hashes and addresses of what is forgotten. It is the content of
//! the note that a killed run leaves for the next one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use wo_record::same_id;

/// All that is known of what is forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Traces {
    /// Random digits: this takedown among others.
    pub(crate) id: String,
    /// Ids of videos, each with what takes its place where something must.
    pub(crate) videos: BTreeMap<String, String>,
    /// Persons and sources of which nothing else is left, such as `person:anna`, each with what takes its place.
    pub(crate) keys: BTreeMap<String, String>,
    /// These persons and sources as people spell them.
    pub(crate) names: BTreeSet<String>,
    /// Paths of the videos: from the folder of videos, and as records and tables have them.
    pub(crate) paths: BTreeSet<String>,
    /// Names of their files that no other video has.
    pub(crate) file_names: BTreeSet<String>,
    /// Files that are theirs by what a table, a ledger or records say.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Hashes of their frames' images.
    pub(crate) images: BTreeSet<String>,
    /// Their addresses, which no other video has.
    pub(crate) addresses: BTreeSet<String>,
    /// Addresses that other videos have as well, with the part that is theirs behind them.
    pub(crate) parts: BTreeSet<String>,
    /// Models that were trained on them.
    pub(crate) trained: BTreeSet<PathBuf>,
}

impl Traces {
    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.videos.is_empty()
            && self.keys.is_empty()
            && self.paths.is_empty()
            && self.addresses.is_empty()
    }

    /// What begins all that takes the place of something.
    pub(crate) fn token(&self) -> String {
        format!("forgotten-{}", self.id)
    }

    /// Whether a person, as somebody spells them, is forgotten.
    pub(crate) fn has_person(&self, person: &str) -> bool {
        self.keys
            .contains_key(&format!("person:{}", same_id(person)))
    }

    /// Whether a source is forgotten.
    pub(crate) fn has_source(&self, source: &str) -> bool {
        self.keys
            .contains_key(&format!("source:{}", same_id(source)))
    }
}
