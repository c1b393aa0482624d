//! The lock of a log: a file beside it, since a lock on the log goes away with the log.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::Context;
use wo_cli::Exit;

/// The file. It is empty and stays.
const LOCK: &str = "reviews.ndjson.lock";

/// Takes the lock, which lives as long as the file that is returned. Where another run holds it, that is an error.
pub(super) fn lock(dir: &Path) -> anyhow::Result<File> {
    let path = dir.join(LOCK);
    let what = || format!("open {}", path.display());
    loop {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = wo_cli::open_own(&path, options.mode(0o600)).with_context(what)?;
        take(&file, dir)?;
        // Somebody may have removed it meanwhile.
        let ours = file.metadata().with_context(what)?;
        if fs::symlink_metadata(&path)
            .is_ok_and(|it| (it.dev(), it.ino()) == (ours.dev(), ours.ino()))
        {
            return Ok(file);
        }
    }
}

/// Locks a file of the folder.
pub(super) fn take(file: &File, dir: &Path) -> anyhow::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            wo_cli::bail!(
                Exit::Locked,
                "another wo-review has {} open", dir.display();
                "stop it first; start one wo-review with --reviewer for each person"
            );
        }
        Err(TryLockError::Error(e)) => {
            Err(e).with_context(|| format!("lock the log of {}", dir.display()))
        }
    }
}
