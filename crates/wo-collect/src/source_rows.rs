//! The rows of `sources.csv`, whether or not they can be fetched: who is in a video, where it came from, who allowed it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_folder::{Sheet, SheetRow, unquoted};

use crate::sources::address::{Address, host_of};
use crate::sources::columns::COLUMNS;

/// Places of columns among [`COLUMNS`].
const PERSON: usize = 3;
const SOURCE: usize = 4;
const LICENCE: usize = 8;
const CONSENT: usize = 9;

/// The table of sources.
#[derive(Debug)]
pub(crate) struct SourceRows {
    /// With all rows, those that have too many cells among them.
    pub(crate) sheet: Sheet,
    pub(crate) rows: Vec<SourceRow>,
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SourceRow {
    pub(crate) line: u64,
    /// An address of the web or of a file, as it is written.
    pub(crate) address: Option<String>,
    /// Where the file lies, if it is one.
    pub(crate) file: Option<PathBuf>,
    pub(crate) person: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) consent: Option<String>,
}

impl SourceRows {
    /// Reads a table.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let what = || format!("read {}", path.display());
        let bytes = wo_cli::opened(wo_cli::read_bytes(path), what)?;
        let (mut sheet, wide) = Sheet::parse_with_wide_rows(&bytes, &COLUMNS)
            .with_context(what)
            .exit_with(Exit::Integrity)?;
        sheet.rows.extend(wide);
        sheet.rows.sort_by_key(|row| row.begin);
        let folder = path.parent().unwrap_or(Path::new(""));
        let rows = sheet.rows.iter().map(|row| row_of(&sheet, row, folder));
        Ok(Self {
            rows: rows.collect(),
            sheet,
        })
    }
}

fn row_of(sheet: &Sheet, row: &SheetRow, folder: &Path) -> SourceRow {
    let cell = |names: &[&str]| {
        let text = sheet.column(names).and_then(|it| row.cells.get(it));
        let text = text.map(|text| unquoted(text.trim()).trim().to_owned());
        text.filter(|it| !it.is_empty())
    };
    let other = |place: usize| COLUMNS.others.get(place).and_then(|names| cell(names));
    let address = cell(COLUMNS.key);
    let file = address.as_deref().map(|it| Address::of_cell(it, folder));
    SourceRow {
        line: row.line,
        file: file.and_then(|it| match it {
            Ok(Address::File(_, path)) => Some(path),
            _ => None,
        }),
        address,
        person: other(PERSON),
        source: other(SOURCE),
        licence: other(LICENCE),
        consent: other(CONSENT),
    }
}

/// Whether an address is one of the web, and not of a file.
pub(crate) fn is_of_web(address: &str) -> bool {
    host_of(address).is_some()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_row_is_read_also_one_that_cannot_be_fetched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sources.csv");
        let text = "url,person,licence,consent\nhttps://a.org/1,'=Anna,CC BY,\nfilm/b.mov,ben,,signed,x\n,carl,,\n";
        fs::write(&path, text).unwrap();
        let rows = SourceRows::read(&path).unwrap().rows;
        let persons: Vec<_> = rows.iter().filter_map(|it| it.person.as_deref()).collect();
        assert_eq!(persons, ["=Anna", "ben", "carl"]);
        assert_eq!(
            (rows[0].licence.as_deref(), rows[1].consent.as_deref()),
            (Some("CC BY"), Some("signed"))
        );
        assert_eq!(rows[1].file, Some(dir.path().join("film/b.mov")));
        assert_eq!((rows[0].file.as_ref(), rows[2].line), (None, 4));
        assert!(is_of_web("https://a.org") && !is_of_web("file:///a.mov") && !is_of_web("a.mov"));
    }
}
