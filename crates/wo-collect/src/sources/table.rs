//! The table as a whole: its rows, and the rows that cannot be used.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Message, message};
use wo_folder::{Sheet, WIDE_ROW_CURE};
use wo_record::Name;

use super::address::Address;
use super::cells::{self, Known};
use super::columns::COLUMNS;
use super::section::Section;
use crate::provenance::Said;

/// A row that can be used.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its line in the file, from 1.
    pub(crate) line: u64,
    pub(crate) address: Address,
    pub(crate) said: Said,
}

impl Row {
    /// The part of the video that is wanted.
    pub(crate) fn section(&self) -> Section {
        Section {
            start_s: self.said.start_s,
            end_s: self.said.end_s,
        }
    }
}

/// A row that cannot be used.
#[derive(Debug, Clone)]
pub(crate) struct BadRow {
    pub(crate) line: u64,
    /// What is written in the column of urls.
    pub(crate) url: String,
    /// What is wrong and what to do.
    pub(crate) why: Message,
}

/// The table of sources.
#[derive(Debug)]
pub(crate) struct SourcesTable {
    pub(crate) rows: Vec<Row>,
    pub(crate) bad_rows: Vec<BadRow>,
    /// What is odd about its columns.
    pub(crate) troubles: Vec<Message>,
}

impl SourcesTable {
    /// Reads the table. `videos` is the folder of videos, whose folders are the known exercises.
    pub(crate) fn read(path: &Path, videos: &Path) -> anyhow::Result<Self> {
        let what = || format!("read {}", path.display());
        if !path.exists() {
            wo_cli::bail!(
                Exit::Usage,
                "{} is not there", path.display();
                "`wo-collect init .` makes an empty one; --sources names another"
            );
        }
        let bytes = wo_cli::opened(wo_cli::read_bytes(path), what)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let exercises = exercises_in(videos)?;
        let known = Known {
            folder,
            exercises: &exercises,
        };
        Self::parse(&bytes, &known)
            .with_context(what)
            .exit_with(Exit::Integrity)
    }

    fn parse(bytes: &[u8], known: &Known<'_>) -> anyhow::Result<Self> {
        if bytes.trim_ascii().is_empty() {
            wo_cli::bail!(Exit::Integrity, "the table is empty"; "{}", COLUMNS.hint);
        }
        let (sheet, wide) = Sheet::parse_with_wide_rows(bytes, &COLUMNS)?;
        let mut table = Self {
            rows: Vec::new(),
            bad_rows: Vec::new(),
            troubles: sheet.troubles(&COLUMNS),
        };
        let url = |row: &wo_folder::SheetRow| {
            let place = sheet.column(COLUMNS.key);
            let cell = place.and_then(|place| row.cells.get(place));
            cell.unwrap_or_default().trim().to_owned()
        };
        for row in &wide {
            let (n_cells, n_columns) = (row.cells.len(), sheet.header.len());
            table.bad_rows.push(BadRow {
                line: row.line,
                url: url(row),
                why: message!("{n_cells} cells under {n_columns} columns"; "{WIDE_ROW_CURE}"),
            });
        }
        for row in &sheet.rows {
            match cells::read(&sheet, row, known) {
                Ok((address, said)) => table.rows.push(Row {
                    line: row.line,
                    address,
                    said,
                }),
                Err(why) => table.bad_rows.push(BadRow {
                    line: row.line,
                    url: url(row),
                    why,
                }),
            }
        }
        table.refuse_contradictions();
        table.bad_rows.sort_by_key(|row| row.line);
        Ok(table)
    }

    /// Of two rows about one video the first counts.
    fn refuse_contradictions(&mut self) {
        let mut first: HashMap<String, (u64, Said)> = HashMap::new();
        for row in std::mem::take(&mut self.rows) {
            let key = format!("{}{}", row.address.text(), row.section().fragment());
            match first.get(&key) {
                None => {
                    first.insert(key, (row.line, row.said.clone()));
                    self.rows.push(row);
                }
                Some((_, said)) if is_same(said, &row.said) => {}
                Some((line, _)) => self.bad_rows.push(BadRow {
                    line: row.line,
                    url: row.said.url.clone(),
                    why: message!(
                        "line {line} says something else of the same video";
                        "delete one of the two rows"
                    ),
                }),
            }
        }
    }
}

/// Whether two rows say the same, but for what nothing depends on.
fn is_same(a: &Said, b: &Said) -> bool {
    let without_note = |said: &Said| Said {
        note: None,
        ..said.clone()
    };
    without_note(a) == without_note(b)
}

/// The exercises that have a folder.
fn exercises_in(videos: &Path) -> anyhow::Result<BTreeSet<Name>> {
    let what = || format!("read {}", videos.display());
    if !videos.is_dir() {
        wo_cli::bail!(
            Exit::Usage,
            "{} is no folder", videos.display();
            "`wo-collect init .` makes it; --videos names another"
        );
    }
    let mut exercises = BTreeSet::new();
    for entry in fs::read_dir(videos).with_context(what)? {
        let entry = entry.with_context(what)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && entry.path().is_dir() {
            exercises.insert(Name::new(&name));
        }
    }
    Ok(exercises)
}

#[cfg(test)]
mod tests;
