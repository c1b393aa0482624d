//! Files that are written whole or not at all.

use std::fs;
use std::io::{BufWriter, IntoInnerError, Write};
use std::path::Path;

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;

use crate::beneath::Beneath;

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
    if wo_cli::read_bytes(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let mut file = create(path)?;
    file.write_all(bytes)
        .and_then(|()| file.commit())
        .with_context(|| format!("write {}", path.display()))
}

/// Deletes a file. A file that cannot be deleted does no harm.
pub(crate) fn remove(path: &Path) {
    if let Err(e) = fs::remove_file(path) {
        wo_cli::info!("{}: {e}", path.display());
    }
}

/// Deletes a file of a folder whose path a record names, likewise. No link on the way leads out of the folder.
pub fn remove_below(dir: &Path, path: &Path) {
    if let Err(e) = Beneath::open(dir).and_then(|dir| dir.remove(path)) {
        wo_cli::info!("{}: {e}", dir.join(path).display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_link_leads_to_outside_of_the_folder_is_not_deleted() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("frames");
        fs::create_dir_all(dir.join("frames_squat_bad")).unwrap();
        fs::create_dir(home.path().join("keys")).unwrap();
        std::os::unix::fs::symlink("../keys", dir.join("frames_squat_good")).unwrap();
        let (inside, outside) = (
            Path::new("frames_squat_bad/v.jpg"),
            Path::new("frames_squat_good/v.jpg"),
        );
        for path in [inside, outside] {
            fs::write(dir.join(path), "image").unwrap();
            remove_below(&dir, path);
        }
        assert!(!dir.join(inside).exists());
        assert!(home.path().join("keys/v.jpg").exists());
    }
}
