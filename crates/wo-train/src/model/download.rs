//! A base model from the Hugging Face Hub.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Hint, Progress, ShowProgress};
use wo_clip::{Checkpoint, find_on_disk, read_checkpoint_on};
use wo_hub::{Error, Options, Step};

/// Pins the commit and sha256 of each model. It lies beside the models that are written by default.
const MODELS_LOCK: &str = "models/models.lock";

const MIB: u64 = 1 << 20;

/// The model that a user names to start from.
#[derive(Debug, Clone)]
pub(crate) struct BaseModel {
    /// A built-in model, a path, or a repository on the Hub.
    pub(crate) name: String,
    /// The repository's branch, tag or commit.
    pub(crate) revision: Option<String>,
    /// Whether no socket may be opened.
    pub(crate) is_offline: bool,
}

/// The model of a repository: fetched unless cached, checked against the lock file, and only then read.
pub(crate) fn checkpoint_of_hub(repository: &str, base: &BaseModel) -> anyhow::Result<Checkpoint> {
    let folder = folder_of_hub(repository, base.revision.as_deref(), base)?;
    read_model(&folder, base)
        .with_context(|| repository.to_owned())
        .exit_with(Exit::Integrity)
}

/// Reads a model in a folder or a file. If it is an adapter, its base is a folder too, or is fetched as any other model.
pub(crate) fn read_model(path: &Path, base: &BaseModel) -> anyhow::Result<Checkpoint> {
    read_checkpoint_on(path, &|name, revision| {
        if Path::new(name).is_dir() || !wo_hub::is_repository(name) {
            return find_on_disk(name, revision);
        }
        folder_of_hub(name, revision, base)
    })
}

/// The folder of a repository's files: fetched unless cached, and checked against the lock file.
fn folder_of_hub(
    repository: &str,
    revision: Option<&str>,
    base: &BaseModel,
) -> anyhow::Result<PathBuf> {
    let mut options = Options::from_env();
    options.offline |= base.is_offline;
    options.watch = Some(Arc::new(progress_printer()));
    let fetched = match wo_hub::fetch(repository, revision, &options, Path::new(MODELS_LOCK)) {
        Ok(fetched) => fetched,
        Err(error) => {
            let (exit, hint) = (exit_of(&error), error.hint());
            return Err(error_of(repository, error))
                .hint_with(|| hint)
                .exit_with(exit);
        }
    };
    if fetched.is_new {
        let commit = &fetched.commit;
        wo_cli::say!("pinned {repository} to commit {commit} in {MODELS_LOCK}");
    }
    Ok(fetched.dir)
}

/// A name that neither the Hub nor the cache knows may have been meant as a folder.
fn error_of(repository: &str, error: Error) -> anyhow::Error {
    match error {
        Error::NotFound { .. }
        | Error::Denied { .. }
        | Error::Offline { .. }
        | Error::Network { .. } => {
            anyhow::anyhow!("there is no folder {repository}, and {error}")
        }
        other => other.into(),
    }
}

fn exit_of(error: &Error) -> Exit {
    match error {
        Error::NotFound { .. } => Exit::Usage,
        Error::Offline { .. } | Error::Denied { .. } => Exit::Environment,
        Error::Network { .. } | Error::Io { .. } | Error::Room { .. } => Exit::Io,
        Error::Mismatch { .. }
        | Error::Announced { .. }
        | Error::TooLarge { .. }
        | Error::Index { .. }
        | Error::Lock { .. } => Exit::Integrity,
        Error::Busy { .. } => Exit::Locked,
    }
}

/// Prints the progress of large files.
fn progress_printer() -> impl Fn(Step<'_>) + Send + Sync {
    let shown: Mutex<Option<(String, u64, Progress)>> = Mutex::default();
    move |step| {
        let total = step.size / MIB;
        if total == 0 {
            return;
        }
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.as_ref().is_none_or(|(file, ..)| file != step.file) {
            // Clears the old progress line before a new one starts.
            *shown = None;
            wo_cli::say!("fetching {}, {total} MiB", step.file);
            let progress = Progress::new(ShowProgress::Auto, ("MiB", ""), total);
            *shown = Some((step.file.to_owned(), 0, progress));
        }
        if let Some((_, n_shown, progress)) = shown.as_mut() {
            while *n_shown < step.n_bytes / MIB {
                progress.advance(0);
                *n_shown += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_the_pinned_one_is_a_matter_of_integrity() {
        let error = Error::Mismatch {
            file: "a".into(),
            blob: "b".into(),
            expected: "1 byte".to_owned(),
            found: "2 bytes".to_owned(),
        };
        assert_eq!(exit_of(&error), Exit::Integrity);
    }
}
