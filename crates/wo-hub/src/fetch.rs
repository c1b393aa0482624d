//! Fetches a model into a folder whose files are those of the first use.

use std::cell::LazyCell;
use std::path::{Path, PathBuf};

use crate::cache::{Cache, blob_of, is_here, named_sha256};
use crate::digest::digest;
use crate::files::{USUAL, choose, is_weights};
use crate::hub::Hub;
use crate::lock::{LockFile, Pin, PinnedFile};
use crate::remote::Wanted;
use crate::repository::{Repository, is_revision};
use crate::shards::{INDEX, shards_of};
use crate::{Error, Options};

/// A model on this disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The folder of its files. It may hold others, which are unchecked.
    pub dir: PathBuf,
    /// Their commit.
    pub commit: String,
    /// The names of the files that were checked.
    pub files: Vec<String>,
    /// Whether this was the first use, which wrote the entry of the lock file.
    pub is_new: bool,
}

/// Finds a model in the cache or fetches it, and checks each file against the lock file.
///
/// `repository` is `owner/name`. `revision` is a branch, a tag, a reference or a commit; without one it is the repository's
/// default, mostly `main`. A revision without an entry in the lock file is resolved on the Hub, or offline in the
/// cache, and gets one. Its files can only be checked against the sha256 that the Hub gives for weights.
pub fn fetch(
    repository: &str,
    revision: Option<&str>,
    options: &Options,
    lock_file: &Path,
) -> Result<Fetched, Error> {
    let repository = Repository::parse(repository).ok_or_else(|| Error::NotFound {
        what: format!("{repository:?} is no name of a repository"),
        hint: "a repository on the Hub is called owner/name".to_owned(),
    })?;
    let revision = revision.unwrap_or_else(|| repository.default_revision());
    if !is_revision(revision) {
        return Err(Error::NotFound {
            what: format!("{revision:?} is no revision"),
            hint: "--revision takes a branch, a tag, refs/pr/NUMBER or a commit".to_owned(),
        });
    }
    let lock = LockFile::read(lock_file)?;
    let place = CachedRepository {
        cache: Cache::new(&options.cache, &repository),
        repository,
        options,
    };
    let known = lock.pin(&place.repository, revision).cloned();
    let is_new = known.is_none();
    let pin = if let Some(pin) = known {
        place.use_again(&pin)?;
        pin
    } else {
        let pin = place.use_first(revision)?;
        lock.add(pin.clone())?;
        pin
    };
    Ok(Fetched {
        dir: place.cache.snapshot(&pin.commit),
        files: pin.files.into_iter().map(|file| file.name).collect(),
        commit: pin.commit,
        is_new,
    })
}

/// Where a repository's files are cached.
struct CachedRepository<'a> {
    cache: Cache,
    repository: Repository,
    options: &'a Options,
}

impl CachedRepository<'_> {
    /// Fetches the missing files of a pinned revision, and checks all of them.
    fn use_again(&self, pin: &Pin) -> Result<(), Error> {
        let files: Vec<Wanted<'_>> = pin.files.iter().map(Wanted::pinned).collect();
        self.bring(&pin.commit, &files)?;
        for file in &pin.files {
            let path = self.cache.snapshot(&pin.commit).join(&file.name);
            let (sha256, size) = digest_of(&path)?;
            if size != file.size {
                let bytes = |size| format!("{size} bytes");
                return Err(mismatch(path, bytes(file.size), bytes(size)));
            }
            if sha256 != file.sha256 {
                return Err(mismatch(path, named(&file.sha256), named(&sha256)));
            }
        }
        Ok(())
    }

    /// Resolves a revision, fetches its files, and returns their digests.
    fn use_first(&self, revision: &str) -> Result<Pin, Error> {
        let (commit, names) = if self.options.offline {
            self.look_up_in_cache(revision)?
        } else {
            self.look_up_on_hub(revision)?
        };
        let wanted: Vec<Wanted<'_>> = names.iter().map(|it| Wanted::unpinned(it)).collect();
        self.bring(&commit, &wanted)?;
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        if names.iter().any(|name| name == INDEX) {
            names.extend(self.bring_shards(&commit)?);
        }
        let mut files = Vec::new();
        for name in names {
            let path = self.cache.snapshot(&commit).join(&name);
            let (sha256, size) = digest_of(&path)?;
            if let Some(expected) = named_sha256(&path)
                && expected != sha256
            {
                return Err(mismatch(path, named(&expected), named(&sha256)));
            }
            files.push(PinnedFile { name, sha256, size });
        }
        Ok(Pin {
            repository: self.repository.to_string(),
            revision: revision.to_owned(),
            commit,
            files,
        })
    }

    /// Fetches the files that the index of a commit names, and returns their names.
    fn bring_shards(&self, commit: &str) -> Result<Vec<String>, Error> {
        let shards = shards_of(&self.cache.snapshot(commit).join(INDEX))?;
        let wanted = |name| Wanted {
            limit: shards.limit,
            ..Wanted::unpinned(name)
        };
        let files: Vec<Wanted<'_>> = shards.names.iter().map(|name| wanted(name)).collect();
        self.bring(commit, &files)?;
        Ok(shards.names)
    }

    /// What other tools, such as `hf download`, left in the cache.
    fn look_up_in_cache(&self, revision: &str) -> Result<(String, Vec<&'static str>), Error> {
        let Some(commit) = self.cache.commit(revision)? else {
            return Err(self.miss(revision, &USUAL, USUAL[0]));
        };
        let snapshot = self.cache.snapshot(&commit);
        let names = choose(|name| snapshot.join(name).exists());
        // Offline, only the usual file names are known.
        let lacks = |name: &&&str| !names.contains(*name);
        if let Some(missing) = USUAL.iter().find(lacks)
            && !names.iter().any(|name| has_weights(name))
        {
            return Err(self.miss(revision, &USUAL, missing));
        }
        Ok((commit, names))
    }

    fn look_up_on_hub(&self, revision: &str) -> Result<(String, Vec<&'static str>), Error> {
        let (commit, files) = self.hub().look_up(revision)?;
        let names = choose(|name| files.iter().any(|file| file == name));
        if names.iter().any(|name| has_weights(name)) {
            return Ok((commit, names));
        }
        let repository = &self.repository;
        Err(Error::NotFound {
            what: format!("{repository} has no model.safetensors at {revision}"),
            hint: format!(
                "pickles are never loaded; among the pull requests on {}/{repository}/discussions there is often one \
                 by SFconvertbot that adds it: name it with --revision refs/pr/NUMBER",
                self.options.endpoint
            ),
        })
    }

    /// Fetches those files of a commit that are not in the cache.
    fn bring(&self, commit: &str, files: &[Wanted<'_>]) -> Result<(), Error> {
        let hub = LazyCell::new(|| self.hub());
        for file in files {
            let path = self.cache.snapshot(commit).join(file.name);
            if is_here(&path)? {
                continue;
            }
            if self.options.offline {
                let names: Vec<&str> = files.iter().map(|file| file.name).collect();
                return Err(self.miss(commit, &names, file.name));
            }
            hub.download(commit, *file, &path)?;
        }
        Ok(())
    }

    fn hub(&self) -> Hub<'_> {
        Hub::new(&self.repository, &self.cache, self.options)
    }

    /// The error for `missing`, one of `names` at `revision`, which is not in the cache.
    fn miss(&self, revision: &str, names: &[&str], missing: &str) -> Error {
        let repository = &self.repository;
        Error::Offline {
            repository: repository.to_string(),
            file: missing.to_owned(),
            cache: self.options.cache.clone(),
            command: format!(
                "hf download {repository} {} --revision {revision}",
                names.join(" ")
            ),
        }
    }
}

/// Whether a file holds weights, or the names of files that do.
fn has_weights(name: &str) -> bool {
    is_weights(name) || name == INDEX
}

fn digest_of(path: &Path) -> Result<(String, u64), Error> {
    digest(path).map_err(|source| Error::io("read", path, source))
}

fn named(sha256: &str) -> String {
    format!("sha256 {sha256}")
}

fn mismatch(file: PathBuf, expected: String, found: String) -> Error {
    let blob = blob_of(&file);
    Error::Mismatch {
        file,
        blob,
        expected,
        found,
    }
}
