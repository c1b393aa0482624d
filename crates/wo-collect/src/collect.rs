//! Fetches what the table of sources names and is new.
//!
//! Each source is decided on by what the ledger says of it, fetched into the staging folder, looked at, and let appear. One
//! that fails is named, noted with the time of its next try, and costs no other.

mod clock;
mod decision;
mod duplicate;
mod fetched_file;
mod keeping;
mod moved_row;
mod orphan;
mod pauses;
mod report;
mod run;
mod target;

use std::io::Write;

use wo_cli::{IgnoreBrokenPipe, Outcome, Stop};

use crate::cli::config::CollectConfig;
use crate::collect::report::Report;
use crate::collect::run::Run;
use crate::known_words::{captions_beside, doubts_of_rows};
use crate::sources::SourcesTable;

/// Runs `wo-collect`.
pub(crate) fn collect(config: &CollectConfig, stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    let table = SourcesTable::read(&config.places.sources, &config.places.videos)?;
    for trouble in &table.troubles {
        let name = config.places.sources.display();
        wo_cli::warn_line(&trouble.clone().about(name));
    }
    let captions = captions_beside(&config.places.sources);
    for (line, doubt) in doubts_of_rows(&table.rows, &captions) {
        let name = config.places.sources.display();
        wo_cli::warn_line(&doubt.about(format!("{name}:{line}")));
    }
    // The result is files and the ledger, which must not be lost when nobody reads the records.
    let mut stdout = IgnoreBrokenPipe::new(stdout);
    if config.dry_run {
        let mut report = Report::begin(&config.places, &table.bad_rows, &mut stdout)?;
        run::plan(config, &table, &mut report)?;
        return report.end();
    }
    let run = Run::begin(config, Stop::listen()?, &table.rows)?;
    let mut report = Report::begin(&config.places, &table.bad_rows, &mut stdout)?;
    run.fetch_all(&table, &mut report)?;
    report.end()
}
