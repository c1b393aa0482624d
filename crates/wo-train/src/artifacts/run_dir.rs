//! The folder of a run, beside its model: snapshots while it lasts, and a lock against another run.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};
use wo_cli::{Exit, bail};
use wo_record::Base;

use crate::artifacts::previous_model::beside;

/// Names the base model that the run began from.
const NOTE: &str = "base.json";

/// The folder of a run. No other run uses it meanwhile.
#[derive(Debug)]
pub(crate) struct RunDir {
    model: PathBuf,
    dir: PathBuf,
    /// The folders above it that were not there, the deepest first.
    made: Vec<PathBuf>,
    /// `None` where another process of the run has it, and writes.
    lock: Option<File>,
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
                lock: Some(lock),
            }),
            Err(TryLockError::WouldBlock) => {
                bail!(Exit::Locked, "another run is training {}", model.display())
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("lock {}", dir.display()))
            }
        }
    }

    /// That of the first process of the run, as another one sees it, which writes nothing.
    pub(crate) fn of_first(model: &Path) -> Self {
        Self {
            model: model.to_owned(),
            dir: beside(model, ".training"),
            made: Vec::new(),
            lock: None,
        }
    }

    /// The folders to remove where nothing comes of the run.
    pub(crate) fn empty_folders(&self) -> Leftovers {
        let own = self.lock.as_ref().map(|_| &self.dir);
        let folders = own.into_iter().chain(&self.made);
        Leftovers {
            folders: folders.cloned().collect(),
            note: self.dir.join(NOTE),
        }
    }

    /// Notes the base model that was chosen for the videos with this key, so that the run goes on from the same one.
    pub(crate) fn note_base(&self, chosen_for: &str, base: &Base) -> anyhow::Result<()> {
        if self.lock.is_none() {
            return Ok(());
        }
        let (chosen_for, base) = (chosen_for.to_owned(), base.clone());
        let text = serde_json::to_vec(&Begun { chosen_for, base })?;
        let path = self.dir.join(NOTE);
        write_whole(&path, &text)
    }

    /// What an interrupted run of the videos with this key began from.
    pub(crate) fn begun_from(&self, chosen_for: &str) -> Option<Base> {
        if !has_snapshots(&self.dir) {
            return None;
        }
        // Without the note the base model is chosen anew, and snapshots of another one are thrown away.
        let text = wo_cli::read_bytes(&self.dir.join(NOTE)).ok()?;
        let begun: Begun = serde_json::from_slice(&text).ok()?;
        (begun.chosen_for == chosen_for).then_some(begun.base)
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
            write_whole(&path, text.as_bytes())?;
        }
        fs::remove_dir_all(&self.dir).with_context(|| format!("remove {}", self.dir.display()))
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().with_context(|| format!("write {}", path.display()))
}

/// What the base model was chosen for, and what was chosen.
#[derive(Serialize, Deserialize)]
struct Begun {
    chosen_for: String,
    base: Base,
}

/// Folders that a run made or will leave behind where nothing comes of it.
#[derive(Debug, Clone)]
pub(crate) struct Leftovers {
    folders: Vec<PathBuf>,
    /// Of no use without snapshots.
    note: PathBuf,
}

impl Leftovers {
    /// Only removes empty folders: snapshots stay for resuming, and a model for using it.
    pub(crate) fn remove(&self) {
        if self.folders.first().is_some_and(|dir| !has_snapshots(dir)) {
            let _ = fs::remove_file(&self.note);
        }
        for dir in &self.folders {
            let _ = fs::remove_dir(dir);
        }
    }
}

/// Whether the folder of a run holds what it can go on from.
fn has_snapshots(dir: &Path) -> bool {
    let mut entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.any(|entry| entry.file_name() != NOTE)
}

impl Drop for RunDir {
    fn drop(&mut self) {
        self.empty_folders().remove();
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
