//! What the ledger says of each source, looked up by its address.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::back_off::is_time;
use crate::deny_list::DenyList;
use crate::provenance::{Entry, Failed, Fetched};

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
    denied: DenyList,
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
            Entry::Forgotten(it) => return self.denied.add(it.clone()),
        };
        self.by_address.insert(address.clone(), state);
    }

    /// What became of an address.
    pub(crate) fn state(&self, address: &str) -> Option<&State> {
        self.by_address.get(address)
    }

    /// The videos that are kept.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Fetched> {
        self.by_address.values().filter_map(|state| match state {
            State::Kept(fetched) => Some(fetched),
            _ => None,
        })
    }

    /// Whether an address was forgotten by request. It takes a moment for each takedown, so that nobody finds an address by
    /// trying all.
    pub(crate) fn is_forgotten_address(&self, address: &str) -> anyhow::Result<bool> {
        self.denied.has_address(address)
    }

    /// Whether a video was forgotten by request.
    pub(crate) fn are_forgotten_bytes(&self, blake3: &str) -> bool {
        self.denied.has_bytes(blake3)
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
