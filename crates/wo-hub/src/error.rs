//! Why a model could not be fetched.

use std::path::{Path, PathBuf};

const MIB: u64 = 1 << 20;

/// Why a model could not be fetched. Where the user can fix it, [`Error::hint`] says how.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is not in the cache, and the network may not be used.
    #[error(
        "{file} of {repository} is not in the cache {cache}, and this run is offline",
        cache = cache.display()
    )]
    Offline {
        /// The repository.
        repository: String,
        /// The name of the file.
        file: String,
        /// The cache.
        cache: PathBuf,
        /// The command that fetches it.
        command: String,
    },
    /// The Hub requires a token, or rejects it. It answers the same for names that do not exist.
    #[error("the Hub refuses {repository}: it is private or gated, or there is no such repository")]
    Denied {
        /// The repository.
        repository: String,
    },
    /// There is no such repository, revision or file, or it has no file that may be loaded.
    #[error("{what}")]
    NotFound {
        /// What is missing, in words.
        what: String,
        /// What to try.
        hint: String,
    },
    /// The Hub could not be reached, or broke the connection, or gave an unexpected answer.
    #[error("fetch {repository}: {cause}")]
    Network {
        /// The repository.
        repository: String,
        /// What went wrong.
        cause: String,
    },
    /// Another process is fetching the same file.
    #[error("another process holds {lock}", lock = lock.display())]
    Busy {
        /// The lock of the cache.
        lock: PathBuf,
    },
    /// A file differs from the one that was pinned or, at the first use, from what the Hub announces.
    #[error(
        "{file} is not the file it should be: expected {expected}, found {found}",
        file = file.display()
    )]
    Mismatch {
        /// The file.
        file: PathBuf,
        /// Its blob in the cache; `file` is a link to it.
        blob: PathBuf,
        /// The sha256 or size that it should have, in words.
        expected: String,
        /// What the file has instead.
        found: String,
    },
    /// The Hub announces another file than the pinned one, so that it is not fetched.
    #[error("the Hub announces {found} for {file} of {repository}, and {expected} is pinned")]
    Announced {
        /// The repository.
        repository: String,
        /// The name of the file.
        file: String,
        /// The size or sha256 in the lock file, in words.
        expected: String,
        /// What the Hub announces instead.
        found: String,
    },
    /// The Hub announces more than a file of this kind can have.
    #[error(
        "the Hub announces {size} bytes for {file} of {repository}, and more than {limit} are not fetched"
    )]
    TooLarge {
        /// The repository.
        repository: String,
        /// The name of the file.
        file: String,
        /// What it announces.
        size: u64,
        /// The most that is fetched.
        limit: u64,
    },
    /// The index of weights in several files is malformed, or names what is no part of the weights.
    #[error("{index}: {why}", index = index.display())]
    Index {
        /// The index.
        index: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The disk of the cache has too little room.
    #[error(
        "{} has {} MiB free, and {} MiB are needed", folder.display(), free / MIB,
        wanted.saturating_add(*margin).div_ceil(MIB)
    )]
    Room {
        /// A folder on the disk.
        folder: PathBuf,
        /// How many bytes are to come.
        wanted: u64,
        /// How many are free.
        free: u64,
        /// How many are to stay free.
        margin: u64,
    },
    /// The lock file is malformed.
    #[error("{lock}: {why}", lock = lock.display())]
    Lock {
        /// The lock file.
        lock: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Reading or writing on this disk failed.
    #[error("{what} {path}", path = path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Error {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Offline { command, .. } => format!(
                "run the same command without --offline and HF_HUB_OFFLINE, or where there is a network: {command}"
            ),
            Self::Denied { .. } => {
                "check its name; accept its terms on its page on the Hub, and set HF_TOKEN to a token of yours or run: \
                 hf auth login"
                    .to_owned()
            }
            Self::NotFound { hint, .. } => hint.clone(),
            Self::Network { .. } => {
                "try again later; with the files in the cache, --offline needs no network".to_owned()
            }
            Self::Busy { .. } => "wait until it is done".to_owned(),
            Self::Mismatch { blob, .. } => format!("to fetch it again: rm {}", blob.display()),
            Self::Announced { .. } => "check HF_ENDPOINT; where the new file is wanted, remove the model's entry from the \
                                       lock file"
                .to_owned(),
            Self::TooLarge { .. } => "check the name and HF_ENDPOINT".to_owned(),
            Self::Index { .. } => {
                "take a model whose weights are in model.safetensors; save_pretrained of transformers writes one".to_owned()
            }
            Self::Room { .. } => {
                "make room there, or set HF_HUB_CACHE to a folder on another disk".to_owned()
            }
            Self::Lock { .. } => {
                "restore it from git, or remove it to pin all models again".to_owned()
            }
            Self::Io { .. } => return None,
        };
        Some(hint)
    }

    /// An I/O error.
    pub(crate) fn io(what: &'static str, path: &Path, source: std::io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { what, path, source }
    }
}
