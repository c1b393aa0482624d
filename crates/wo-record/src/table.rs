//! The three-column CSV `frame_path,label,description`: a projection of the frame records that a spreadsheet can edit.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::{Frame, Image, Name};

/// One row. Columns beyond these are read over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The frame's image file.
    pub frame_path: String,
    /// The label: `good_form`, `bad_form`, `unclear`; `good` and `bad` are taken too.
    pub label: String,
    /// What the frame shows; may be empty.
    #[serde(default)]
    pub description: String,
    /// The faults by name, separated by `;` or `,`. Read where the column is there, never written.
    #[serde(default, skip_serializing)]
    pub faults: String,
}

impl Row {
    /// The row of a frame, but for its faults. `None` for a frame without a label, without a file of its own, or whose path is
    /// not UTF-8.
    pub fn of(frame: &Frame) -> Option<Self> {
        let Image::File { path, .. } = &frame.image else {
            return None;
        };
        Some(Self {
            frame_path: path.as_path().to_str()?.to_owned(),
            label: frame.label.as_ref()?.to_string(),
            description: frame.description.clone().unwrap_or_default(),
            faults: String::new(),
        })
    }
}

/// The table of a frame, such as `squat_bad_form.csv`; none for a frame without a label.
pub fn table_name(frame: &Frame) -> Option<String> {
    let label = frame.label.as_ref()?;
    Some(table_name_of(frame.exercise.as_ref(), label))
}

/// The table of frames of an exercise and a label.
pub fn table_name_of(exercise: Option<&Name>, label: &Name) -> String {
    let exercise = exercise.map_or("unknown", Name::as_str);
    format!("{exercise}_{label}.csv")
}

/// Why a table could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A row is not valid; the message has its line.
    #[error(transparent)]
    Csv(csv::Error),
    /// The input or the output failed; a reader that went away is here too.
    #[error("read or write the table")]
    Io(#[from] io::Error),
}

impl From<csv::Error> for TableError {
    fn from(error: csv::Error) -> Self {
        // A csv::Error hides the I/O error that it holds from those who follow the chain of causes to an exit code.
        match error.kind() {
            csv::ErrorKind::Io(cause) => Self::Io(io::Error::new(cause.kind(), cause.to_string())),
            _ => Self::Csv(error),
        }
    }
}

/// Reads all rows of a CSV with the header `frame_path,label,description`, in any order and with more columns.
pub fn read_table(input: impl Read) -> Result<Vec<Row>, TableError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(input);
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

/// Writes a header and `rows`.
pub fn write_table<'a>(
    output: impl Write,
    rows: impl IntoIterator<Item = &'a Row>,
) -> Result<(), TableError> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(output);
    writer.write_record(["frame_path", "label", "description"])?;
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.flush()?)
}
