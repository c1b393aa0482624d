//! The files in the folder of videos: by name, to see what is still there, and by size, to find the same bytes.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_folder::{MEDIA_ENDINGS, has_ending};

use crate::disk::files_below;

/// The files at one moment; those that appear later are added.
#[derive(Debug)]
pub(crate) struct VideoFiles {
    videos: PathBuf,
    by_stem: HashMap<String, String>,
    by_size: HashMap<u64, Vec<String>>,
}

impl VideoFiles {
    /// Looks through the folder of videos.
    pub(crate) fn of(videos: &Path) -> anyhow::Result<Self> {
        let mut files = Self {
            videos: videos.to_owned(),
            by_stem: HashMap::new(),
            by_size: HashMap::new(),
        };
        for entry in files_below(videos)? {
            let path = entry
                .path()
                .strip_prefix(videos)
                .ok()
                .and_then(Path::to_str);
            let path = path.filter(|path| has_ending(Path::new(path), &MEDIA_ENDINGS));
            if let (Some(path), Ok(metadata)) = (path, entry.metadata()) {
                files.add(path, metadata.len());
            }
        }
        Ok(files)
    }

    /// Adds a file, by its path from the folder.
    pub(crate) fn add(&mut self, path: &str, n_bytes: u64) {
        let stem = Path::new(path).file_stem().unwrap_or_default();
        let stem = stem.to_string_lossy().into_owned();
        self.by_stem.insert(stem, path.to_owned());
        self.by_size
            .entry(n_bytes)
            .or_default()
            .push(path.to_owned());
    }

    /// The file of this name without its ending, in whatever folder.
    pub(crate) fn named(&self, stem: &str) -> Option<&str> {
        let path = self.by_stem.get(stem)?;
        self.videos.join(path).is_file().then_some(path)
    }

    /// Where a file is that lay at `path`; one that this tool named is found in whatever folder somebody moved it to.
    pub(crate) fn place_of<'a>(&'a self, path: &'a str) -> Option<&'a str> {
        if self.videos.join(path).is_file() {
            return Some(path);
        }
        let stem = Path::new(path).file_stem()?.to_str()?;
        let is_ours = stem.len() == STEM_DIGITS && stem.bytes().all(|it| it.is_ascii_hexdigit());
        self.named(stem).filter(|_| is_ours)
    }

    /// A file with these bytes.
    pub(crate) fn with_bytes(&self, n_bytes: u64, blake3: &str) -> anyhow::Result<Option<&str>> {
        for path in self.by_size.get(&n_bytes).into_iter().flatten() {
            let file = self.videos.join(path);
            if file.is_file() && hash_of(&file)? == blake3 {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

/// BLAKE3 of a file's bytes, in 64 hexadecimal digits.
pub(crate) fn hash_of(path: &Path) -> anyhow::Result<String> {
    let hash = || -> io::Result<String> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(wo_cli::open_file(path)?)?;
        Ok(hasher.finalize().to_hex().to_string())
    };
    hash().with_context(|| format!("read {}", path.display()))
}

/// The name of a video's file without its ending, which is the same in each run: hexadecimal digits, in which nobody can hide
/// the name of a fault or a path.
pub(crate) fn stem_of(address: &str) -> String {
    let mut stem = blake3::hash(address.as_bytes()).to_hex().to_string();
    stem.truncate(STEM_DIGITS);
    stem
}

/// 64 bits: two addresses never meet.
const STEM_DIGITS: usize = 16;

/// The size of a file.
pub(crate) fn size_of(path: &Path) -> anyhow::Result<u64> {
    let metadata = fs::metadata(path);
    Ok(metadata
        .with_context(|| format!("read {}", path.display()))?
        .len())
}
