//! Folders: what is in them, and names in them that last. What cannot be read is an error, so that nothing is hidden by it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use walkdir::{DirEntry, WalkDir};
use wo_cli::{Exit, ExitWith};

/// The paths in a folder, in their order.
pub(crate) fn paths_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let reading = || format!("read the folder {}", folder.display());
    let entries = fs::read_dir(folder).with_context(reading)?;
    let paths: io::Result<Vec<PathBuf>> = entries.map(|it| Ok(it?.path())).collect();
    let mut paths = paths.with_context(reading)?;
    paths.sort();
    Ok(paths)
}

/// The files in and below a folder, in the order of their names. A link that leads nowhere or in a circle is no file.
pub(crate) fn files_below(folder: &Path) -> anyhow::Result<Vec<DirEntry>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => files.push(entry),
            Err(error) if !is_no_file(&error) => {
                return Err(error)
                    .with_context(|| format!("read {}", folder.display()))
                    .exit_with(Exit::Io);
            }
            _ => {}
        }
    }
    Ok(files)
}

fn is_no_file(error: &walkdir::Error) -> bool {
    let is_missing = |it: &io::Error| it.kind() == io::ErrorKind::NotFound;
    error.loop_ancestor().is_some() || error.io_error().is_some_and(is_missing)
}

/// Without this a power cut may lose names in a folder.
pub(crate) fn sync(folder: &Path) -> anyhow::Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("sync {}", folder.display()))
}
