//! A ledger that is open for writing. An entry that was taken is on the disk and stays there.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use wo_cli::Exit;

use crate::chain::{Chain, Line};
use crate::entry::Entry;
use crate::file::{beside, opened, remove_if_there, sync_folder};
use crate::head::Head;
use crate::read::{entries_of, read_lines};

/// Random bytes in the salt of a line.
const SALT_BYTES: usize = 16;

/// A ledger, open and locked. Whoever holds it is the only writer.
#[derive(Debug)]
pub struct Ledger<T> {
    file: File,
    path: PathBuf,
    chain: Chain,
    entries: Vec<Entry<T>>,
    /// How many bytes are complete and synced.
    len: u64,
    /// After a failed write or sync the state of the disk is unknown until the next start.
    is_broken: bool,
}

impl<T: Serialize + DeserializeOwned> Ledger<T> {
    /// Opens or creates a ledger for writing, and moves an unfinished write aside. Where another run holds it, that is an
    /// error with the exit code 75; where lines are missing at its end, one with 6.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = locked(path)?;
        let head = Head::read(path)?;
        let contents = read_lines(&file, path)?;
        contents.reach(head.as_ref(), path)?;
        if !contents.torn.is_empty() {
            set_aside(&file, path, &contents.torn, contents.len)?;
        }
        remove_if_there(&beside(path, "new"))?;
        sync_folder(path)?;
        let ledger = Self {
            entries: entries_of(&contents.lines, path)?,
            file,
            path: path.to_owned(),
            chain: contents.chain,
            len: contents.len,
            is_broken: false,
        };
        let now = head_of(&ledger.chain);
        if now.n_lines > 0 && head.as_ref() != Some(&now) {
            now.write(path)?;
        }
        Ok(ledger)
    }

    /// All entries in their order, without those that were forgotten.
    pub fn entries(&self) -> &[Entry<T>] {
        &self.entries
    }

    /// Appends an entry, and returns when it is on the disk.
    pub fn append(&mut self, what: T) -> anyhow::Result<()> {
        self.refuse_broken()?;
        let mut chain = self.chain.clone();
        let line = chain.seal(self.raw(&what)?, salt()?, Vec::new());
        let text = line.text()?;
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            // Part of it may be on disk, and the next line must not follow half a line.
            self.is_broken = self.file.set_len(self.len).is_err();
            return Err(error).with_context(|| format!("write {}", self.path.display()));
        }
        if let Err(error) = self.file.sync_data() {
            self.is_broken = true;
            return Err(error).with_context(|| format!("sync {}", self.path.display()));
        }
        self.len += text.len() as u64;
        self.take(chain, what);
        let written = head_of(&self.chain).write(&self.path);
        self.break_unless(written)
    }

    /// Takes the entries of these lines out of the file, and appends `what`, which says so. All of it happens or nothing.
    pub fn forget(&mut self, lines: &[u64], what: T) -> anyhow::Result<()> {
        self.refuse_broken()?;
        let is_meant = |sequence: u64| lines.contains(&sequence);
        let mut forgets: Vec<u64> = self.entries.iter().map(|entry| entry.sequence).collect();
        forgets.retain(|&sequence| is_meant(sequence));
        let old = read_lines(&self.file, &self.path)?;
        let mut chain = self.chain.clone();
        let last = chain.seal(self.raw(&what)?, salt()?, forgets);
        let kept = old.lines.into_iter().map(|line| match line.sequence {
            sequence if is_meant(sequence) => line.forgotten(),
            _ => line,
        });
        let lines: Vec<Line> = kept.chain([last]).collect();
        let texts: Result<Vec<String>, _> = lines.iter().map(Line::text).collect();
        self.replace(&texts?.concat())?;
        self.entries.retain(|entry| !is_meant(entry.sequence));
        self.take(chain, what);
        let settled = sync_folder(&self.path).and_then(|()| head_of(&self.chain).write(&self.path));
        self.break_unless(settled)?;
        // What a crash left may hold what is forgotten here.
        remove_if_there(&beside(&self.path, "torn"))
    }

    /// Lets another text take the place of the file. The lock is on the new file before it appears. Who calls it syncs the
    /// folder: what is in memory must follow the file first.
    fn replace(&mut self, text: &str) -> anyhow::Result<()> {
        let new = beside(&self.path, "new");
        let what = || format!("write {}", new.display());
        remove_if_there(&new)?;
        let mut file = opened(&new).with_context(what)?;
        file.try_lock()
            .map_err(io::Error::from)
            .with_context(what)?;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&new, &self.path));
        if let Err(error) = written {
            remove_if_there(&new)?;
            return Err(error).with_context(what);
        }
        self.file = file;
        self.len = text.len() as u64;
        Ok(())
    }

    /// Where a step failed after the lines were on the disk, nothing more is written until the next start has looked.
    fn break_unless(&mut self, done: anyhow::Result<()>) -> anyhow::Result<()> {
        self.is_broken |= done.is_err();
        done
    }

    fn take(&mut self, chain: Chain, what: T) {
        let sequence = chain.n_lines();
        self.chain = chain;
        self.entries.push(Entry { sequence, what });
    }

    fn raw(&self, what: &T) -> anyhow::Result<Box<RawValue>> {
        to_raw_value(what).with_context(|| format!("write {}", self.path.display()))
    }

    fn refuse_broken(&self) -> anyhow::Result<()> {
        if self.is_broken {
            return Err(io::Error::other("an earlier write failed"))
                .with_context(|| format!("write {}", self.path.display()));
        }
        Ok(())
    }
}

fn head_of(chain: &Chain) -> Head {
    Head {
        n_lines: chain.n_lines(),
        hash: chain.last_hash().to_owned(),
    }
}

/// The file under the lock.
fn locked(path: &Path) -> anyhow::Result<File> {
    let what = || format!("open {}", path.display());
    loop {
        let file = opened(path).with_context(what)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => wo_cli::bail!(
                Exit::Locked,
                "another run has {} open", path.display();
                "the same command works when that run has ended"
            ),
            Err(TryLockError::Error(error)) => return Err(error).with_context(what),
        }
        // Who held the lock before may have put another file in its place.
        let ours = file.metadata().with_context(what)?;
        if fs::metadata(path).is_ok_and(|it| (it.dev(), it.ino()) == (ours.dev(), ours.ino())) {
            return Ok(file);
        }
    }
}

/// Moves an unfinished write, which was never acknowledged, from the ledger to a file beside it.
fn set_aside(file: &File, path: &Path, torn: &[u8], len: u64) -> anyhow::Result<()> {
    let aside = beside(path, "torn");
    wo_cli::warn!(
        "{} ends with {} bytes of an unfinished write; they are now in {}",
        path.display(),
        torn.len(),
        aside.display()
    );
    opened(&aside)
        .and_then(|mut file| {
            file.write_all(torn)?;
            file.sync_all()
        })
        .with_context(|| format!("write {}", aside.display()))?;
    file.set_len(len)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("shorten {}", path.display()))
}

fn salt() -> anyhow::Result<String> {
    let mut bytes = [0; SALT_BYTES];
    getrandom::fill(&mut bytes).context("draw a salt")?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests;
