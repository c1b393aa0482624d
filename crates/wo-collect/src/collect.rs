//! Fetches what the table of sources names and is new.
//!
//! Each source is decided on by what the ledger says of it, fetched into the staging folder, looked at, and let appear. One
//! that fails is named, noted with the time of its next try, and costs no other.

mod decision;
mod fetched_file;
mod keeping;
mod pauses;
mod report;
mod run;
mod target;

use std::io::Write;

use wo_cli::{IgnoreBrokenPipe, Outcome, Stop};

use crate::cli::config::CollectConfig;
use crate::collect::report::Report;
use crate::collect::run::Run;
use crate::sources::SourcesTable;

/// Runs `wo-collect`.
pub(crate) fn collect(config: &CollectConfig, stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    let table = SourcesTable::read(&config.places.sources, &config.places.videos)?;
    for trouble in &table.troubles {
        let name = config.places.sources.display();
        wo_cli::warn_line(&trouble.clone().about(name));
    }
    // The result is files and the ledger, which must not be lost when nobody reads the records.
    let mut stdout = IgnoreBrokenPipe::new(stdout);
    let mut report = Report::begin(&config.places, &mut stdout)?;
    for row in &table.bad_rows {
        report.bad_row(row)?;
    }
    let stop = Stop::listen()?;
    if config.dry_run {
        run::plan(config, &table.rows, &mut report)?;
    } else {
        Run::begin(config, stop, &table.rows)?.fetch_all(&table.rows, &mut report)?;
    }
    report.end()
}
