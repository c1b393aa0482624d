//! The record of what became of a source of videos.

use serde::{Deserialize, Serialize};

use crate::{Name, RecordPath, SourceOutcome};

/// A source that `wo-collect` was asked for, and what became of it in this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// The address or file; of a video of a playlist its own address.
    pub url: String,
    /// The line of the table of sources that names it.
    #[serde(default)]
    pub line: Option<u64>,
    /// What became of it, a stable word such as `fetched`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub outcome: SourceOutcome,
    /// The video's file.
    #[serde(default)]
    pub path: Option<RecordPath>,
    /// The video.
    #[serde(default)]
    pub video_id: Option<String>,
    /// Name of the exercise.
    #[serde(default)]
    pub exercise: Option<Name>,
    /// The label.
    #[serde(default)]
    pub label: Option<Name>,
    /// The title that the site gives.
    #[serde(default)]
    pub title: Option<String>,
    /// Who uploaded it.
    #[serde(default)]
    pub uploader: Option<String>,
    /// Under which licence.
    #[serde(default)]
    pub licence: Option<String>,
    /// Why it was not fetched, for a person.
    #[serde(default)]
    pub what: Option<String>,
    /// When it is tried again, RFC 3339.
    #[serde(default)]
    pub next_try: Option<String>,
}
