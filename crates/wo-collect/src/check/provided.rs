//! Where a video came from, who allowed it, and whether it was to be forgotten.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use wo_cli::Message;

use crate::check::probed::place_of;
use crate::cli::config::Places;
use crate::deny_list::DenyList;
use crate::provenance::{Entry, Fetched};
use crate::source_rows::{SourceRow, SourceRows, is_of_web};
use crate::sources::columns::COLUMNS;
use crate::spelling::normal;

/// Where one video came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Provenance {
    /// Whether people were filmed for this collection, instead of fetched from a site.
    pub(crate) is_filmed: bool,
    pub(crate) licence: Option<String>,
    pub(crate) consent: Option<String>,
}

/// All that the ledger and the table of sources say.
#[derive(Debug, Default)]
pub(crate) struct Provided {
    fetched: HashMap<String, Fetched>,
    rows_by_address: BTreeMap<String, SourceRow>,
    rows_by_file: HashMap<PathBuf, SourceRow>,
    pub(crate) denied: DenyList,
    /// What is odd about the columns of the table of sources.
    pub(crate) troubles: Vec<Message>,
}

impl Provided {
    /// Reads both.
    pub(crate) fn read(places: &Places) -> anyhow::Result<Self> {
        let mut provided = Self::default();
        let mut forgotten = Vec::new();
        for entry in wo_ledger::read::<Entry>(&places.ledger)? {
            match entry.what {
                Entry::Fetched(fetched) | Entry::Changed(fetched) => {
                    provided
                        .fetched
                        .insert(fetched.file.blake3.clone(), fetched);
                }
                Entry::Forgotten(entry) => forgotten.push(entry),
                Entry::Duplicate(_) | Entry::Failed(_) => {}
            }
        }
        provided.denied = DenyList::of(forgotten);
        if !places.sources.exists() {
            return Ok(provided);
        }
        let table = SourceRows::read(&places.sources)?;
        provided.troubles = table.sheet.troubles(&COLUMNS);
        for row in table.rows {
            let Some(address) = &row.address else {
                continue;
            };
            // A file may lie in the folder of videos already.
            let beside = (!is_of_web(address)).then(|| places.videos.join(address));
            for file in beside.iter().chain(&row.file) {
                provided.rows_by_file.insert(place_of(file), row.clone());
            }
            provided.rows_by_address.insert(normal(address), row);
        }
        Ok(provided)
    }

    /// Where a video came from, by its bytes and its place. What the table says now counts more than what it said when the
    /// video was fetched.
    pub(crate) fn of(&self, id: &str, file: &Path) -> Option<Provenance> {
        let of_row = |row: &SourceRow, is_filmed| Provenance {
            is_filmed,
            licence: row.licence.clone(),
            consent: row.consent.clone(),
        };
        if let Some(row) = self.rows_by_file.get(&place_of(file)) {
            return Some(of_row(row, true));
        }
        let fetched = self.fetched.get(id)?;
        let said = &fetched.said;
        let is_filmed = !is_of_web(&said.url);
        let row = self.rows_by_address.get(&normal(&said.url));
        let now = row.map(|row| of_row(row, is_filmed)).unwrap_or_default();
        Some(Provenance {
            is_filmed,
            licence: now
                .licence
                .or_else(|| said.licence.clone())
                .or_else(|| fetched.origin.licence.clone()),
            consent: now.consent.or_else(|| said.consent.clone()),
        })
    }
}
