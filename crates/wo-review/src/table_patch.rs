//! A CSV of other making, in which only what was said of a frame changes.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use wo_record::{Judgement, Name};

/// A table whose other cells and columns stay as they are.
#[derive(Debug)]
pub(crate) struct TablePatch {
    header: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
    /// The frames of the rows.
    pub(crate) paths: Vec<String>,
    pub(crate) is_changed: bool,
}

impl TablePatch {
    /// Reads a table and changes what was said of its frames.
    pub(crate) fn read(table: &Path, by_path: &BTreeMap<&str, &Judgement>) -> anyhow::Result<Self> {
        let what = || format!("read {}", table.display());
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_path(table)
            .with_context(what)?;
        let header = reader.headers().with_context(what)?.clone();
        let mut patch = Self {
            header,
            rows: Vec::new(),
            paths: Vec::new(),
            is_changed: false,
        };
        for row in reader.records() {
            let row = row.with_context(what)?;
            let path = patch
                .column("frame_path")
                .and_then(|column| row.get(column));
            let path = path.unwrap_or_default().trim().to_owned();
            match by_path.get(path.as_str()) {
                Some(judgement) if judgement.deleted => {
                    patch.is_changed = true;
                    continue;
                }
                Some(judgement) => {
                    let new = patch.patched(&row, judgement);
                    patch.is_changed |= new != row;
                    patch.rows.push(new);
                }
                None => patch.rows.push(row),
            }
            patch.paths.push(path);
        }
        Ok(patch)
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column.trim() == name)
    }

    fn patched(&self, row: &csv::StringRecord, new: &Judgement) -> csv::StringRecord {
        let said = |column: &str| match column.trim() {
            "label" => Some(
                new.label
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            "description" => Some(new.description.clone().unwrap_or_default()),
            "faults" => {
                let names: Vec<&str> = new.faults.iter().map(Name::as_str).collect();
                Some(names.join(";"))
            }
            _ => None,
        };
        self.header
            .iter()
            .enumerate()
            .map(|(i, column)| {
                said(column).unwrap_or_else(|| row.get(i).unwrap_or_default().to_owned())
            })
            .collect()
    }

    /// Puts a row in its place in the order of the paths, as far as the table has one.
    pub(crate) fn insert(&mut self, path: &str, new: &Judgement) {
        let blank: csv::StringRecord = self
            .header
            .iter()
            .map(|column| {
                if column.trim() == "frame_path" {
                    path
                } else {
                    ""
                }
            })
            .collect();
        let row = self.patched(&blank, new);
        let place = self.paths.iter().position(|other| other.as_str() > path);
        let place = place.unwrap_or(self.paths.len());
        self.is_changed = true;
        self.rows.insert(place, row);
        self.paths.insert(place, path.to_owned());
    }

    /// The table as it is now.
    pub(crate) fn text(&self) -> anyhow::Result<Vec<u8>> {
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .from_writer(Vec::new());
        writer.write_record(&self.header)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        writer.into_inner().context("write a table")
    }
}
