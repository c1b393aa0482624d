//! The tables of a folder: new frames get rows, and removed frames lose theirs. All other rows stay as they are, byte for
//! byte.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{count, verb};
use wo_record::Frame;

use crate::atomic_file::{remove, replace};
use crate::names::TRASH;
use crate::paths::base_folder::BaseFolder;
use crate::paths::files::Files;
use crate::tables::table::Row;
use crate::tables::table_files::tables;
use crate::tables::table_patch::{Fate, TablePatch, TableRow};

/// The tables of a folder, as they were read.
#[derive(Debug)]
pub struct Tables {
    dir: PathBuf,
    files: Files,
    by_name: BTreeMap<String, TablePatch>,
    /// The images that have a row.
    with_row: HashSet<PathBuf>,
    /// The rows that the frames of the records should have, by table, in the order of the records.
    expected: Vec<(String, Row)>,
    /// Removed frames: their images, and their rows as `wo-extract` wrote them.
    outdated: HashMap<PathBuf, Row>,
}

impl Tables {
    /// Reads the tables of a folder.
    pub fn read(dir: &Path) -> anyhow::Result<Self> {
        let files = Files::of(BaseFolder::of_folder(dir)?)?;
        let mut read = BTreeMap::new();
        let mut with_row = HashSet::new();
        for path in tables(dir)? {
            let table = TablePatch::read(&path)?;
            with_row.extend(table.paths().map(|path| key(&files, path)));
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            read.insert(name.into_owned(), table);
        }
        Ok(Self {
            dir: dir.to_owned(),
            files,
            by_name: read,
            with_row,
            expected: Vec::new(),
            outdated: HashMap::new(),
        })
    }

    /// Whether the frame with this image has a row.
    pub fn has_row(&self, image: &Path) -> bool {
        self.with_row.contains(&self.files.key(image))
    }

    /// Expects this row for a frame of the records, unless it has one. Call it in the order of the records.
    pub fn expects(&mut self, table: String, row: Row) {
        self.expected.push((table, row));
    }

    /// Notes that a frame is no longer in the records.
    pub fn outdates(&mut self, frame: &Frame) {
        if let Some(row) = Row::of(frame) {
            let key = self.files.key(Path::new(&row.frame_path));
            self.outdated.insert(key, row);
        }
    }

    /// Writes rows for frames that have none.
    pub fn add_rows(&mut self) -> anyhow::Result<()> {
        let mut places = HashMap::new();
        let mut missing: BTreeMap<String, Vec<(TableRow, TablePatch)>> = BTreeMap::new();
        for (place, (table, row)) in std::mem::take(&mut self.expected).into_iter().enumerate() {
            let key = self.files.key(Path::new(&row.frame_path));
            places.insert(row.frame_path.clone(), place);
            if !self.with_row.insert(key) {
                continue;
            }
            let like = self
                .by_name
                .get(&table)
                .map_or_else(TablePatch::empty, TablePatch::like);
            missing
                .entry(table)
                .or_default()
                .push((like.row_of(&row)?, like));
        }
        for (name, rows) in missing {
            let table = self
                .by_name
                .entry(name.clone())
                .or_insert_with(TablePatch::empty);
            table.put(rows, |path| places.get(path).copied())?;
            replace(&self.dir.join(&name), &table.bytes())?;
        }
        Ok(())
    }

    /// Restores the rows of deleted frames to their tables, unchanged. True if there were any.
    pub fn take_back(&mut self, images: &[PathBuf]) -> anyhow::Result<bool> {
        let trash = self.dir.join(TRASH);
        if images.is_empty() || !trash.is_dir() {
            return Ok(false);
        }
        let back: HashSet<PathBuf> = images.iter().map(|image| self.files.key(image)).collect();
        let mut has_any = false;
        for path in tables(&trash)? {
            let mut thrown = TablePatch::read(&path)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = name.into_owned();
            let rows = rows_of(&mut thrown, &name, &self.files, &back)?;
            let like = || TablePatch::like(&thrown);
            let rows: Vec<_> = rows.into_iter().map(|row| (row, like())).collect();
            if rows.is_empty() {
                continue;
            }
            has_any = true;
            let keys = rows.iter().map(|(row, _)| key(&self.files, &row.path));
            let is_new: Vec<bool> = keys.map(|key| self.with_row.insert(key)).collect();
            // A row that somebody wrote since then counts.
            let rows = rows.into_iter().zip(is_new);
            let rows = rows.filter_map(|(row, is_new)| is_new.then_some(row));
            let table = self.by_name.entry(name.clone()).or_insert_with(like);
            table.put(rows.collect(), |_| ())?;
            replace(&self.dir.join(&name), &table.bytes())?;
            if thrown.is_empty() {
                remove(&path);
            } else {
                replace(&path, &thrown.bytes())?;
            }
        }
        Ok(has_any)
    }

    /// Restores rows of all frames that should have one: of restored frames, and of frames whose video was gone and is back.
    /// Returns how many rows of the second kind came back; those frames are not in `deleted`.
    pub fn take_back_expected(&mut self, deleted: &[PathBuf]) -> anyhow::Result<usize> {
        if !self.dir.join(TRASH).is_dir() {
            return Ok(0);
        }
        let expected = self.expected.iter();
        let without_row = expected
            .map(|(_, row)| PathBuf::from(&row.frame_path))
            .filter(|path| !self.has_row(path));
        let images: Vec<PathBuf> = without_row.collect();
        let deleted: HashSet<PathBuf> = deleted.iter().map(|it| self.files.key(it)).collect();
        self.take_back(&images)?;
        let is_again =
            |image: &&PathBuf| self.has_row(image) && !deleted.contains(&self.files.key(image));
        Ok(images.iter().filter(is_again).count())
    }

    /// Removes the rows of removed frames. A row that a person changed moves to the trash, with a warning.
    pub fn drop_rows(&mut self) -> anyhow::Result<()> {
        if self.outdated.is_empty() {
            return Ok(());
        }
        let (outdated, files) = (std::mem::take(&mut self.outdated), &self.files);
        let gone: HashSet<PathBuf> = outdated.keys().cloned().collect();
        let mut kept = Vec::new();
        for (name, table) in &mut self.by_name {
            let mut edited = HashSet::new();
            for row in table.said_rows() {
                let was = outdated.get(&key(files, &row.frame_path));
                if was.is_some_and(|was| is_edited(&row, was)) {
                    edited.insert(row.frame_path);
                }
            }
            let mut leaving = rows_of(table, name, files, &gone)?;
            leaving.retain(|row| edited.contains(&row.path));
            kept.push((name.clone(), leaving));
        }
        let n_edited: usize = kept.iter().map(|(_, rows)| rows.len()).sum();
        for (name, rows) in kept {
            self.put_into_trash(&name, rows)?;
        }
        if n_edited > 0 {
            wo_cli::warn!(
                "{} {} of frames that are gone, since their videos moved or were taken with other settings; the rows are kept in {}",
                count(n_edited, "corrected row"),
                verb(n_edited, "is", "are"),
                self.dir.join(TRASH).display();
                "correct the new frames in the tables"
            );
        }
        self.write_changed()
    }

    /// Moves the rows of deleted frames into the trash.
    pub(crate) fn throw_away(&mut self, images: &[PathBuf]) -> anyhow::Result<()> {
        if images.is_empty() {
            return Ok(());
        }
        let files = &self.files;
        let gone: HashSet<PathBuf> = images.iter().map(|image| files.key(image)).collect();
        let mut thrown = Vec::new();
        for (name, table) in &mut self.by_name {
            thrown.push((name.clone(), rows_of(table, name, files, &gone)?));
        }
        for (name, rows) in thrown {
            self.put_into_trash(&name, rows)?;
        }
        self.with_row.retain(|key| !gone.contains(key));
        self.write_changed()
    }

    fn put_into_trash(&self, name: &str, rows: Vec<TableRow>) -> anyhow::Result<()> {
        let Some(table) = self.by_name.get(name).filter(|_| !rows.is_empty()) else {
            return Ok(());
        };
        let trash = self.dir.join(TRASH);
        fs::create_dir_all(&trash).with_context(|| format!("make {}", trash.display()))?;
        let path = trash.join(name);
        let mut thrown = if path.exists() {
            TablePatch::read(&path)?
        } else {
            TablePatch::like(table)
        };
        let rows = rows.into_iter().map(|row| (row, TablePatch::like(table)));
        thrown.put(rows.collect(), |_| ())?;
        replace(&path, &thrown.bytes())
    }

    /// Writes the tables that lost rows, and deletes those without any row left.
    fn write_changed(&self) -> anyhow::Result<()> {
        for (name, table) in self.by_name.iter().filter(|(_, table)| table.is_changed()) {
            let path = self.dir.join(name);
            if table.is_empty() {
                remove(&path);
            } else {
                replace(&path, &table.bytes())?;
            }
        }
        Ok(())
    }
}

/// Removes the rows of these images from a table, and returns them.
fn rows_of(
    table: &mut TablePatch,
    name: &str,
    files: &Files,
    images: &HashSet<PathBuf>,
) -> anyhow::Result<Vec<TableRow>> {
    let leaving = table.pass(|path, _| {
        if images.contains(&key(files, path)) {
            Fate::Go(None, name.to_owned())
        } else {
            Fate::Stay
        }
    })?;
    Ok(leaving.into_iter().map(|(row, _)| row).collect())
}

/// Whether a person changed a row since it was written.
fn is_edited(row: &Row, was: &Row) -> bool {
    let other_label = row.label.is_some() && row.label != was.label;
    let own_words = row.description.is_some() && row.description != was.description;
    other_label || own_words || !row.faults.is_empty()
}

fn key(files: &Files, written: &str) -> PathBuf {
    let key = files.key(Path::new(written));
    if files.exists(&key) {
        key
    } else {
        files.meant(written).key
    }
}
