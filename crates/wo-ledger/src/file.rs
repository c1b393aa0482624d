//! The files of a ledger: opened so that nobody else reads them, and synced so that a power cut loses no name.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::open_file;

/// Other users of this machine may not read who is in a video.
const MODE: u32 = 0o600;

/// Opens a file for appending, or creates it.
pub(crate) fn opened(path: &Path) -> io::Result<File> {
    // What is there must be a file: a FIFO would be waited for, and a device never ends.
    match open_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::options()
        .read(true)
        .append(true)
        .create(true)
        .mode(MODE)
        .open(path)
}

/// `ledger.ndjson.torn` beside `ledger.ndjson`.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

pub(crate) fn remove_if_there(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Without this a power cut may lose the name of a file and all its lines.
pub(crate) fn sync_folder(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("sync {}", folder.display()))
}
