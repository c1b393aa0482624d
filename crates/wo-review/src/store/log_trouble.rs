//! What another program did to the log while the page is open: nothing is acknowledged then.

use std::fmt;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Error, Exit, shell_word};
use wo_folder::LOG_CURE;

/// The log is not what it was, so a decision that is written may be lost.
#[derive(Debug)]
pub(crate) struct LogTrouble(String);

impl fmt::Display for LogTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LogTrouble {}

/// Fails unless the open file is still the one at its path, and has `len` bytes, where that is known.
pub(super) fn check_in_place(file: &File, path: &Path, len: Option<u64>) -> anyhow::Result<()> {
    let what = || format!("look at {}", path.display());
    let ours = file.metadata().with_context(what)?;
    let len = len.unwrap_or(ours.len());
    let name = path.display();
    let again = "then stop wo-review and start it again";
    // While this process runs, the file can still be read, whoever removed it.
    let copy = format!(
        "cp /proc/{}/fd/{} {}",
        std::process::id(),
        file.as_raw_fd(),
        shell_word(path)
    );
    let (text, cure) = match fs::metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            let has_folder = path.parent().is_some_and(Path::is_dir);
            let gone = if has_folder {
                format!("{name} was removed or moved away while the page is open")
            } else {
                format!("the folder of {name} was removed or moved away while the page is open")
            };
            let cure = if has_folder {
                format!(
                    "move it back; if it was removed, bring it back while wo-review still runs: {copy}; {again}"
                )
            } else {
                format!("move the folder back, or restore it from a backup; {again}")
            };
            (gone, cure)
        }
        Err(error) => return Err(error).with_context(what),
        Ok(there)
            if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) || ours.nlink() == 0 =>
        {
            (
                format!("another file took the place of {name} while the page is open"),
                format!(
                    "put it aside and bring the log back while wo-review still runs: {copy}; {again}"
                ),
            )
        }
        Ok(_) if ours.len() < len => (
            format!(
                "another program shortened {name} from {len} to {} bytes while the page is open",
                ours.len()
            ),
            format!("{LOG_CURE}; {again}"),
        ),
        Ok(_) if ours.len() > len => (
            format!("another program wrote into {name} while the page is open"),
            format!("{LOG_CURE}; {again}"),
        ),
        Ok(_) => return Ok(()),
    };
    let trouble = LogTrouble(format!("{text}, so decisions are not saved"));
    Err(Error::of(trouble).exit(Exit::Integrity).hint(cure).into())
}
