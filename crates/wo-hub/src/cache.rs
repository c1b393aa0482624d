//! One repository in the cache that all tools of Hugging Face share.
//!
//! `blobs/` holds what files hold, `snapshots/COMMIT/` links into it by the files' names, `refs/` says which commit a
//! revision was when it was last asked for.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use hf_hub::{CacheRepo, Repo};

use crate::Error;
use crate::digest::is_hex;
use crate::repository::Repository;

/// A repository's folder in the cache. It need not be there.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
    repository: Repository,
}

impl Cache {
    /// The folder of `repository` under the cache's.
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

    /// Where the files of a commit lie.
    pub(crate) fn snapshot(&self, commit: &str) -> PathBuf {
        self.at(commit).pointer_path(commit)
    }

    /// The repository's folder.
    fn folder(&self) -> PathBuf {
        self.root
            .join(Repo::model(self.repository.to_string()).folder_name())
    }

    /// Where the bytes of a file lie that the Hub calls `etag`.
    pub(crate) fn blob(&self, etag: &str) -> PathBuf {
        self.folder().join("blobs").join(etag)
    }

    /// The commit that a revision was when the Hub was last asked; `None` where it never was.
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

    /// Notes which commit a revision is now.
    pub(crate) fn note(&self, revision: &str, commit: &str) -> Result<(), Error> {
        if revision == commit {
            return Ok(());
        }
        self.at(revision)
            .create_ref(commit)
            .map_err(|source| Error::io("write to the cache", &self.root, source))
    }

    /// Keeps other processes away from a blob as long as the file is open; Python's tools take the same lock.
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

/// Makes `path` of a snapshot a link to a blob.
pub(crate) fn link(path: &Path, etag: &str) -> Result<(), Error> {
    create_folder_of(path)?;
    // What is there leads nowhere, else nobody would have asked for the file.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io("replace", path, error));
        }
        _ => {}
    }
    let target = Path::new("../../blobs").join(etag);
    std::os::unix::fs::symlink(target, path).map_err(|source| Error::io("link", path, source))
}

/// Makes the folder that a file is to lie in.
pub(crate) fn create_folder_of(path: &Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))
}

/// True where a file is there to be read; a link to nothing is none.
pub(crate) fn is_here(path: &Path) -> Result<bool, Error> {
    path.try_exists()
        .map_err(|source| Error::io("look for", path, source))
}

/// What holds the bytes of a file of a snapshot.
pub(crate) fn blob_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The sha256 that the Hub names for a file of a snapshot: for large files it is the name of the blob, for small ones
/// the Hub names none.
pub(crate) fn named_sha256(path: &Path) -> Option<String> {
    let name = blob_of(path).file_name()?.to_str()?.to_owned();
    Some(name).filter(|name| is_hex(name, 64))
}
