//! The folder of a run, beside its model: snapshots while it lasts, and a lock against another run.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;
use wo_cli::{Exit, bail};

use crate::artifacts::previous_model::beside;

/// The folder of a run. No other run uses it meanwhile.
#[derive(Debug)]
pub(crate) struct RunDir {
    model: PathBuf,
    dir: PathBuf,
    /// The folders above it that were not there, the deepest first.
    made: Vec<PathBuf>,
    _lock: File,
}

impl RunDir {
    /// For the model at `model`; creates the folder if it is missing.
    pub(crate) fn open(model: &Path) -> anyhow::Result<Self> {
        let dir = beside(model, ".training");
        let above = dir.ancestors().skip(1);
        let made = above.take_while(|it| !it.as_os_str().is_empty() && !it.exists());
        let made = made.map(Path::to_owned).collect();
        fs::create_dir_all(&dir).with_context(|| format!("create the folder {}", dir.display()))?;
        let lock = File::open(&dir).with_context(|| format!("open {}", dir.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                model: model.to_owned(),
                dir,
                made,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => {
                bail!(Exit::Locked, "another run is training {}", model.display())
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("lock {}", dir.display()))
            }
        }
    }

    /// The folder of snapshots.
    pub(crate) fn snapshots(&self) -> &Path {
        &self.dir
    }

    /// Writes `notes` into the model's folder, or beside its file, and removes the folder of the run.
    pub(crate) fn close(self, notes: &BTreeMap<&str, String>) -> anyhow::Result<()> {
        for (name, text) in notes {
            let path = if self.model.is_dir() {
                self.model.join(name)
            } else {
                beside(&self.model, &format!(".{name}"))
            };
            let write = || {
                let mut file = AtomicWriteFile::open(&path)?;
                file.write_all(text.as_bytes())?;
                file.commit()
            };
            write().with_context(|| format!("write {}", path.display()))?;
        }
        fs::remove_dir_all(&self.dir).with_context(|| format!("remove {}", self.dir.display()))
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        // Only removes empty folders: snapshots stay for resuming, and a model for using it.
        for dir in std::iter::once(&self.dir).chain(&self.made) {
            let _ = fs::remove_dir(dir);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_writes_nothing_leaves_no_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let model = folder.path().join("models/new/squat");
        let run_dir = RunDir::open(&model).expect("a folder that can be made");
        assert!(run_dir.snapshots().is_dir());
        drop(run_dir);
        assert!(!folder.path().join("models").exists());
        // What was there before stays.
        fs::create_dir(folder.path().join("models")).expect("a folder");
        drop(RunDir::open(&model).expect("the same"));
        assert!(folder.path().join("models").is_dir());
    }
}
