//! Finds the file that a written path means.
//!
//! People and spreadsheets spell paths in many ways: `./a`, absolute, `\`, another case, another Unicode form, the name
//! alone. A path that fits only one file means that file.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use unicode_normalization::{UnicodeNormalization, is_nfc};
use walkdir::{DirEntry, WalkDir};

use crate::names::TRASH;
use crate::paths::base_folder::{BaseFolder, normal};

/// The most files that are listed to find the one that a path may mean.
const MAX_FILES: usize = 400_000;
/// How deep files are searched: below a folder of videos lie exercise, label and fault; a folder of frames is less deep.
const MAX_DEPTH: usize = 6;
/// A name that begins with this many hexadecimal digits belongs to a frame of one video, wherever it lies.
const ID_DIGITS: usize = 16;

/// The files of a folder, which is read once, when it is needed.
#[derive(Debug)]
pub struct Files {
    place: BaseFolder,
    here: BaseFolder,
    /// The entries of each folder that was read, by its key.
    names: Mutex<HashMap<PathBuf, Names>>,
    listing: OnceLock<Listing>,
    /// Whether the listing was given, so that the disk is not read.
    is_given: bool,
    /// Which files may be meant by another spelling.
    is_of_kind: fn(&Path) -> bool,
}

/// The entries of a folder.
#[derive(Debug, Default)]
struct Names {
    /// The folder as the disk spells it.
    folder: PathBuf,
    /// The spelling on the disk of names that are not in Unicode's composed form, by that form.
    spelt: HashMap<OsString, OsString>,
    /// The composed forms of the names of files.
    files: HashSet<OsString>,
    /// Why it cannot be read.
    trouble: Option<String>,
}

/// All files, by what a path may have in common with theirs.
#[derive(Debug, Default)]
struct Listing {
    keys: HashSet<PathBuf>,
    by_letters: HashMap<String, Option<PathBuf>>,
    by_name: HashMap<String, Vec<PathBuf>>,
    by_stem: HashMap<String, Option<PathBuf>>,
    by_bare_stem: HashMap<String, Vec<PathBuf>>,
}

/// What a written path means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The file, absolute, in Unicode's composed form.
    pub key: PathBuf,
    /// Whether there is such a file.
    pub is_there: bool,
}

impl Files {
    /// The files below `place`.
    pub fn of(place: BaseFolder) -> std::io::Result<Self> {
        Ok(Self {
            place,
            here: BaseFolder::of(None)?,
            names: Mutex::default(),
            listing: OnceLock::new(),
            is_given: false,
            is_of_kind: |_| true,
        })
    }

    /// Restricts the files that another spelling may mean.
    #[must_use]
    pub fn only(self, is_of_kind: fn(&Path) -> bool) -> Self {
        Self { is_of_kind, ..self }
    }

    /// The files below `place`, given by their paths, instead of those on the disk.
    pub fn given(
        place: BaseFolder,
        paths: impl IntoIterator<Item = PathBuf>,
    ) -> std::io::Result<Self> {
        let mut files = Self::of(place)?;
        files.is_given = true;
        let listing = Listing::of(paths.into_iter().map(|path| key(&path)), &files.place);
        files.listing.get_or_init(|| listing);
        Ok(files)
    }

    /// The key of a path that is relative to the folder.
    pub fn key(&self, path: &Path) -> PathBuf {
        key(&self.place.resolve(path))
    }

    /// Whether a file is there, by its key.
    fn has(&self, key: &Path) -> bool {
        if self.is_given {
            return self.listing().keys.contains(key);
        }
        let (Some(folder), Some(name)) = (key.parent(), key.file_name()) else {
            return false;
        };
        self.in_folder(folder, |names| names.files.contains(name))
    }

    /// Reads a folder by its key, once.
    fn in_folder<T>(&self, folder: &Path, look: impl FnOnce(&Names) -> T) -> T {
        let lock = || self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(names) = lock().get(folder) {
            return look(names);
        }
        let names = Names::of(self.on_disk(folder));
        look(lock().entry(folder.to_owned()).or_insert(names))
    }

    /// The folder that paths are relative to.
    pub(crate) fn base(&self) -> &BaseFolder {
        &self.place
    }

    /// That folder, as messages show it.
    pub(crate) fn shown(&self) -> PathBuf {
        let path = self.place.path();
        match path.strip_prefix(self.here.path()) {
            Ok(path) if path == Path::new("") => PathBuf::from("."),
            Ok(path) => path.to_owned(),
            Err(_) => path.to_owned(),
        }
    }

    /// Whether the file that a path names, as it is written, is there.
    pub fn exists(&self, path: &Path) -> bool {
        self.has(&self.key(path))
    }

    /// Why the folder of a file is missing or cannot be read. Whether such a file was deleted is unknown.
    pub(crate) fn trouble_of_folder(&self, path: &Path) -> Option<String> {
        let key = self.key(path);
        let folder = key.parent().filter(|_| !self.is_given)?;
        self.in_folder(folder, |names| names.trouble.clone())
    }

    /// The file that a written path means.
    pub fn meant(&self, written: &str) -> Meant {
        let there = |key: PathBuf| Meant {
            key,
            is_there: true,
        };
        let written = written.trim();
        let plain = self.key(Path::new(written));
        if self.has(&plain) {
            return there(plain);
        }
        let slashed = written.replace('\\', "/");
        let slashed = Path::new(&slashed);
        // A path that a tool printed is relative to the working directory.
        for key in [self.key(slashed), key(&self.here.resolve(slashed))] {
            if key.starts_with(self.place.path()) && self.has(&key) {
                return there(key);
            }
        }
        match self.listing().find(&self.key(slashed), slashed) {
            Some(key) => there(key),
            None => Meant {
                key: self.key(slashed),
                is_there: false,
            },
        }
    }

    /// A file as the disk spells it, by its key.
    pub fn on_disk(&self, key: &Path) -> PathBuf {
        if key == self.place.path() || key.exists() {
            return key.to_owned();
        }
        let (Some(folder), Some(name)) = (key.parent(), key.file_name()) else {
            return key.to_owned();
        };
        self.in_folder(folder, |names| {
            let spelt = names.spelt.get(name).map_or(name, OsString::as_os_str);
            names.folder.join(spelt)
        })
    }

    /// A file by its key, as the disk spells it: from the folder where it lies there.
    pub(crate) fn spelt(&self, key: &Path) -> PathBuf {
        let path = self.on_disk(key);
        let path = path.strip_prefix(self.place.path()).unwrap_or(&path);
        path.to_owned()
    }

    /// The paths of all files, from the folder.
    pub fn paths(&self) -> Vec<String> {
        let keys = self.listing().keys.iter();
        let place = self.place.path();
        let mut paths: Vec<String> = keys
            .map(|key| key.strip_prefix(place).unwrap_or(key).display().to_string())
            .collect();
        paths.sort_unstable();
        paths
    }

    fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| {
            let root = self.place.path();
            let is_seen = |entry: &DirEntry| {
                entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
            };
            let walk = WalkDir::new(root).max_depth(MAX_DEPTH).into_iter();
            let walk = walk.filter_entry(is_seen).flatten();
            let files = walk.filter(|entry| !entry.file_type().is_dir());
            let files = files.filter(|entry| (self.is_of_kind)(entry.path()));
            let files = files.take(MAX_FILES);
            // A path to a deleted image means where it was before.
            let trash = root.join(TRASH);
            let keys = files.map(|entry| match entry.path().strip_prefix(&trash) {
                Ok(path) => key(&root.join(path)),
                Err(_) => key(entry.path()),
            });
            Listing::of(keys, &self.place)
        })
    }
}

impl Listing {
    fn of(keys: impl Iterator<Item = PathBuf>, place: &BaseFolder) -> Self {
        let mut listing = Self::default();
        for key in keys {
            let path = key.strip_prefix(place.path()).unwrap_or(&key);
            let only = |old: &mut Option<PathBuf>, key: &Path| {
                if old.as_deref() != Some(key) {
                    *old = None;
                }
            };
            let letters = folded(path.as_os_str());
            let stem = folded(path.with_extension("").as_os_str());
            listing
                .by_letters
                .entry(letters)
                .and_modify(|old| only(old, &key))
                .or_insert_with(|| Some(key.clone()));
            listing
                .by_stem
                .entry(stem)
                .and_modify(|old| only(old, &key))
                .or_insert_with(|| Some(key.clone()));
            if listing.keys.insert(key.clone()) {
                let path = key.strip_prefix(place.path()).unwrap_or(&key);
                let part = |part: Option<&OsStr>| folded(part.unwrap_or_default());
                let (name, stem) = (part(path.file_name()), part(path.file_stem()));
                listing.by_name.entry(name).or_default().push(key.clone());
                listing.by_bare_stem.entry(stem).or_default().push(key);
            }
        }
        listing
    }

    fn find(&self, key: &Path, written: &Path) -> Option<PathBuf> {
        if self.keys.contains(key) {
            return Some(key.to_owned());
        }
        let letters = folded(written.strip_prefix(".").unwrap_or(written).as_os_str());
        let exactly_one = |found: Option<&Option<PathBuf>>| found.cloned().flatten();
        if let Some(key) = exactly_one(self.by_letters.get(&letters)) {
            return Some(key);
        }
        if let Some(key) = exactly_one(self.by_stem.get(&letters)) {
            return Some(key);
        }
        self.by_end(written)
    }

    /// By the name, and the folder if the path has one: in a path of another machine only these two fit.
    fn by_end(&self, written: &Path) -> Option<PathBuf> {
        let name = folded(written.file_name()?);
        let with_name = self
            .by_name
            .get(&name)
            .or_else(|| self.by_bare_stem.get(&name))?;
        let folder = written.parent().and_then(Path::file_name).map(folded);
        let in_folder = |key: &&PathBuf| {
            let of_key = key.parent().and_then(Path::file_name).map(folded);
            folder.is_none() || of_key == folder || is_frame_name(&name)
        };
        let mut found = with_name.iter().filter(in_folder);
        match (found.next(), found.next()) {
            (Some(key), None) => Some(key.clone()),
            _ => None,
        }
    }
}

/// A name that begins with the id of a video.
fn is_frame_name(name: &str) -> bool {
    name.len() > ID_DIGITS
        && name
            .bytes()
            .take(ID_DIGITS)
            .all(|byte| byte.is_ascii_hexdigit())
}

impl Names {
    fn of(folder: PathBuf) -> Self {
        let mut names = Self::default();
        let entries = fs::read_dir(&folder);
        names.trouble = entries.as_ref().err().map(|error| match error.kind() {
            ErrorKind::NotFound if folder.is_symlink() => "a link that leads nowhere".to_owned(),
            ErrorKind::NotFound => "no such folder".to_owned(),
            ErrorKind::NotADirectory => "not a folder".to_owned(),
            _ => error.to_string(),
        });
        for entry in entries.into_iter().flatten().flatten() {
            let spelt = entry.file_name();
            let name = composed(&spelt);
            if entry.file_type().is_ok_and(|kind| !kind.is_dir()) {
                names.files.insert(name.clone());
            }
            if name != spelt {
                names.spelt.insert(name, spelt);
            }
        }
        Self { folder, ..names }
    }
}

/// A path without `.` and `..`, in Unicode's composed form.
fn key(path: &Path) -> PathBuf {
    PathBuf::from(composed(normal(path).as_os_str()))
}

fn composed(text: &OsStr) -> OsString {
    match text.to_str() {
        Some(text) if !is_nfc(text) => text.nfc().collect::<String>().into(),
        _ => text.to_owned(),
    }
}

/// A text without differences of case and Unicode form.
fn folded(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests;
