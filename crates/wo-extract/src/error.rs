//! Why one file gives no frames, or not all. Never ends a run.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wo_record::Failure;

use crate::TOOL;

/// What went wrong with one file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ExtractError {
    /// One of `wo_record::code`.
    pub(crate) code: Cow<'static, str>,
    /// What happened, for a person.
    pub(crate) what: String,
}

impl ExtractError {
    /// An error of kind `code`.
    pub(crate) fn new(code: &'static str, what: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            what: what.into(),
        }
    }

    /// The record of this error of the file at `path`.
    pub(crate) fn into_failure(self, path: &Path, video_id: Option<&str>) -> Failure {
        Failure {
            code: self.code.into_owned(),
            what: self.what,
            tool: TOOL.to_owned(),
            path: Some(path.into()),
            video_id: video_id.map(str::to_owned),
        }
    }
}
