//! The videos, their table of groups and the ledger, which change together: a video appears in all three or in none.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_ledger::Ledger;

use crate::cli::config::Places;
use crate::disk::sync;
use crate::groups_table::GroupsTable;
use crate::history::History;
use crate::provenance::Entry;
use crate::staging::{Intent, Staging};

/// All three, locked.
#[derive(Debug)]
pub(crate) struct Store {
    videos: PathBuf,
    pub(crate) staging: Staging,
    ledger: Ledger<Entry>,
    pub(crate) history: History,
    /// The addresses of videos that a killed run had fetched and this one has let appear.
    pub(crate) recovered: HashSet<String>,
}

impl Store {
    /// Opens the ledger under its lock, and finishes what a killed run began.
    pub(crate) fn open(places: &Places) -> anyhow::Result<Self> {
        let parent = places
            .ledger
            .parent()
            .filter(|it| !it.as_os_str().is_empty());
        if let Some(folder) = parent.filter(|it| !it.is_dir()) {
            wo_cli::bail!(
                Exit::Usage,
                "{} is not there", folder.display();
                "`wo-collect init .` makes it; --ledger names another file"
            );
        }
        let mut store = Self::unrecovered(places)?;
        for (name, intent) in store.staging.intents()? {
            let address = store.carry_out(&name, &intent)?;
            store.recovered.extend(address);
        }
        store.staging.clean()?;
        Ok(store)
    }

    fn unrecovered(places: &Places) -> anyhow::Result<Self> {
        let ledger = Ledger::open(&places.ledger)?;
        Ok(Self {
            videos: places
                .videos
                .canonicalize()
                .with_context(|| format!("open {}", places.videos.display()))?,
            staging: Staging::open(&places.videos)?,
            history: History::of(ledger.entries()),
            ledger,
            recovered: HashSet::new(),
        })
    }

    /// The folder of videos, as an absolute path.
    pub(crate) fn videos(&self) -> &Path {
        &self.videos
    }

    /// Appends an entry to the ledger.
    pub(crate) fn note(&mut self, entry: Entry) -> anyhow::Result<()> {
        self.history.take(&entry);
        self.ledger.append(entry)
    }

    /// Lets a video appear.
    pub(crate) fn keep(&mut self, name: &str, intent: &Intent) -> anyhow::Result<()> {
        let what = || format!("sync {}", intent.from.display());
        let file = File::open(&intent.from).with_context(what)?;
        file.sync_all().with_context(what)?;
        self.staging.intend(name, intent)?;
        self.carry_out(name, intent)?;
        Ok(())
    }

    /// Each step may have been taken by a run that was killed after it. Returns the address of a video that is there now.
    fn carry_out(&mut self, name: &str, intent: &Intent) -> anyhow::Result<Option<String>> {
        let to = self.videos.join(&intent.to);
        let is_elsewhere = intent.from != to && intent.from.exists();
        // A file that somebody put there in between is not ours; the source is fetched again.
        let is_taken = is_elsewhere && to.exists();
        if is_elsewhere && !is_taken {
            move_to(&intent.from, &to)?;
        }
        let mut address = None;
        if to.exists() && !is_taken {
            self.say_groups(intent)?;
            if let Entry::Fetched(it) | Entry::Changed(it) = &intent.entry {
                address = Some(it.address.clone());
            }
            if !self
                .ledger
                .entries()
                .iter()
                .any(|it| it.what == intent.entry)
            {
                self.note(intent.entry.clone())?;
            }
        }
        self.staging.fulfil(name)?;
        Ok(address)
    }

    fn say_groups(&self, intent: &Intent) -> anyhow::Result<()> {
        let mut table = GroupsTable::read(&self.videos)?;
        let mut is_changed = false;
        if let Some((path, keys)) = &intent.old_row {
            is_changed |= table.remove(path, keys)?;
        }
        is_changed |= table.add(&intent.to, &intent.keys)?;
        if is_changed {
            self.staging.replace(table.path(), table.bytes())?;
        }
        Ok(())
    }
}

/// Makes a folder with those above it. Each name that is new lasts through a power cut.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().filter(|it| !it.as_os_str().is_empty());
    let above = above.unwrap_or(Path::new("."));
    make_folder(above)?;
    match fs::create_dir(folder) {
        Err(error) if !folder.is_dir() => {
            Err(error).with_context(|| format!("make {}", folder.display()))
        }
        _ => sync(above),
    }
}

/// Moves a file into its folder, which is made where it is missing.
fn move_to(from: &Path, to: &Path) -> anyhow::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    let what = || format!("move {} to {}", from.display(), to.display());
    make_folder(folder)?;
    fs::rename(from, to)
        .with_context(what)
        .exit_with(Exit::Io)?;
    sync(folder)
}

#[cfg(test)]
mod tests;
