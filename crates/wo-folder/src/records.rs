//! The records of a folder, line by line.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context;
use wo_record::{DEFAULT_MAX_LINE, Line, Reader};

/// Reads a stream. A file that is not there has no lines.
pub fn for_each_line(
    path: &Path,
    mut each: impl FnMut(Line) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut input = BufReader::with_capacity(1 << 18, file);
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    while let Some(line) = reader
        .next_line()
        .with_context(|| path.display().to_string())?
    {
        each(line)?;
    }
    Ok(())
}
