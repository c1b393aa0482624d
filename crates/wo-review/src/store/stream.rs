//! A file of records from another tool.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context;
use wo_folder::stream_error;
use wo_record::{DEFAULT_MAX_LINE, Reader, Record};

/// Calls `each` for all records of a file, in order.
pub(super) fn for_each_record(path: &Path, each: &mut dyn FnMut(Record)) -> anyhow::Result<()> {
    let file = wo_cli::opened(File::open(path), || format!("open {}", path.display()))?;
    let mut input = BufReader::new(file);
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    while let Some(line) = reader
        .next_line()
        .map_err(stream_error)
        .with_context(|| path.display().to_string())?
    {
        if let Ok(record) = line.record {
            each(record);
        }
    }
    Ok(())
}
