//! The lock of a folder: one writer at a time.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context, anyhow};
use walkdir::WalkDir;
use wo_cli::{Exit, ExitWith};

use crate::atomic_file::remove;
use crate::names::{TRASH, is_leftover};

/// How deep the files of a folder lie: `trash/frames_squat_bad/x.jpg`.
const DEPTH: usize = 3;

/// The lock of a folder of frames, held as long as this lives. All that write into it take it.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock, and deletes what a killed run left half written. `None` where another run holds the lock.
    pub fn try_take(dir: &Path) -> anyhow::Result<Option<Self>> {
        let file = File::open(dir).with_context(|| format!("open {}", dir.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(e)) => {
                return Err(e).with_context(|| format!("lock {}", dir.display()));
            }
        }
        refuse_linked_trash(dir)?;
        remove_leftovers(dir);
        Ok(Some(Self { _file: file }))
    }

    /// The same where another run is an error.
    pub fn take(dir: &Path) -> anyhow::Result<Self> {
        Self::try_take(dir)?
            .ok_or_else(|| anyhow!("another run writes into {}", dir.display()))
            .exit_with(Exit::Locked)
    }

    /// Waits for the lock, and says that it does. For who has begun a file already, so that nothing is deleted.
    pub fn wait(dir: &Path) -> anyhow::Result<Self> {
        let file = File::open(dir).with_context(|| format!("open {}", dir.display()))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            wo_cli::warn!("another run writes into {}; waiting for it", dir.display());
        }
        file.lock()
            .with_context(|| format!("lock {}", dir.display()))?;
        Ok(Self { _file: file })
    }
}

/// Fails where the trash is a link: what goes into it would be written, and deleted, in another folder.
fn refuse_linked_trash(dir: &Path) -> anyhow::Result<()> {
    let trash = dir.join(TRASH);
    wo_cli::ensure!(
        !trash.is_symlink(),
        Exit::Integrity,
        "{} is a link, and what people delete goes into it", trash.display();
        "put the folder itself there, or remove the link"
    );
    Ok(())
}

/// Only for who holds the lock: nobody else is writing then.
fn remove_leftovers(dir: &Path) {
    let files = WalkDir::new(dir).max_depth(DEPTH).into_iter().flatten();
    for file in files.filter(|file| file.file_type().is_file()) {
        if file.file_name().to_str().is_some_and(is_leftover) {
            remove(file.path());
        }
    }
}
