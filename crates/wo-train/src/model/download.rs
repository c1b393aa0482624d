//! A model of the Hugging Face Hub to start from.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Hint, Progress, ShowProgress};
use wo_clip::{Checkpoint, read_checkpoint};
use wo_hub::{Error, Options, Step};

/// Where commits and sha256 of models are pinned, beside the models that are written by default.
const MODELS_LOCK: &str = "models/models.lock";

const MIB: u64 = 1 << 20;

/// The model of a repository, fetched where it is not here yet, checked against the lock file, and only then read.
pub(crate) fn checkpoint_of_hub(
    repository: &str,
    revision: Option<&str>,
    is_offline: bool,
) -> anyhow::Result<Checkpoint> {
    let mut options = Options::from_env();
    options.offline |= is_offline;
    options.watch = Some(Arc::new(teller()));
    let fetched = match wo_hub::fetch(repository, revision, &options, Path::new(MODELS_LOCK)) {
        Ok(fetched) => fetched,
        Err(error) => {
            let (exit, hint) = (exit_of(&error), error.hint());
            return Err(told(repository, error))
                .hint_with(|| hint)
                .exit_with(exit);
        }
    };
    if fetched.is_new {
        let commit = &fetched.commit;
        wo_cli::say!("pinned {repository} to commit {commit} in {MODELS_LOCK}");
    }
    read_checkpoint(&fetched.dir)
        .with_context(|| format!("{repository} in {}", fetched.dir.display()))
        .exit_with(Exit::Integrity)
}

/// A name that the Hub or the cache does not know may have been meant as a folder.
fn told(repository: &str, error: Error) -> anyhow::Error {
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
        Error::Network { .. } | Error::Io { .. } => Exit::Io,
        Error::Mismatch { .. } | Error::Lock { .. } => Exit::Integrity,
        Error::Busy { .. } => Exit::Locked,
    }
}

/// Says how far the fetching of large files is.
fn teller() -> impl Fn(Step<'_>) + Send + Sync {
    let shown: Mutex<Option<(String, u64, Progress)>> = Mutex::default();
    move |step| {
        let total = step.size / MIB;
        if total == 0 {
            return;
        }
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.as_ref().is_none_or(|(file, ..)| file != step.file) {
            // The old line goes before the new one comes.
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
