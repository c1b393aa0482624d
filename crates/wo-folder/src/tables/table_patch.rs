//! Edits single cells and rows of a CSV: all other bytes stay as they are.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context;
use csv::{StringRecord, Terminator};
use wo_cli::{Exit, ExitWith};
use wo_record::{Judgement, Name};

use crate::regular_file::read_regular;
use crate::tables::dialect::{Encoding, encode};
use crate::tables::formula::{quoted, unquoted};
use crate::tables::sheet::Sheet;
use crate::tables::table::{FRAME_COLUMNS, Row, WRITTEN_COLUMNS};

/// What happens to a row.
#[derive(Debug)]
pub enum Fate<'a> {
    /// It stays as it is.
    Stay,
    /// Its cells change.
    Say(&'a Judgement),
    /// It moves to another table, where its cells may change.
    Go(Option<&'a Judgement>, String),
}

/// A table, row by row.
#[derive(Debug)]
pub struct TablePatch {
    /// The header line, with its line end and what may stand before it.
    head: String,
    header: Vec<String>,
    delimiter: u8,
    encoding: Encoding,
    rows: Vec<TableRow>,
    /// The rows that were removed.
    taken: Vec<TableRow>,
    is_changed: bool,
    has_more: bool,
}

/// A row of a table.
#[derive(Debug, Clone)]
pub struct TableRow {
    /// The frame that it is about, as it is written.
    pub path: String,
    cells: StringRecord,
    /// As it is written, with the end of its line.
    text: String,
}

impl TablePatch {
    /// Reads a table.
    pub fn read(table: &Path) -> anyhow::Result<Self> {
        let what = || format!("read {}", table.display());
        let bytes = read_regular(table).with_context(what).exit_with(Exit::Io)?;
        Self::parse(&bytes)
            .with_context(what)
            .exit_with(Exit::Integrity)
    }

    /// A table without rows.
    pub fn empty() -> Self {
        Self {
            head: WRITTEN_COLUMNS.join(","),
            header: WRITTEN_COLUMNS.map(str::to_owned).to_vec(),
            delimiter: b',',
            encoding: Encoding::Utf8,
            rows: Vec::new(),
            taken: Vec::new(),
            is_changed: false,
            has_more: false,
        }
    }

    /// The same with the columns of another one.
    pub fn like(other: &Self) -> Self {
        Self {
            head: other.head.clone(),
            header: other.header.clone(),
            delimiter: other.delimiter,
            encoding: other.encoding,
            ..Self::empty()
        }
    }

    pub(crate) fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let sheet = Sheet::parse(bytes, &FRAME_COLUMNS)?;
        let text = |from: usize, to: usize| sheet.text.get(from..to).unwrap_or_default().to_owned();
        let mut patch = Self {
            head: text(0, sheet.first_row()),
            header: sheet.header.clone(),
            delimiter: sheet.delimiter,
            encoding: sheet.encoding,
            ..Self::empty()
        };
        let ends = sheet.rows.iter().skip(1).map(|row| row.begin);
        for (row, end) in sheet.rows.iter().zip(ends.chain([sheet.text.len()])) {
            patch.rows.push(TableRow {
                path: unquoted(patch.cell(&row.cells, FRAME_COLUMNS.key).trim()).to_owned(),
                cells: row.cells.clone(),
                text: text(row.begin, end),
            });
        }
        Ok(patch)
    }

    /// A cell by the names of its column, as it is written.
    fn cell<'a>(&self, cells: &'a StringRecord, names: &[&str]) -> &'a str {
        let place = names
            .iter()
            .find_map(|name| self.header.iter().position(|it| it == name));
        place.and_then(|place| cells.get(place)).unwrap_or_default()
    }

    /// The frames that have a row, as they are written.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.path.as_str())
    }

    /// What its rows say.
    pub fn said_rows(&self) -> Vec<Row> {
        let row = |row: &TableRow| {
            let cell = |place: usize| {
                self.cell(
                    &row.cells,
                    FRAME_COLUMNS.others.get(place).copied().unwrap_or(&[]),
                )
            };
            Row::of_cells(&row.path, cell(0), cell(1), cell(2))
        };
        self.rows.iter().map(row).collect()
    }

    /// Whether it needs to be written.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Whether rows were added.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Decides for each row, by its frame and its label, whether it stays, changes or moves. Returns the rows that move, with
    /// their destination.
    pub fn pass<'a>(
        &mut self,
        mut fate: impl FnMut(&str, &Name) -> Fate<'a>,
    ) -> anyhow::Result<Vec<(TableRow, String)>> {
        let mut leaving = Vec::new();
        for mut row in std::mem::take(&mut self.rows) {
            let label = Name::label(self.cell(&row.cells, &["label"]));
            match fate(&row.path, &label) {
                Fate::Stay => self.rows.push(row),
                Fate::Say(new) => {
                    self.is_changed |= self.say(&mut row, new)?;
                    self.rows.push(row);
                }
                Fate::Go(new, to) => {
                    self.taken.push(row.clone());
                    if let Some(new) = new {
                        self.say(&mut row, new)?;
                    }
                    leaving.push((row, to));
                }
            }
        }
        self.is_changed |= !leaving.is_empty();
        Ok(leaving)
    }

    /// Writes new values of a frame into its row. True if they differ.
    fn say(&self, row: &mut TableRow, new: &Judgement) -> anyhow::Result<bool> {
        let cells = self.said(&row.cells, new);
        let is_new = cells != row.cells;
        if is_new {
            *row = self.row(row.path.clone(), cells)?;
        }
        Ok(is_new)
    }

    /// Inserts rows, each with the columns of its own table, before the first row that comes later in an order. A row that is
    /// already here after a crash is not inserted again.
    pub fn put<O: Ord>(
        &mut self,
        rows: Vec<(TableRow, Self)>,
        order: impl Fn(&str) -> O,
    ) -> anyhow::Result<()> {
        let there: HashSet<String> = self.rows.iter().map(|row| row.path.clone()).collect();
        let mut coming = Vec::new();
        for (row, of) in rows {
            if !there.contains(&row.path) {
                coming.push(self.adopted(row, &of)?);
            }
        }
        self.has_more |= !coming.is_empty();
        self.is_changed |= self.has_more;
        let key = |row: &TableRow| (order(&row.path), row.path.clone());
        coming.sort_by_cached_key(key);
        // A last line may have no end.
        let last = self
            .rows
            .last_mut()
            .map_or(&mut self.head, |it| &mut it.text);
        if !coming.is_empty() && !last.ends_with('\n') {
            last.push('\n');
        }
        let mut coming = coming.into_iter().peekable();
        for row in std::mem::take(&mut self.rows) {
            let at = key(&row);
            while let Some(before) = coming.next_if(|it| key(it) < at) {
                self.rows.push(before);
            }
            self.rows.push(row);
        }
        self.rows.extend(coming);
        Ok(())
    }

    /// A row of another table, converted to the columns of this one.
    fn adopted(&self, row: TableRow, of: &Self) -> anyhow::Result<TableRow> {
        let is_alike = of.header == self.header
            && of.delimiter == self.delimiter
            && of.head.ends_with("\r\n") == self.head.ends_with("\r\n");
        if is_alike && row.text.ends_with('\n') {
            return Ok(row);
        }
        let columns = self.header.iter();
        let cells = columns
            .map(|it| of.cell(&row.cells, names_of(it).unwrap_or(&[it])))
            .collect();
        self.row(row.path, cells)
    }

    /// A new row with these values, for a frame without a row.
    pub fn new_row(&self, path: &str, new: &Judgement) -> anyhow::Result<TableRow> {
        let written = quoted(path);
        let is_path = self.place_of(FRAME_COLUMNS.key);
        let cells =
            (0..self.header.len()).map(|it| if is_path == Some(it) { &*written } else { "" });
        let blank: StringRecord = cells.collect();
        self.row(path.to_owned(), self.said(&blank, new))
    }

    /// The row of a new frame.
    pub fn row_of(&self, row: &Row) -> anyhow::Result<TableRow> {
        let new = Judgement {
            label: row.label.clone(),
            description: row.description.clone(),
            faults: row.faults.clone(),
            ..Judgement::default()
        };
        self.new_row(&row.frame_path, &new)
    }

    fn place_of(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.header.iter().position(|it| it == name))
    }

    fn row(&self, path: String, cells: StringRecord) -> anyhow::Result<TableRow> {
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .delimiter(self.delimiter)
            .terminator(self.ending())
            .from_writer(Vec::new());
        writer.write_record(&cells)?;
        let text = writer.into_inner().context("write a row")?;
        let text = String::from_utf8(text).context("write a row")?;
        Ok(TableRow { path, cells, text })
    }

    fn ending(&self) -> Terminator {
        if self.head.ends_with("\r\n") {
            Terminator::CRLF
        } else {
            Terminator::Any(b'\n')
        }
    }

    /// The cells with the new values. A cell that means the same keeps its spelling.
    fn said(&self, cells: &StringRecord, new: &Judgement) -> StringRecord {
        let label = new.label.clone().unwrap_or_default();
        let description = new.description.as_deref().unwrap_or_default();
        let names: Vec<&str> = new.faults.iter().map(Name::as_str).collect();
        let columns = self.header.iter().enumerate();
        columns
            .map(|(place, column)| {
                let cell = cells.get(place).unwrap_or_default();
                match column.as_str() {
                    "label" if Name::label(unquoted(cell)) != label => label.to_string(),
                    "description" if unquoted(cell).trim() != description.trim() => {
                        quoted(description).into_owned()
                    }
                    "faults" | "fault" => names.join(";"),
                    _ => cell.to_owned(),
                }
            })
            .collect()
    }

    /// The table as it is now, in the form that it was read in.
    pub fn bytes(&self) -> Vec<u8> {
        self.encoded(&self.text())
    }

    /// The same, with the removed rows at its end.
    pub fn bytes_with_taken(&self) -> Vec<u8> {
        let mut text = self.text();
        for row in &self.taken {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&row.text);
        }
        self.encoded(&text)
    }

    fn text(&self) -> String {
        let rows = self.rows.iter().map(|row| row.text.as_str());
        [self.head.as_str()].into_iter().chain(rows).collect()
    }

    /// A character that the table's encoding lacks turns the table into UTF-8 with a byte order mark.
    fn encoded(&self, text: &str) -> Vec<u8> {
        encode(text, self.encoding).unwrap_or_else(|| format!("\u{feff}{text}").into_bytes())
    }
}

/// All names of a column that is read.
fn names_of(column: &str) -> Option<&'static [&'static str]> {
    let all = FRAME_COLUMNS.others.iter().chain([&FRAME_COLUMNS.key]);
    all.copied().find(|names| names.contains(&column))
}

#[cfg(test)]
mod tests;
