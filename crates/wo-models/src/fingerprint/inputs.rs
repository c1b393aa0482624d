//! The files that a run of `scripts/retrain` reads.

use std::path::{Path, PathBuf};

use anyhow::Context;
use walkdir::WalkDir;
use wo_folder::{MEDIA_ENDINGS, RECORDS, REVIEWS, STATE, TRASH, has_ending};

/// Videos and what is said of them, as `wo-extract` reads it.
const VIDEOS: &str = "data/training_data";
/// Frames, tables and reviews.
const FRAMES: &str = "data/labeled_frames";
/// Single files.
const FILES: [&str; 2] = ["data/captions.toml", "wo.toml"];

/// A file that is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) content: Content,
}

/// What of a file counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Content {
    /// Its bytes.
    Bytes,
    /// Its size: frames are made from the videos, and a person may only delete one.
    Size(u64),
    /// That it is there: it follows from all others.
    Presence,
}

/// All files that a run reads, in the order of their paths.
pub(crate) fn inputs(more: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for (path, _) in files_below(Path::new(VIDEOS))? {
        let is_read = has_ending(&path, &MEDIA_ENDINGS) || has_ending(&path, &["csv"]);
        inputs.extend(is_read.then_some(Input {
            path,
            content: Content::Bytes,
        }));
    }
    for (path, size) in files_below(Path::new(FRAMES))? {
        inputs.extend(content_of_frames(&path, size).map(|content| Input { path, content }));
    }
    let single = FILES.iter().map(PathBuf::from).chain(more.iter().cloned());
    inputs.extend(single.filter(|it| it.is_file()).map(|path| Input {
        path,
        content: Content::Bytes,
    }));
    inputs.sort();
    Ok(inputs)
}

/// What counts of a file in the folder of frames.
fn content_of_frames(path: &Path, size: u64) -> Option<Content> {
    let name = path.file_name()?.to_str()?;
    if [RECORDS, STATE].contains(&name) {
        return Some(Content::Presence);
    }
    if path.components().any(|it| it.as_os_str() == TRASH) || name.starts_with('.') {
        return None;
    }
    let is_text = name == REVIEWS || has_ending(path, &["csv"]);
    if is_text {
        return Some(Content::Bytes);
    }
    has_ending(path, &MEDIA_ENDINGS).then_some(Content::Size(size))
}

/// The files below a folder, with their sizes. A folder that is not there has none.
fn files_below(folder: &Path) -> anyhow::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in WalkDir::new(folder).follow_links(true) {
        let entry = entry.with_context(|| format!("read the folder {}", folder.display()))?;
        if entry.file_type().is_file() {
            let size = entry.metadata().context("read the size of a file")?.len();
            files.push((entry.into_path(), size));
        }
    }
    Ok(files)
}
