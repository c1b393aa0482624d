//! Which model is in use: the link `models/current`, which is replaced by a rename.
//!
//! The ledger says first what will be, then the model is moved and the link is replaced. Who is killed in between leaves it
//! to the next run, which finds in the ledger what is still to be done.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, bail};

use crate::folder::{ModelsFolder, sync, target_of};
use crate::history::History;
use crate::model_files::damage;

/// Fails where models are there that the ledger knows nothing of: its end, or all of it, was lost.
pub(crate) fn check_known(folder: &ModelsFolder, history: &History) -> anyhow::Result<()> {
    for name in folder.names_of_versions()? {
        if history.version(&name).is_none() && !history.is_removed(&name) {
            bail!(
                Exit::Integrity,
                "{} knows nothing of {}: lines of it are missing",
                folder.ledger().display(), folder.version(&name).display();
                "bring back a copy of the file; or begin anew: mv {0} {0}.old, and look at no held-out person of before",
                wo_cli::shell_word(folder.path())
            );
        }
    }
    Ok(())
}

/// Moves the model in use to its version where it is not there yet, and lets the link point to it.
pub(crate) fn complete(folder: &ModelsFolder, history: &History) -> anyhow::Result<()> {
    let Some(champion) = history.champion() else {
        return Ok(());
    };
    let version = folder.version(&champion.version);
    // Another model may lie there by now.
    let is_left = |from: &Path| damage(from, &champion.files).is_none();
    if !version.exists() && is_left(&champion.from) {
        fs::rename(&champion.from, &version).with_context(|| {
            format!("move {} to {}", champion.from.display(), version.display())
        })?;
        sync(&folder.versions())?;
        if let Some(from) = champion.from.parent() {
            sync(from)?;
        }
    }
    let target = Path::new("versions").join(&champion.version);
    let current = folder.current();
    if !version.exists() || target_of(&current)?.as_deref() == Some(&target) {
        return Ok(());
    }
    let replacing = || format!("let {} point to {}", current.display(), target.display());
    let new = folder.path().join(".current.new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(replacing);
        }
        _ => {}
    }
    symlink(&target, &new)
        .and_then(|()| fs::rename(&new, &current))
        .with_context(replacing)?;
    sync(folder.path())
}
