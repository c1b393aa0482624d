//! The rules of a collection. Each looks for one kind of thing.

mod amount;
mod captions;
mod copies;
mod folders;
mod misspelt;
mod people;
mod provenance;
mod quality;
mod shortcut;
mod tables;
mod takedown;

use wo_record::{Coverage, FindingLevel};

use crate::check::collection::Collection;
use crate::check::found::Found;
use crate::cli::config::CheckConfig;

/// All findings: first those that must be mended.
pub(crate) fn all(
    config: &CheckConfig,
    collection: &Collection,
    coverage: &[Coverage],
) -> anyhow::Result<Vec<Found>> {
    let mut found = takedown::of(config, collection)?;
    found.extend(provenance::of(collection));
    found.extend(copies::of(collection));
    found.extend(folders::of(collection));
    found.extend(tables::of(collection));
    found.extend(quality::of(collection));
    found.extend(amount::of(coverage));
    found.extend(people::of(collection, coverage));
    found.extend(shortcut::of(collection));
    found.extend(captions::of(config, collection)?);
    found.sort_by_key(|it| it.finding.level != FindingLevel::Mend);
    Ok(found)
}
