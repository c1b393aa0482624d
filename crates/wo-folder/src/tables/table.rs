//! The table `frame_path,label,description`: what a spreadsheet can edit of frames.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ExitWith, Message};
use wo_record::{BAD_FORM, Frame, Image, LabelOrigin, Name};

use crate::tables::dialect::Encoding;
use crate::tables::formula::{quoted, unquoted};
use crate::tables::label::WrittenLabel;
use crate::tables::sheet::{Columns, Sheet};

/// The columns of a table of frames.
pub const FRAME_COLUMNS: Columns = Columns {
    key: &["frame_path", "frame", "path", "image", "file"],
    others: &[&["label"], &["description"], &["faults", "fault"]],
    hint: "the first line is frame_path,label,description",
};

/// The columns of a table that is written again.
pub(crate) const WRITTEN_COLUMNS: [&str; 3] = ["frame_path", "label", "description"];

/// How many characters of a cell that is no label are shown.
const N_SHOWN: usize = 60;

/// What a row says of a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The frame's image file, as it is written.
    pub frame_path: String,
    /// The label.
    pub label: Option<Name>,
    /// The faults. Read where the column is there, and written by [`write_table`] where any row has some.
    pub faults: Vec<Name>,
    /// What the frame shows.
    pub description: Option<String>,
}

impl Row {
    /// The row of a frame, but for its faults. `None` for a frame without a label, without a file of its own, or whose path
    /// is not UTF-8.
    pub fn of(frame: &Frame) -> Option<Self> {
        let Image::File { path, .. } = &frame.image else {
            return None;
        };
        Some(Self {
            frame_path: path.as_path().to_str()?.to_owned(),
            label: Some(frame.label.clone()?),
            faults: Vec::new(),
            description: frame.description.clone(),
        })
    }

    /// What the cells of a row say.
    pub(crate) fn of_cells(path: &str, label: &str, description: &str, faults: &str) -> Self {
        let names = faults_of_cell(faults);
        let text = unquoted(description);
        Self {
            frame_path: path.to_owned(),
            label: WrittenLabel::of(unquoted(label.trim())).name().cloned(),
            faults: names.filter(|name| !name.is_too_long()).collect(),
            description: Some(text.to_owned()).filter(|text| !text.trim().is_empty()),
        }
    }

    /// Applies the row to a frame; an empty cell has no effect. If the label or the faults change, the description of the
    /// old ones is dropped. True if they change.
    ///
    /// Only bad form has faults: another label removes those of the frame.
    pub fn apply(&self, frame: &mut Frame) -> bool {
        let before = (frame.label.clone(), frame.faults.clone());
        if let Some(label) = &self.label {
            if frame.label.as_ref() != Some(label) {
                frame.label = Some(label.clone());
                frame.label_origin = Some(LabelOrigin::Csv);
            }
            if label.as_str() != BAD_FORM {
                frame.faults.clear();
            }
        }
        let has_faults = frame
            .label
            .as_ref()
            .is_none_or(|label| label.as_str() == BAD_FORM);
        if !self.faults.is_empty() && has_faults {
            frame.faults.clone_from(&self.faults);
        }
        let is_changed = before != (frame.label.clone(), frame.faults.clone());
        // A description that nobody changed describes the old label.
        let is_stale = is_changed && self.description == frame.description;
        match &self.description {
            Some(description) if !is_stale => frame.description = Some(description.clone()),
            _ if is_changed => frame.description = None,
            _ => {}
        }
        is_changed
    }
}

/// A table as it was read.
#[derive(Debug, Default)]
pub struct Table {
    /// The rows in their order, each with its line.
    pub rows: Vec<(u64, Row)>,
    /// Problems of its columns, each with a hint.
    pub column_troubles: Vec<Message>,
    /// Cells that are not empty and hold no label, by their lines. They have no effect.
    pub no_labels: Vec<(u64, String)>,
    /// Misspelt labels, by their lines, each with the one that is probably meant. They have no effect.
    pub misspelt_labels: Vec<(u64, Name, &'static str)>,
    /// Lines with a label or a fault that is longer than a name may be. Such a name has no effect.
    pub too_long: Vec<u64>,
    /// Lines that name faults beside a label other than bad form. Such faults have no effect.
    pub contrary: Vec<u64>,
    /// Whether its encoding was guessed to be Windows-1252.
    pub is_guessed: bool,
}

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The output failed; a reader that went away is here too.
    #[error("write the table")]
    Io(#[from] io::Error),
}

impl From<csv::Error> for TableError {
    fn from(error: csv::Error) -> Self {
        // A csv::Error does not show its I/O error in the chain of causes, from which the exit code is found.
        match error.into_kind() {
            csv::ErrorKind::Io(cause) => Self::Io(cause),
            other => Self::Io(io::Error::other(format!("{other:?}"))),
        }
    }
}

/// The names in a cell of faults.
fn faults_of_cell(cell: &str) -> impl Iterator<Item = Name> {
    let names = unquoted(cell.trim());
    let names: Vec<Name> = names.split([';', ',', '|']).map(Name::new).collect();
    names.into_iter().filter(|name| !name.is_empty())
}

/// Reads a table of frames. A missing file is a usage error; a file that is no table is an integrity error.
pub fn read_table(path: &Path) -> anyhow::Result<Table> {
    let bytes = wo_cli::opened(wo_cli::read_given(path), || {
        format!("read {}", path.display())
    })?;
    parse_table(&bytes)
        .with_context(|| path.display().to_string())
        .exit_with(Exit::Integrity)
}

/// Reads the bytes of a table of frames.
pub fn parse_table(bytes: &[u8]) -> anyhow::Result<Table> {
    let sheet = Sheet::parse(bytes, &FRAME_COLUMNS)?;
    let [path, label, description, faults] = [
        FRAME_COLUMNS.key,
        FRAME_COLUMNS.others[0],
        FRAME_COLUMNS.others[1],
        FRAME_COLUMNS.others[2],
    ]
    .map(|names| sheet.column(names));
    let mut table = Table {
        column_troubles: sheet.troubles(&FRAME_COLUMNS),
        is_guessed: sheet.encoding == Encoding::Windows1252,
        ..Table::default()
    };
    for row in &sheet.rows {
        let raw = |column: Option<usize>| column.and_then(|it| row.cells.get(it)).unwrap_or("");
        let text = unquoted(raw(label).trim());
        match WrittenLabel::of(text) {
            WrittenLabel::Misspelt { written, meant } => {
                table.misspelt_labels.push((row.line, written, meant));
            }
            WrittenLabel::None if !text.is_empty() => {
                let shown = text.chars().take(N_SHOWN).collect();
                table.no_labels.push((row.line, shown));
            }
            WrittenLabel::TooLong(_) => table.too_long.push(row.line),
            _ => {}
        }
        if faults_of_cell(raw(faults)).any(|name| name.is_too_long()) {
            table.too_long.push(row.line);
        }
        let frame_path = unquoted(raw(path).trim());
        let mut said = Row::of_cells(frame_path, raw(label), raw(description), raw(faults));
        let is_other = said
            .label
            .as_ref()
            .is_some_and(|it| it.as_str() != BAD_FORM);
        if !said.faults.is_empty() && is_other {
            table.contrary.push(row.line);
            said.faults.clear();
        }
        table.rows.push((row.line, said));
    }
    Ok(table)
}

/// Writes a header and `rows`, with a column of faults where any row has some. No cell of it runs as a formula.
pub fn write_table<'a>(
    output: impl Write,
    rows: impl IntoIterator<Item = &'a Row>,
) -> Result<(), TableError> {
    let rows: Vec<&Row> = rows.into_iter().collect();
    let has_faults = rows.iter().any(|row| !row.faults.is_empty());
    let mut writer = if has_faults {
        TableWriter::with_faults(output)?
    } else {
        TableWriter::new(output)?
    };
    for row in rows {
        writer.row(row)?;
    }
    writer.flush()
}

/// Writes a table row by row.
#[derive(Debug)]
pub struct TableWriter<W: Write> {
    writer: csv::Writer<W>,
    /// The name of the column of faults, if there is one.
    faults: Option<&'static str>,
}

impl<W: Write> TableWriter<W> {
    /// Writes the header.
    pub fn new(output: W) -> Result<Self, TableError> {
        Self::begin(output, None)
    }

    /// Writes the header, with a column of faults.
    pub fn with_faults(output: W) -> Result<Self, TableError> {
        Self::begin(output, Some("faults"))
    }

    fn begin(output: W, faults: Option<&'static str>) -> Result<Self, TableError> {
        let mut writer = csv::WriterBuilder::new()
            .has_headers(false)
            .from_writer(output);
        writer.write_record(WRITTEN_COLUMNS.into_iter().chain(faults))?;
        Ok(Self { writer, faults })
    }

    /// Writes a row.
    pub fn row(&mut self, row: &Row) -> Result<(), TableError> {
        let label = row.label.as_ref().map_or("", Name::as_str);
        let description = row.description.as_deref().unwrap_or_default();
        let faults: Vec<&str> = row.faults.iter().map(Name::as_str).collect();
        let faults = self.faults.map(|_| faults.join(";"));
        let cells = [row.frame_path.as_str(), label, description];
        let cells = cells.into_iter().chain(faults.as_deref());
        Ok(self
            .writer
            .write_record(cells.map(|cell| quoted(cell).into_owned()))?)
    }

    /// Flushes the output.
    pub fn flush(&mut self) -> Result<(), TableError> {
        Ok(self.writer.flush()?)
    }
}

#[cfg(test)]
mod tests;
