//! Files that are written whole or not at all.

use std::fs;
use std::io::{BufWriter, IntoInnerError, Write};
use std::path::Path;

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;

use crate::regular_file::read_regular;

/// A file before it appears.
pub type Spool = BufWriter<AtomicWriteFile>;

/// Begins a file.
pub fn create(path: &Path) -> anyhow::Result<AtomicWriteFile> {
    AtomicWriteFile::open(path).with_context(|| format!("create {}", path.display()))
}

/// Begins a file that is written in small parts.
pub fn create_spool(path: &Path) -> anyhow::Result<Spool> {
    Ok(BufWriter::new(create(path)?))
}

/// Lets the file appear.
pub fn commit(spool: Spool, path: &Path) -> anyhow::Result<()> {
    let file = spool.into_inner().map_err(IntoInnerError::into_error);
    file.and_then(AtomicWriteFile::commit)
        .with_context(|| format!("write {}", path.display()))
}

/// Writes a file again, unless it holds the same already.
pub fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if read_regular(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let mut file = create(path)?;
    file.write_all(bytes)
        .and_then(|()| file.commit())
        .with_context(|| format!("write {}", path.display()))
}

/// Deletes a file. A file that cannot be deleted does no harm.
pub fn remove(path: &Path) {
    if let Err(e) = fs::remove_file(path) {
        wo_cli::info!("{}: {e}", path.display());
    }
}
