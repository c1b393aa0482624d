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
mod holding;
mod label_studio;
mod measuring;
mod media;
mod near_duplicates;
mod numbering;
mod picture;
mod picture_file;
mod projection;
mod projector;
mod queue;
mod reading;
mod records_file;
mod records_pass;
mod replay;
mod review_file;
mod routes;
mod server;
mod session;
mod store;
mod suspects;
mod table_folder;
mod tables_pass;
mod video_paths;
mod views;

use std::io::{BufRead, Write};

use wo_cli::{Exit, ExitWith, Outcome};
use wo_folder::captions_in_force;

pub use crate::args::{Args, Command, Export, Format, Import, Role, Serve};
use crate::folder::Folder;
use crate::projection::Projection;
pub use crate::queue::QueueName;
use crate::reading::Reading;
use crate::review_file::{ReviewFile, read_reviews};
use crate::store::Store;

/// Runs the tool.
pub fn run(
    args: Args,
    _stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    match args.command {
        None => serve(&args.serve),
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
            finish(&store)?;
            imported.outcome()
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
    wo_cli::check_folder(&args.folder)?;
    args.suspects
        .iter()
        .try_for_each(|it| wo_cli::check_file(it))?;
    server::serve(args, Reading::begin(args)?)?;
    Ok(Outcome::Done)
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
