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
    _lock: File,
}

impl RunDir {
    /// For the model at `model`; creates the folder if it is missing.
    pub(crate) fn open(model: &Path) -> anyhow::Result<Self> {
        let dir = beside(model, ".training");
        fs::create_dir_all(&dir).with_context(|| format!("create the folder {}", dir.display()))?;
        let lock = File::open(&dir).with_context(|| format!("open {}", dir.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                model: model.to_owned(),
                dir,
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
        // Only removes an empty folder: snapshots stay for resuming.
        let _ = fs::remove_dir(&self.dir);
    }
}
