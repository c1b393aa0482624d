//! What the ledger says of each source, looked up by its address.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::back_off::is_time;
use crate::provenance::{Entry, Failed, Fetched, mark_of_address, mark_of_bytes};

/// What became of a source so far.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// Its video is kept.
    Kept(Fetched),
    /// Its video is that of another source.
    Duplicate(Fetched),
    /// It failed the last time.
    Failed(Failed),
}

/// The ledger by addresses, hashes, marks and hosts.
#[derive(Debug, Default)]
pub(crate) struct History {
    by_address: HashMap<String, State>,
    marks: HashSet<String>,
    /// Hosts that asked to be left alone, and until when.
    busy: HashMap<String, Timestamp>,
}

impl History {
    /// What all entries say.
    pub(crate) fn of(entries: &[wo_ledger::Entry<Entry>]) -> Self {
        let mut history = Self::default();
        for entry in entries {
            history.take(&entry.what);
        }
        history
    }

    /// Takes the next entry.
    pub(crate) fn take(&mut self, entry: &Entry) {
        let (address, state) = match entry {
            Entry::Fetched(it) | Entry::Changed(it) => (&it.address, State::Kept(it.clone())),
            Entry::Duplicate(it) => (&it.address, State::Duplicate(it.clone())),
            Entry::Failed(it) => {
                let until = it.next_try.as_ref().and_then(|text| text.parse().ok());
                if let Some((host, until)) = it.busy_host.clone().zip(until) {
                    self.busy.insert(host, until);
                }
                (&it.address, State::Failed(it.clone()))
            }
            Entry::Forgotten(it) => return self.marks.extend(it.marks.iter().cloned()),
        };
        self.by_address.insert(address.clone(), state);
    }

    /// What became of an address.
    pub(crate) fn state(&self, address: &str) -> Option<&State> {
        self.by_address.get(address)
    }

    /// Whether an address was forgotten by request.
    pub(crate) fn is_forgotten_address(&self, address: &str) -> bool {
        !self.marks.is_empty() && self.marks.contains(&mark_of_address(address))
    }

    /// Whether a video was forgotten by request.
    pub(crate) fn are_forgotten_bytes(&self, blake3: &str) -> bool {
        !self.marks.is_empty() && self.marks.contains(&mark_of_bytes(blake3))
    }

    /// Until when a host is to be left alone.
    pub(crate) fn busy_until(&self, host: &str, now: Timestamp) -> Option<Timestamp> {
        let until = self.busy.get(host).copied();
        until.filter(|&until| !is_time(now, until))
    }

    /// How often an address failed in a row.
    pub(crate) fn n_failures(&self, address: &str) -> u32 {
        match self.state(address) {
            Some(State::Failed(failed)) => failed.n_failures,
            _ => 0,
        }
    }
}
