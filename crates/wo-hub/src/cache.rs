//! One repository in the cache that all of Hugging Face's tools share.
//!
//! `blobs/` holds the content of files. `snapshots/COMMIT/` links to it by file name. `refs/` holds the commit of each revision
//! at its last use.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use hf_hub::{CacheRepo, Repo};

use crate::Error;
use crate::digest::is_hex;
use crate::repository::Repository;

/// A repository's folder in the cache. It need not exist.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
    repository: Repository,
}

impl Cache {
    /// The folder of `repository` in the cache.
    pub(crate) fn new(root: &Path, repository: &Repository) -> Self {
        Self {
            root: root.to_owned(),
            repository: repository.clone(),
        }
    }

    fn at(&self, revision: &str) -> CacheRepo {
        let (name, kind) = (self.repository.to_string(), hf_hub::RepoType::Model);
        hf_hub::Cache::new(self.root.clone()).repo(Repo::with_revision(
            name,
            kind,
            revision.to_owned(),
        ))
    }

    /// The folder of the files of a commit.
    pub(crate) fn snapshot(&self, commit: &str) -> PathBuf {
        self.at(commit).pointer_path(commit)
    }

    /// The repository's folder.
    fn folder(&self) -> PathBuf {
        self.root
            .join(Repo::model(self.repository.to_string()).folder_name())
    }

    /// The blob of a file whose ETag on the Hub is `etag`.
    pub(crate) fn blob(&self, etag: &str) -> PathBuf {
        self.folder().join("blobs").join(etag)
    }

    /// The commit of a revision at its last use; `None` if it was never used.
    pub(crate) fn commit(&self, revision: &str) -> Result<Option<String>, Error> {
        if is_hex(revision, 40) {
            return Ok(Some(revision.to_owned()));
        }
        let path = self.folder().join("refs").join(revision);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| is_hex(text, 40))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::io("read", &path, source)),
        }
    }

    /// Stores the commit of a revision.
    pub(crate) fn note(&self, revision: &str, commit: &str) -> Result<(), Error> {
        if revision == commit {
            return Ok(());
        }
        self.at(revision)
            .create_ref(commit)
            .map_err(|source| Error::io("write to the cache", &self.root, source))
    }

    /// Locks a blob while the returned file is open. Python's tools take the same lock.
    pub(crate) fn lock(&self, etag: &str) -> Result<File, Error> {
        let folder = Repo::model(self.repository.to_string()).folder_name();
        let path = self
            .root
            .join(".locks")
            .join(folder)
            .join(format!("{etag}.lock"));
        let failed = |source| Error::io("lock", &path, source);
        create_folder_of(&path)?;
        let file = File::create(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::Busy { lock: path }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// Links `path` of a snapshot to a blob.
pub(crate) fn link(path: &Path, etag: &str) -> Result<(), Error> {
    create_folder_of(path)?;
    // An existing link is dangling, or nobody would fetch the file.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io("replace", path, error));
        }
        _ => {}
    }
    let target = Path::new("../../blobs").join(etag);
    std::os::unix::fs::symlink(target, path).map_err(|source| Error::io("link", path, source))
}

/// Creates the parent folder of a file.
pub(crate) fn create_folder_of(path: &Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))
}

/// Whether a file exists; a dangling link does not count.
pub(crate) fn is_here(path: &Path) -> Result<bool, Error> {
    path.try_exists()
        .map_err(|source| Error::io("look for", path, source))
}

/// The blob of a file of a snapshot.
pub(crate) fn blob_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The sha256 of a file of a snapshot according to the Hub: the name of the blob for large files, none for small ones.
pub(crate) fn named_sha256(path: &Path) -> Option<String> {
    let name = blob_of(path).file_name()?.to_str()?.to_owned();
    Some(name).filter(|name| is_hex(name, 64))
}
