//! The ledger, open for writing, with what it comes to. Opening it completes what a killed run left half done.

use std::fs::File;

use anyhow::Context;
use wo_cli::{Exit, ensure};
use wo_ledger::Ledger;

use crate::event::{Begun, Event, now};
use crate::folder::{ModelsFolder, is_name_of_version};
use crate::history::History;
use crate::swap;

/// Random bytes in the salt.
const SALT_BYTES: usize = 16;

/// The ledger under the lock of the folder.
#[derive(Debug)]
pub(crate) struct OpenLedger {
    ledger: Ledger<Event>,
    history: History,
    folder: ModelsFolder,
    _lock: File,
}

impl OpenLedger {
    /// Opens it, and begins it where it is missing. Where it says that another model is in use than the link does, the link
    /// follows.
    pub(crate) fn open(folder: &ModelsFolder) -> anyhow::Result<Self> {
        let lock = folder.lock()?;
        let ledger = Ledger::open(&folder.ledger())?;
        let history = of_entries(ledger.entries(), folder)?;
        swap::check_known(folder, &history)?;
        let mut this = Self {
            history,
            ledger,
            folder: folder.clone(),
            _lock: lock,
        };
        if this.history.salt.is_empty() {
            this.append(&Event::Begun(Begun {
                at: now(),
                salt: salt()?,
            }))?;
        }
        this.complete()?;
        Ok(this)
    }

    /// What the entries come to.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Adds an entry, which is on the disk when this returns.
    pub(crate) fn append(&mut self, event: &Event) -> anyhow::Result<()> {
        self.ledger.append(event.clone())?;
        self.history.take(event);
        Ok(())
    }

    /// Brings models and the link to where the entries say that they are.
    pub(crate) fn complete(&self) -> anyhow::Result<()> {
        swap::complete(&self.folder, &self.history)
    }
}

/// What the ledger comes to, without its lock: for who only reads.
pub(crate) fn read_history(folder: &ModelsFolder) -> anyhow::Result<History> {
    of_entries(&wo_ledger::read(&folder.ledger())?, folder)
}

/// What the entries come to. The names of models become parts of paths, which are moved and deleted.
fn of_entries(
    entries: &[wo_ledger::Entry<Event>],
    folder: &ModelsFolder,
) -> anyhow::Result<History> {
    let mut history = History::default();
    for entry in entries {
        let version = match &entry.what {
            Event::Promoted(promoted) => Some(&promoted.version),
            Event::RolledBack(rolled_back) => Some(&rolled_back.to),
            _ => None,
        };
        ensure!(
            version.is_none_or(|it| is_name_of_version(it)),
            Exit::Integrity,
            "{}:{}: {} is no name of a model", folder.ledger().display(), entry.sequence,
            version.map_or("", String::as_str);
            "bring back a copy of the file from before the change; nothing but the tools writes it"
        );
        history.take(&entry.what);
    }
    Ok(history)
}

fn salt() -> anyhow::Result<String> {
    let mut bytes = [0; SALT_BYTES];
    getrandom::fill(&mut bytes).context("draw a salt")?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
