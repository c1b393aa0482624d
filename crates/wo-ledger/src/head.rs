//! The head of a ledger: how many lines it has and the hash of the last one, in a file beside it.
//!
//! A chain that was cut off at the end of a line is a chain, so only the head tells that lines are missing. It is replaced
//! after each line: a crash in between leaves it behind the ledger, never ahead. Who may write into the folder can remove
//! both; where there is no head, nothing is known of lines that were cut off.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use wo_cli::{Exit, ExitWith, Hint, read_bytes};

use crate::file::{beside, opened, remove_if_there};

/// Where a ledger ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) n_lines: u64,
    /// That of the last line; empty where there is none.
    pub(crate) hash: String,
}

impl Head {
    /// What the head of a ledger says. None where there is no head, as beside a ledger of an older version.
    pub(crate) fn read(ledger: &Path) -> anyhow::Result<Option<Self>> {
        let path = path_of(ledger);
        let reading = || format!("read {}", path.display());
        match read_bytes(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(reading)
                .exit_with(Exit::Integrity)
                .hint(format!(
                    "bring back a copy of it and of {}; nothing but the tools writes them",
                    ledger.display()
                ))
                .map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(reading),
        }
    }

    /// Puts it beside a ledger, in the place of the one before.
    pub(crate) fn write(&self, ledger: &Path) -> anyhow::Result<()> {
        let path = path_of(ledger);
        let new = beside(&path, "new");
        let writing = || format!("write {}", path.display());
        remove_if_there(&new)?;
        let mut text = serde_json::to_vec(self).with_context(writing)?;
        text.push(b'\n');
        let mut file = opened(&new).with_context(writing)?;
        file.write_all(&text)
            .and_then(|()| file.sync_data())
            .and_then(|()| fs::rename(&new, &path))
            .with_context(writing)
    }

    /// Refuses a ledger that ends before its head, or whose line there is another one. `hashes` are those of its lines.
    pub(crate) fn check<'a>(
        &self,
        ledger: &Path,
        mut hashes: impl ExactSizeIterator<Item = &'a str>,
    ) -> anyhow::Result<()> {
        let n_found = hashes.len();
        let last = self.n_lines.checked_sub(1);
        let found = last.and_then(|it| hashes.nth(usize::try_from(it).ok()?));
        let what = match found {
            Some(hash) if hash == self.hash => return Ok(()),
            None if self.n_lines == 0 => return Ok(()),
            None => format!(
                "it ends after {}, and had {}",
                wo_cli::count(n_found, "line"),
                self.n_lines
            ),
            Some(_) => format!("line {} is not the one that was written", self.n_lines),
        };
        wo_cli::bail!(
            Exit::Integrity,
            "{}: {what}", ledger.display();
            "bring back a copy of the file from before the change; nothing but the tools writes it";
            "where what is missing may be lost for good, remove {} as well", path_of(ledger).display()
        )
    }
}

/// `.ledger.ndjson.head` beside `ledger.ndjson`.
pub(crate) fn path_of(ledger: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(ledger.file_name().unwrap_or_default());
    name.push(".head");
    ledger.with_file_name(name)
}
