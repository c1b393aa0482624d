//! The tables of a folder: CSVs in which people label frames, and which win over its records.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use wo_cli::{Exit, ExitWith};
use wo_record::{Frame, Image, LabelOrigin, Name, Row, read_table};

use crate::folder::RECORDS;

/// A CSV of the folder that is no table of frames.
const GROUPS: &str = "groups.csv";

/// `squat` of `squat_bad_form`.
pub(crate) fn exercise_of_table(stem: &str) -> Option<Name> {
    let name = Name::new(stem);
    let exercise = ["_good_form", "_bad_form", "_unclear", "_good", "_bad"]
        .iter()
        .find_map(|ending| name.as_str().strip_suffix(ending));
    exercise.map(Name::new)
}

/// What a table says of a frame wins over its record: someone wrote it there.
pub(crate) fn correct(frame: &mut Frame, rows: &HashMap<String, Row>) {
    let Image::File { path, .. } = &frame.image else {
        return;
    };
    let Some(row) = path.as_path().to_str().and_then(|path| rows.get(path)) else {
        return;
    };
    let label = Name::label(&row.label);
    if !label.is_empty() && frame.label.as_ref() != Some(&label) {
        frame.label = Some(label);
        frame.label_origin = Some(LabelOrigin::Csv);
    }
    if !row.description.is_empty() {
        frame.description = Some(row.description.clone());
    }
}

/// The rows of all tables of a folder, by the path of the frame. None of a folder without records: there they are all that
/// is known, and correct nothing.
pub(crate) fn rows_by_path(dir: &Path) -> anyhow::Result<HashMap<String, Row>> {
    if !dir.join(RECORDS).exists() {
        return Ok(HashMap::new());
    }
    let tables = tables(dir)?;
    let tables: Vec<Vec<Row>> = tables
        .par_iter()
        .map(|table| read_rows(table))
        .collect::<anyhow::Result<_>>()?;
    let rows = tables.into_iter().flatten();
    Ok(rows.map(|row| (row.frame_path.clone(), row)).collect())
}

/// The tables of frames in a folder, in the order of their names.
pub(crate) fn tables(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = fs::read_dir(dir)
        .with_context(|| format!("read the folder {}", dir.display()))
        .exit_with(Exit::Usage)?;
    let mut tables: Vec<PathBuf> = list
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    tables.retain(|path| {
        path.extension().is_some_and(|e| e == "csv") && path.file_name() != Some(GROUPS.as_ref())
    });
    tables.sort();
    Ok(tables)
}

pub(crate) fn read_rows(table: &Path) -> anyhow::Result<Vec<Row>> {
    let file = File::open(table).with_context(|| format!("open {}", table.display()))?;
    read_table(BufReader::new(file)).with_context(|| table.display().to_string())
}
