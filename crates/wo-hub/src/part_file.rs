//! The part of a file that has come. It never becomes longer than was announced.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::cache::create_folder_of;

/// A file that grows up to its announced size.
#[derive(Debug)]
pub(crate) struct PartFile {
    file: File,
    path: PathBuf,
    n_bytes: u64,
    size: u64,
}

impl PartFile {
    /// Opens the part that an earlier attempt left, or makes one. A part that is too long is emptied.
    pub(crate) fn open(path: &Path, size: u64) -> Result<Self, Error> {
        create_folder_of(path)?;
        let open = || {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            let n_bytes = file.metadata()?.len();
            Ok((file, n_bytes))
        };
        let (file, n_bytes) = open().map_err(|source| failed(path, source))?;
        let mut this = Self {
            file,
            path: path.to_owned(),
            n_bytes,
            size,
        };
        if n_bytes >= size {
            this.restart()?;
        }
        Ok(this)
    }

    /// How much of it has come.
    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// How much is to come.
    pub(crate) fn n_left(&self) -> u64 {
        self.size - self.n_bytes
    }

    /// Empties it.
    pub(crate) fn restart(&mut self) -> Result<(), Error> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .map_err(|source| failed(&self.path, source))?;
        self.n_bytes = 0;
        Ok(())
    }

    /// Adds what came. False, without writing any of it, where that is more than was announced.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        if bytes.len() as u64 > self.n_left() {
            return Ok(false);
        }
        self.file
            .write_all(bytes)
            .map_err(|source| failed(&self.path, source))?;
        self.n_bytes += bytes.len() as u64;
        Ok(true)
    }

    /// Writes it to the disk.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        self.file
            .sync_all()
            .map_err(|source| failed(&self.path, source))
    }
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error::io("write to the cache", path, source)
}
