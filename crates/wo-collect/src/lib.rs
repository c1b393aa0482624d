//! Sources to videos: a folder to begin with, downloads, and a ledger of where each video came from.
//!
//! Opens no socket and decodes no video: the program `yt-dlp` fetches, and what it leaves is looked at by its first bytes.

mod back_off;
mod check;
mod cli;
mod collect;
mod deny_list;
mod disk;
mod downloader;
mod exercise;
mod forget;
mod groups;
mod groups_table;
mod hand;
mod history;
mod init;
mod known_words;
mod media_type;
mod provenance;
mod source_rows;
mod sources;
mod spelling;
mod staging;
mod store;
mod video_files;
mod video_track;

use std::io::{BufRead, Write};

use wo_cli::Outcome;

pub use crate::cli::args::Args;
use crate::cli::config::Config;
use crate::downloader::guard::become_program;

/// Runs the tool.
pub fn run(args: Args, stdin: &mut dyn BufRead, stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    match Config::of(args)? {
        Config::Collect(config) => collect::collect(&config, stdout),
        Config::Init(config) => init::init(&config),
        Config::AddExercise(config) => exercise::add(&config),
        Config::Check(config) => check::check(&config, stdin, stdout),
        Config::Forget(config) => forget::forget(&config),
        Config::Guard(guarded) => become_program(&guarded),
    }
}
