//! The lock file: the commit of each repository, and the sha256 of its files.
//!
//! It is TOML, to be committed and reviewed. It may come from a stranger, so every value is checked before it becomes
//! part of a path or URL.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::digest::is_hex;
use crate::files::{is_wanted, is_weights};
use crate::repository::{Repository, is_revision};

/// The version of the format.
const VERSION: u32 = 1;

const HEAD: &str = "\
# Written at the first use of a model from the Hugging Face Hub, and obeyed from then on: this commit is asked for, and
# each file must have this sha256. To move on to what a revision means now, remove its entry. Keep this file in git.
";

/// The content of the lock file, and its path.
#[derive(Debug)]
pub(crate) struct LockFile {
    path: PathBuf,
    pins: Vec<Pin>,
}

/// One revision of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    /// `owner/name`.
    pub(crate) repository: String,
    /// The requested revision: a branch, a tag, a pull request's reference or a commit.
    pub(crate) revision: String,
    /// Its commit at the first use: 40 hexadecimal digits.
    pub(crate) commit: String,
    /// The files that were fetched.
    #[serde(rename = "file")]
    pub(crate) files: Vec<PinnedFile>,
}

/// One file of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinnedFile {
    /// Its name in the repository.
    pub(crate) name: String,
    /// 64 hexadecimal digits.
    pub(crate) sha256: String,
    /// In bytes.
    pub(crate) size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    version: u32,
    #[serde(default, rename = "model")]
    pins: Vec<Pin>,
}

impl LockFile {
    /// Reads it. A missing file has no entries.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let path = path.to_owned();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pins = Vec::new();
                return Ok(Self { path, pins });
            }
            Err(source) => return Err(Error::io("read", &path, source)),
        };
        match parse(&text) {
            Ok(pins) => Ok(Self { path, pins }),
            Err(why) => Err(Error::Lock { lock: path, why }),
        }
    }

    /// The entry of a revision.
    pub(crate) fn pin(&self, repository: &Repository, revision: &str) -> Option<&Pin> {
        let repository = repository.to_string();
        self.pins
            .iter()
            .find(|pin| pin.repository == repository && pin.revision == revision)
    }

    /// Reads the file again, since a download may have taken minutes; adds an entry, and writes it.
    pub(crate) fn add(&self, pin: Pin) -> Result<(), Error> {
        let mut pins = Self::read(&self.path)?.pins;
        let key = |pin: &Pin| (pin.repository.clone(), pin.revision.clone());
        pins.retain(|old| key(old) != key(&pin));
        pins.push(pin);
        pins.sort_by_key(key);
        self.write(pins)
            .map_err(|source| Error::io("write", &self.path, source))
    }

    fn write(&self, pins: Vec<Pin>) -> io::Result<()> {
        let version = VERSION;
        let text = toml::to_string(&Text { version, pins }).map_err(io::Error::other)?;
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = AtomicWriteFile::open(&self.path)?;
        write!(file, "{HEAD}{text}")?;
        file.commit()
    }
}

fn parse(text: &str) -> Result<Vec<Pin>, String> {
    let text: Text = toml::from_str(text).map_err(|e| e.to_string().trim_end().to_owned())?;
    if text.version != VERSION {
        return Err(format!(
            "this is version {} of the lock file, and only version {VERSION} is supported",
            text.version
        ));
    }
    for pin in &text.pins {
        pin.check()
            .map_err(|why| format!("{:?}: {why}", pin.repository))?;
    }
    Ok(text.pins)
}

impl Pin {
    fn check(&self) -> Result<(), String> {
        if Repository::parse(&self.repository).is_none() {
            return Err("not a repository name".to_owned());
        }
        if !is_revision(&self.revision) {
            return Err(format!("not a revision: {:?}", self.revision));
        }
        if !is_hex(&self.commit, 40) {
            return Err(format!("not a commit: {:?}", self.commit));
        }
        if !self.files.iter().any(|file| is_weights(&file.name)) {
            return Err("no safetensors".to_owned());
        }
        for PinnedFile { name, sha256, .. } in &self.files {
            if !is_wanted(name) {
                return Err(format!("{name:?} is none of the files that are fetched"));
            }
            if !is_hex(sha256, 64) {
                return Err(format!("not a sha256: {sha256:?}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(revision: &str) -> Pin {
        Pin {
            repository: "openai/clip".to_owned(),
            revision: revision.to_owned(),
            commit: "0a".repeat(20),
            files: vec![PinnedFile {
                name: "model.safetensors".to_owned(),
                sha256: "1b".repeat(32),
                size: 600,
            }],
        }
    }

    #[test]
    fn what_was_written_is_read_and_the_text_is_stable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models/models.lock");
        let lock = LockFile::read(&path).unwrap();
        lock.add(pin("refs/pr/15")).unwrap();
        lock.add(pin("main")).unwrap();
        lock.add(pin("main")).unwrap();
        let repository = Repository::parse("openai/clip").unwrap();
        let lock = LockFile::read(&path).unwrap();
        assert_eq!(lock.pin(&repository, "main"), Some(&pin("main")));
        assert_eq!(lock.pin(&repository, "v1"), None);
        let text = fs::read_to_string(&path).unwrap();
        let (sha256, commit) = ("1b".repeat(32), "0a".repeat(20));
        let entry = |revision: &str| {
            format!(
                "\n[[model]]\nrepository = \"openai/clip\"\nrevision = \"{revision}\"\ncommit = \"{commit}\"\n\n\
                 [[model.file]]\nname = \"model.safetensors\"\nsha256 = \"{sha256}\"\nsize = 600\n"
            )
        };
        let expected = format!(
            "{HEAD}version = 1\n{}{}",
            entry("main"),
            entry("refs/pr/15")
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn an_entry_of_a_run_beside_this_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.lock");
        let ours = LockFile::read(&path).unwrap();
        LockFile::read(&path).unwrap().add(pin("v1")).unwrap();
        ours.add(pin("main")).unwrap();
        assert_eq!(LockFile::read(&path).unwrap().pins.len(), 2);
    }

    #[test]
    fn a_lock_file_that_is_none_is_refused() {
        let good = toml::to_string(&Text {
            version: VERSION,
            pins: vec![pin("main")],
        })
        .unwrap();
        assert!(parse(&good).is_ok());
        for (part, bad, why) in [
            ("version = 1", "version = 2", "version 2"),
            ("openai/clip", "../clip", "not a repository name"),
            ("main", "../main", "not a revision"),
            (&*"0a".repeat(20), "main", "not a commit"),
            ("model.safetensors", "pytorch_model.bin", "no safetensors"),
            (&*"1b".repeat(32), "1b", "not a sha256"),
            ("size = 600", "bytes = 600", "unknown field"),
            ("size = 600", "size = -1", "size"),
            ("[[model]]", "[[model", "line 3"),
        ] {
            assert!(good.contains(part), "{part}");
            let error = parse(&good.replacen(part, bad, 1)).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
        let more = format!(
            "{good}\n[[model.file]]\nname = \"a.bin\"\nsha256 = \"{}\"\nsize = 1\n",
            "1b".repeat(32)
        );
        let error = parse(&more).unwrap_err();
        assert!(error.contains("none of the files"), "{error}");
    }
}
