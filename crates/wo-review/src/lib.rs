//! A local page on which people confirm and correct frame labels, one key a frame.
//!
//! Each decision is one line of the review log, on disk before the page shows "saved". Records and tables follow from the
//! log. Images and videos go to the browser unchanged; an image is decoded only to measure its sharpness if no record has it.

mod app;
mod args;
mod export;
mod folder;
mod label_studio;
mod media;
mod projection;
mod queue;
mod serve;
mod store;
mod web;

use std::io::{BufRead, Write};

use wo_cli::{Exit, Outcome};
use wo_folder::captions_in_force;

pub use crate::args::{Args, Command, Export, Format, Import, Role, Serve};
use crate::folder::Folder;
pub use crate::queue::QueueName;
use crate::store::{ReviewFile, Store, read_reviews};

/// Runs the tool.
pub fn run(
    args: Args,
    _stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    match args.command {
        None => serve_page(&args.serve),
        Some(Command::Export(export)) => {
            wo_cli::check_folder(&export.folder)?;
            let reviews = read_reviews(&export.folder)?;
            let captions = captions_in_force(&export.captions)?;
            let folder = Folder::read(&export.folder, &reviews, &captions)?;
            let store = Store::new(folder, captions, None, reviews, 0.0);
            export::export(&store, &export, stdout)
        }
        Some(Command::Import(import)) => {
            wo_cli::check_folder(&import.folder)?;
            wo_cli::check_file(&import.file)?;
            let captions = captions_in_force(&import.captions)?;
            let (log, reviews) = ReviewFile::open(&import.folder)?;
            let folder = Folder::read(&import.folder, &reviews, &captions)?;
            let mut store = Store::new(folder, captions, Some(log), reviews, 0.0);
            store.warn_of_unmet();
            let imported = label_studio::import(&mut store, &import)?;
            projection::write_at_end(&store)?;
            imported.outcome()
        }
    }
}

fn serve_page(args: &Serve) -> anyhow::Result<Outcome> {
    if !args.bind.is_loopback() && !args.allow_remote {
        wo_cli::bail!(
            Exit::Usage,
            "{} can be reached from other machines", args.bind;
            "forward a port instead (ssh -L), or use --allow-remote behind a TLS proxy"
        );
    }
    wo_cli::check_folder(&args.folder)?;
    args.suspects
        .iter()
        .try_for_each(|it| wo_cli::check_file(it))?;
    serve::serve(args)?;
    Ok(Outcome::Done)
}
