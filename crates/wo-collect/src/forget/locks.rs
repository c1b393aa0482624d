//! The locks of all that other tools may be writing: a takedown waits for none of them.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, bail};
use wo_folder::{FolderLock, is_frame_folder};

use crate::cli::config::ForgetConfig;
use crate::disk::paths_in;
use crate::forget::files::{FileList, Kind};

/// How the folders of unfinished trainings end; who trains holds their lock.
pub(crate) const TRAINING: &str = ".training";

/// All locks, held as long as this lives.
#[derive(Debug)]
pub(crate) struct Locks {
    _folders: Vec<FolderLock>,
    _files: Vec<File>,
}

impl Locks {
    /// Takes them. Where another run holds one, that is an error with the exit code 75.
    pub(crate) fn take(config: &ForgetConfig, list: &FileList) -> anyhow::Result<Self> {
        let mut folders = Vec::new();
        let mut files = Vec::new();
        for path in list.of_kind(&[Kind::Lines, Kind::Reviews]) {
            let dir = path.parent().unwrap_or(Path::new("."));
            let is_known = path.file_name().is_some_and(|name| {
                name == wo_folder::RECORDS && !dir.join(wo_folder::STATE).exists()
                    || name == wo_folder::STATE
            });
            if is_known && is_frame_folder(dir) && !dir.ends_with(wo_folder::TRASH) {
                folders.push(FolderLock::take(dir)?);
            }
        }
        for path in list.of_kind(&[Kind::Reviews]) {
            files.push(take(path, "wo-review has the log open")?);
        }
        for folder in [&config.data, &config.models] {
            for path in entries(folder)? {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                if path.extension().is_some_and(|it| it == "lock") {
                    files.push(take(&path, "another run is at work")?);
                } else if name.ends_with(TRAINING) && path.is_dir() {
                    files.push(take(&path, "a model is being trained")?);
                }
            }
        }
        if config.models.is_dir() {
            files.push(take(&config.models, "wo-models is at work")?);
        }
        Ok(Self {
            _folders: folders,
            _files: files,
        })
    }
}

/// The entries of a folder; none where it is missing.
fn entries(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    paths_in(folder)
}

/// Takes the lock of a file or a folder. `who` holds it otherwise.
pub(crate) fn take(path: &Path, who: &str) -> anyhow::Result<File> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            Exit::Locked,
            "{}: {who}", path.display();
            "the same command works when that has ended"
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("lock {}", path.display()))
        }
    }
}
