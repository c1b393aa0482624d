//! A local page on which people confirm and correct frame labels, one key a frame.
//!
//! Each decision is one line of the review log, on disk before the page shows "saved". Records and tables follow from the
//! log. Images and videos go to the browser unchanged; an image is decoded only to measure its sharpness if no record has it.

mod app;
mod cli;
mod export;
mod findings;
mod folder;
mod label_studio;
mod listing;
mod media;
mod projection;
mod queue;
mod serve;
mod store;
mod web;

use std::io::{BufRead, Write};

use wo_cli::Outcome;
use wo_folder::captions_in_force;

pub use crate::cli::args::Args;
use crate::cli::config::{Config, ExportConfig, ImportConfig, ListConfig, ServeConfig};
use crate::findings::read_findings;
use crate::folder::Folder;
use crate::store::{OnLoss, ReviewFile, Store, read_reviews};

/// Runs the tool.
pub fn run(
    args: Args,
    _stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    match Config::of(args)? {
        Config::Serve(config) => serve_page(&config),
        Config::List(config) => list_queue(&config, stdout),
        Config::Export(config) => export_labels(&config, stdout),
        Config::Import(config) => import_labels(&config),
    }
}

fn serve_page(config: &ServeConfig) -> anyhow::Result<Outcome> {
    wo_cli::check_folder(&config.folder)?;
    config.findings.check()?;
    serve::serve(config)?;
    Ok(Outcome::Done)
}

fn list_queue(config: &ListConfig, stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    wo_cli::check_folder(&config.folder)?;
    config.findings.check()?;
    let reviews = read_reviews(&config.folder)?;
    let captions = captions_in_force(&config.captions)?;
    let folder = Folder::read(&config.folder, &reviews, &captions)?;
    let mut store = Store::new(folder, captions, None, reviews, 0.0);
    read_findings(&mut store, &config.findings)?;
    let reviewer = store.reviewer(&config.reviewer);
    listing::write_queue(&store, config.queue, reviewer, stdout)
}

fn export_labels(config: &ExportConfig, stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    wo_cli::check_folder(&config.folder)?;
    let reviews = read_reviews(&config.folder)?;
    let captions = captions_in_force(&config.captions)?;
    let folder = Folder::read(&config.folder, &reviews, &captions)?;
    let store = Store::new(folder, captions, None, reviews, 0.0);
    export::export(&store, config, stdout)
}

fn import_labels(config: &ImportConfig) -> anyhow::Result<Outcome> {
    wo_cli::check_folder(&config.folder)?;
    wo_cli::check_file(&config.file)?;
    let captions = captions_in_force(&config.captions)?;
    let (log, reviews) = ReviewFile::open(&config.folder, OnLoss::Refuse)?;
    let folder = Folder::read(&config.folder, &reviews, &captions)?;
    let mut store = Store::new(folder, captions, Some(log), reviews, 0.0);
    store.warn_of_unmet();
    let imported = label_studio::import(&mut store, config)?;
    projection::write_at_end(&store)?;
    imported.outcome()
}
