//! The note that a takedown leaves while it runs: what it looks for. It is written before anything else and removed last, so
//! that the next run completes what a killed one began.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Hint};

use crate::disk::sync;
use crate::forget::traces::Traces;

/// Its name in the folder of data.
pub(crate) const NAME: &str = ".forget.json";

/// The note of a folder of data.
#[derive(Debug)]
pub(crate) struct Intent(PathBuf);

impl Intent {
    /// Of a folder.
    pub(crate) fn of(data: &Path) -> Self {
        Self(data.join(NAME))
    }

    /// What a run that was killed was looking for.
    pub(crate) fn read(&self) -> anyhow::Result<Option<Traces>> {
        let reading = || format!("read {}", self.0.display());
        match fs::read(&self.0) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(reading)
                .exit_with(Exit::Integrity)
                .hint("remove it and give all targets of the takedown again")
                .map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(reading),
        }
    }

    /// Writes it. Other users of this machine may not read it.
    pub(crate) fn write(&self, traces: &Traces) -> anyhow::Result<()> {
        let writing = || format!("write {}", self.0.display());
        let new = self.0.with_extension("json.new");
        let mut file = fs::File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .with_context(writing)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))
            .and_then(|()| file.write_all(&serde_json::to_vec(traces)?))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&new, &self.0))
            .with_context(writing)?;
        sync(self.folder())
    }

    /// Removes it: all is done.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        for path in [&self.0, &self.0.with_extension("json.new")] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("remove {}", path.display()));
                }
                _ => {}
            }
        }
        sync(self.folder())
    }

    fn folder(&self) -> &Path {
        self.0.parent().unwrap_or(Path::new("."))
    }
}

/// Whether a takedown of this folder was killed and not completed yet.
pub(crate) fn is_unfinished(data: &Path) -> bool {
    data.join(NAME).exists()
}
