//! A base model from the Hugging Face Hub.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Hint, Progress, ShowProgress};
use wo_clip::{Checkpoint, find_on_disk, read_checkpoint_on};
use wo_hub::{Error, Fetched, Options, Step};

use crate::model::base_request::BaseRequest;

/// Pins the commit and sha256 of each model. It lies beside the models that are written by default.
const MODELS_LOCK: &str = "models/models.lock";

const MIB: u64 = 1 << 20;

/// A model of the Hub.
#[derive(Debug)]
pub(crate) struct HubModel {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) commit: String,
}

/// The model of a repository: fetched unless cached, checked against the lock file, and only then read.
pub(crate) fn checkpoint_of_hub(
    repository: &str,
    request: &BaseRequest,
) -> anyhow::Result<HubModel> {
    let options = options(request.is_offline);
    let revision = request.revision.as_deref();
    match fetch(repository, revision, &options) {
        Ok(fetched) => read(repository, fetched, request.is_offline),
        Err(error) => refused(repository, error),
    }
}

/// Reads a model in a folder or a file. If it is an adapter, its base is a folder too, or is fetched as any other model.
// A bool, since it is a flag of the command line.
pub(crate) fn read_model(path: &Path, is_offline: bool) -> anyhow::Result<Checkpoint> {
    read_checkpoint_on(path, &|name, revision| {
        if Path::new(name).is_dir() || !wo_hub::is_repository(name) {
            return find_on_disk(name, revision);
        }
        match fetch(name, revision, &options(is_offline)) {
            Ok(fetched) => Ok(fetched.dir),
            Err(error) => refused(name, error),
        }
    })
}

/// The same of a model that nobody named, or why it cannot be had. `seen` says what asks for it.
// A bool, since it is a flag of the command line.
pub(crate) fn fetch_or_not(
    repository: &str,
    is_offline: bool,
    seen: &str,
) -> anyhow::Result<Result<HubModel, String>> {
    let mut options = options(is_offline);
    let is_offline = options.offline;
    // What is in the cache needs no network.
    options.offline = true;
    let mut result = fetch(repository, None, &options);
    if !is_offline && matches!(result, Err(Error::Offline { .. })) {
        wo_cli::say!(
            "{seen}: fetching {repository} once (about 600 MB) into {}; after Ctrl-C the same command goes on with it",
            options.cache.display()
        );
        options.offline = false;
        result = fetch(repository, None, &options);
    }
    match result {
        Ok(fetched) => read(repository, fetched, is_offline).map(Ok),
        Err(error) if is_absence(&error, &options) => Ok(Err(in_one_line(error))),
        Err(error) => refused(repository, error),
    }
}

/// Whether an error says that a model cannot be had here and now, and not that something is wrong with it.
fn is_absence(error: &Error, options: &Options) -> bool {
    match error {
        Error::Offline { .. }
        | Error::Denied { .. }
        | Error::NotFound { .. }
        | Error::Network { .. }
        | Error::Room { .. } => true,
        Error::Io { path, source, .. } => {
            let kinds = [
                ErrorKind::StorageFull,
                ErrorKind::QuotaExceeded,
                ErrorKind::PermissionDenied,
                ErrorKind::ReadOnlyFilesystem,
            ];
            path.starts_with(&options.cache) && kinds.contains(&source.kind())
        }
        _ => false,
    }
}

/// An error with its causes.
fn in_one_line(error: Error) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

/// Options of the environment, with a watch that prints the progress.
// A bool, since it is a flag of the command line.
fn options(is_offline: bool) -> Options {
    let mut options = Options::from_env();
    options.offline |= is_offline;
    options.watch = Some(Arc::new(progress_printer()));
    options
}

fn fetch(repository: &str, revision: Option<&str>, options: &Options) -> Result<Fetched, Error> {
    let fetched = wo_hub::fetch(repository, revision, options, Path::new(MODELS_LOCK))?;
    if fetched.is_new {
        let commit = &fetched.commit;
        wo_cli::say!("pinned {repository} to commit {commit} in {MODELS_LOCK}");
    }
    Ok(fetched)
}

// A bool, since it is a flag of the command line.
fn read(repository: &str, fetched: Fetched, is_offline: bool) -> anyhow::Result<HubModel> {
    let checkpoint = read_model(&fetched.dir, is_offline)
        .with_context(|| repository.to_owned())
        .exit_with(Exit::Integrity)?;
    let commit = fetched.commit;
    Ok(HubModel { checkpoint, commit })
}

fn refused<T>(repository: &str, error: Error) -> anyhow::Result<T> {
    let (exit, hint) = (exit_of(&error), error.hint());
    Err(error_of(repository, error))
        .hint_with(|| hint)
        .exit_with(exit)
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
            let here = step.n_bytes / MIB;
            let behind = match here {
                0 => String::new(),
                _ => format!(", of which {here} are here"),
            };
            wo_cli::say!("fetching {}, {total} MiB{behind}", step.file);
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
