//! What there is in a folder of collected videos, what to mend there, and what to do first.

use serde::{Deserialize, Serialize};

use crate::{FindingLevel, Name, RecordPath};

/// What there is of one exercise and label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Coverage {
    /// The exercise.
    pub exercise: Name,
    /// The label.
    pub label: Name,
    /// How many videos.
    pub n_videos: u64,
    /// The next of 10, 30 and 100; absent where there are that many.
    #[serde(default)]
    pub n_wanted: Option<u64>,
    /// How many persons.
    pub n_persons: u64,
    /// How many sources.
    pub n_sources: u64,
    /// How many videos whose person is not known.
    pub n_without_person: u64,
    /// How many videos whose source is not known.
    pub n_without_source: u64,
    /// From where they were filmed, as far as that is known.
    #[serde(default)]
    pub angles: Vec<Name>,
}

/// Something about collected videos that must be mended, or is good to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// A stable word, such as `one_person`.
    pub code: String,
    /// Whether it must be mended.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub level: FindingLevel,
    /// What is so, for a person.
    pub what: String,
    /// What to do about it.
    #[serde(default)]
    pub hint: Option<String>,
    /// The exercise that it is about.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// The label that it is about.
    #[serde(default)]
    pub label: Option<Name>,
    /// How many videos, rows or models it is about.
    pub n: u64,
    /// The files that it is about.
    #[serde(default)]
    pub paths: Vec<RecordPath>,
}

/// One of the things to do first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Advice {
    /// From 1, the most useful first.
    pub rank: u32,
    /// What to do, for a person.
    pub what: String,
    /// The codes of the findings that it mends.
    pub codes: Vec<String>,
    /// How many videos, rows or models it is about.
    pub n: u64,
}
