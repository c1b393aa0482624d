//! A local page on which people confirm and correct the labels of frames, one key a frame.
//!
//! Each decision is one line of a log, on the disk before the page says "saved"; records and tables are made from the log.
//! The browser gets pictures and videos as they are; a picture is decoded only to
//! measure it where no record says how sharp it is.

mod agreement;
mod args;
mod assets;
mod decision;
mod export;
mod folder;
mod guard;
mod label_studio;
mod leftovers;
mod measuring;
mod media;
mod near_duplicates;
mod picture;
mod picture_file;
mod projection;
mod projector;
mod queue;
mod records_file;
mod records_pass;
mod replay;
mod review_file;
mod routes;
mod server;
mod session;
mod store;
mod suspects;
mod table_patch;
mod views;

use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Outcome};
use wo_label::Captions;
use wo_record::Review;

pub use crate::args::{Args, Command, Export, Format, Import, Serve};
use crate::folder::Folder;
use crate::projection::Projection;
pub use crate::queue::QueueName;
use crate::review_file::{ReviewFile, read_reviews};
use crate::store::Store;
use crate::suspects::Suspects;

/// Runs the tool.
pub fn run(
    args: Args,
    _stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    match args.command {
        None => serve(&args.serve),
        Some(Command::Export(export)) => {
            let folder = Folder::read(&export.folder)?;
            let reviews = read_reviews(&export.folder)?;
            let store = Store::new(folder, Captions::embedded(), None, reviews, 0.0);
            export::export(&store, &export, stdout)
        }
        Some(Command::Import(import)) => {
            let log = ReviewFile::open(&import.folder)?;
            let mut store = open(&import.folder, log, Captions::embedded(), 0.0)?;
            let outcome = label_studio::import(&mut store, &import)?;
            finish(&store)?;
            Ok(outcome)
        }
    }
}

fn serve(args: &Serve) -> anyhow::Result<Outcome> {
    if !args.bind.is_loopback() && !args.allow_remote {
        return Err(anyhow::anyhow!(
            "{} can be reached from other machines\n\
             hint: forward a port instead (ssh -L), or say --allow-remote and put a TLS proxy before it",
            args.bind
        ))
        .exit_with(Exit::Usage);
    }
    Folder::look(&args.folder)?;
    let captions = read_captions(args.captions.as_deref())?;
    let log = ReviewFile::open(&args.folder)?;
    server::serve(args, || read(args, log, captions))?;
    Ok(Outcome::Done)
}

/// The folder, and what is suspicious in it.
fn read(args: &Serve, log: Log, captions: Captions) -> anyhow::Result<(Store, Suspects)> {
    let mut store = open(&args.folder, log, captions, args.blind_repeats / 100.0)?;
    for name in server::reviewers(args) {
        store.reviewer(&name);
    }
    let suspects = match &args.suspects {
        Some(path) => Suspects::read(path, &store.folder)?,
        None => Suspects::default(),
    };
    wo_cli::say!(
        "{}: {} frames of {} videos, {} reviewed",
        args.folder.display(),
        store.folder.frames.len(),
        store.folder.videos.len(),
        store.n_judged()
    );
    Ok((store, suspects))
}

/// The log, and what is in it.
type Log = (ReviewFile, Vec<Review>);

/// Opens a folder for writing.
fn open(
    dir: &Path,
    (log, reviews): Log,
    captions: Captions,
    repeat_share: f64,
) -> anyhow::Result<Store> {
    let folder = Folder::read(dir)?;
    let store = Store::new(folder, captions, Some(log), reviews, repeat_share);
    if store.n_unmet > 0 {
        wo_cli::warn!(
            "{} reviews are of frames that are not in {} any more, or show another picture now; they stay in the log",
            store.n_unmet,
            dir.display()
        );
    }
    Ok(store)
}

/// Writes records and tables once more, when nobody decides any more.
fn finish(store: &Store) -> anyhow::Result<()> {
    if !Projection::of(store).write()? {
        wo_cli::warn!(
            "another run works on {}; records and tables follow at the next start",
            store.folder.dir.display()
        );
    }
    Ok(())
}

fn read_captions(path: Option<&Path>) -> anyhow::Result<Captions> {
    let Some(path) = path else {
        return Ok(Captions::embedded());
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("read {}", path.display()))
        .exit_with(Exit::Io)?;
    Captions::parse(&text)
        .with_context(|| format!("read {}", path.display()))
        .exit_with(Exit::Usage)
}
