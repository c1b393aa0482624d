//! The records of a folder, line by line.

use std::io::BufReader;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Error, Exit, Hint, shell_word};
use wo_record::{DEFAULT_MAX_LINE, Line, ReadError, Reader};

use crate::names::{RECORDS, STATE};
use crate::regular_file::open_regular;

/// Reads a stream. A file that is not there has no lines.
pub fn for_each_line(
    path: &Path,
    mut each: impl FnMut(Line) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let file = open_regular(path).with_context(|| format!("open {}", path.display()))?;
    let mut input = BufReader::with_capacity(1 << 18, file);
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    while let Some(line) = reader
        .next_line()
        .map_err(stream_error)
        .with_context(|| path.display().to_string())
        .hint_with(|| cure_of_records(path))?
    {
        each(line)?;
    }
    Ok(())
}

/// That a stream cannot be trusted, with what to do about it, or that it cannot be read.
pub fn stream_error(error: ReadError) -> anyhow::Error {
    let exit = match error {
        ReadError::Io(_) => Exit::Io,
        _ => Exit::Integrity,
    };
    let hint = error.hint();
    let error = Error::of(error).exit(exit);
    match hint {
        Some(hint) => error.hint(hint).into(),
        None => error.into(),
    }
}

/// What to do about the records of a folder that are damaged: `wo-extract` notes enough to make them anew. `None` of other
/// files, and where there are no notes.
pub fn cure_of_records(records: &Path) -> Option<String> {
    let notes = records.with_file_name(STATE);
    let has_notes = notes.metadata().is_ok_and(|notes| notes.len() > 0);
    if records.file_name() != Some(RECORDS.as_ref()) || !has_notes {
        return None;
    }
    Some(format!(
        "take the file back from a copy; without one, put it aside, and the wo-extract command that made the folder makes it anew: mv {} {}",
        shell_word(records),
        shell_word(&records.with_file_name(format!("{RECORDS}.damaged")))
    ))
}
