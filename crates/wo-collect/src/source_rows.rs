//! The rows of `sources.csv`, as far as they say who is in a video, where it came from, and who allowed it.

use std::fs;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_folder::{Columns, Sheet, SheetRow};

/// The columns.
pub(crate) const COLUMNS: Columns = Columns {
    key: &["url", "file", "address", "link"],
    others: &[
        &["person", "person_id"],
        &["source", "source_id"],
        &["licence", "license"],
        &["consent"],
        &["exercise"],
        &["label"],
        &["faults", "fault"],
        &["angle"],
        &["start"],
        &["end"],
        &["note", "notes"],
    ],
    hint: "the first line is url,exercise,label,faults,person,source,angle,start,end,licence,consent,note",
};

/// The table of sources.
#[derive(Debug)]
pub(crate) struct SourceRows {
    pub(crate) sheet: Sheet,
    pub(crate) rows: Vec<SourceRow>,
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SourceRow {
    pub(crate) line: u64,
    /// An address or a file.
    pub(crate) address: Option<String>,
    pub(crate) person: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) consent: Option<String>,
}

impl SourceRows {
    /// Reads a table.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let what = || format!("read {}", path.display());
        let bytes = fs::read(path).with_context(what).exit_with(Exit::Io)?;
        let sheet = Sheet::parse(&bytes, &COLUMNS)
            .with_context(what)
            .exit_with(Exit::Integrity)?;
        let rows = sheet.rows.iter().map(|row| row_of(&sheet, row)).collect();
        Ok(Self { sheet, rows })
    }
}

/// What a row says.
pub(crate) fn row_of(sheet: &Sheet, row: &SheetRow) -> SourceRow {
    let cell = |names: &[&str]| {
        let text = sheet.column(names).and_then(|it| row.cells.get(it));
        text.map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
    };
    let other = |place: usize| COLUMNS.others.get(place).and_then(|names| cell(names));
    SourceRow {
        line: row.line,
        address: COLUMNS.key.iter().find_map(|name| cell(&[name])),
        person: other(0),
        source: other(1),
        licence: other(2),
        consent: other(3),
    }
}
