//! Reads the text files of a model's folder, within limits.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::checkpoint::pt_file::MAX_TEXT;

/// Reads a text file of a folder.
pub(crate) fn text(folder: &Path, name: &str) -> anyhow::Result<String> {
    let read = || -> anyhow::Result<String> {
        let path = folder.join(name);
        ensure!(fs::metadata(&path)?.is_file(), "not a regular file");
        let mut text = String::new();
        wo_cli::open_file(&path)?
            .take(MAX_TEXT + 1)
            .read_to_string(&mut text)?;
        ensure!(text.len() as u64 <= MAX_TEXT, "more than {MAX_TEXT} bytes");
        Ok(text)
    };
    read().with_context(|| format!("read {name}"))
}
