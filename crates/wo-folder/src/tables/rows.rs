//! The rows of tables by the frames that they are about, however the paths are spelt.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use wo_cli::{Message, count, message, verb};
use wo_record::{Image, Name};

use crate::names::{TRASH, is_table_name};
use crate::paths::base_folder::BaseFolder;
use crate::paths::files::Files;
use crate::tables::row_troubles::{
    Contradiction, NewLabel, Unmet, say_new_labels, say_unmet, troubles,
};
use crate::tables::table::{Row, Table, read_table};
use crate::tables::table_files::tables;

/// The rows of some tables, by the frames that they are about.
#[derive(Debug)]
pub struct Rows {
    tables: Vec<PathBuf>,
    entries: Vec<RowEntry>,
    /// By the key of the image file.
    by_key: HashMap<PathBuf, usize>,
    /// By the path as it is written, for frames whose images are not on this disk.
    by_text: HashMap<String, usize>,
    files: Files,
    /// Problems of the tables, reported at the end.
    troubles: Vec<Message>,
    new_labels: BTreeMap<Name, NewLabel>,
}

/// What the rows of one frame say.
#[derive(Debug)]
struct RowEntry {
    row: Row,
    table: usize,
    line: u64,
    /// The row of another table that says something else.
    contradiction: Option<(usize, u64)>,
    is_met: AtomicBool,
}

/// What a row says of an image.
#[derive(Debug)]
pub(crate) struct RowOfImage<'a> {
    /// The key of the image.
    pub(crate) key: &'a Path,
    /// The table.
    pub(crate) table: &'a Path,
    /// What it says.
    pub(crate) row: &'a Row,
}

/// Which table counts if two contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// They were given in this order: the last one counts.
    Given,
    /// They lie in a folder and have no order: a contradiction is an error.
    None,
}

impl Rows {
    /// The rows of all tables of a folder of frames, but for `others`, which are read apart.
    pub fn of_folder(dir: &Path, others: &[PathBuf]) -> anyhow::Result<Self> {
        let files = Files::of(BaseFolder::of_folder(dir)?)?;
        let others: Vec<_> = others
            .iter()
            .filter_map(|it| it.canonicalize().ok())
            .collect();
        let mut tables = tables(dir)?;
        tables.retain(|table| !table.canonicalize().is_ok_and(|it| others.contains(&it)));
        Self::of_tables(&tables, files, Order::None)
    }

    /// The rows of deleted frames of a folder. Their paths are relative to the folder itself.
    pub fn of_trash(dir: &Path) -> anyhow::Result<Self> {
        let files = Files::of(BaseFolder::of_folder(dir)?)?;
        let trash = dir.join(TRASH);
        let tables = if trash.is_dir() {
            tables(&trash)?
        } else {
            Vec::new()
        };
        Self::of_tables(&tables, files, Order::Given)
    }

    /// The rows of the tables that the command line names. Paths are relative to the folder of the first one.
    pub fn of_files(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let place = BaseFolder::of(paths.first().map(PathBuf::as_path))?;
        Self::of_tables(paths, Files::of(place)?, Order::Given)
    }

    fn of_tables(paths: &[PathBuf], files: Files, order: Order) -> anyhow::Result<Self> {
        let read: Vec<Table> = paths
            .par_iter()
            .map(|path| read_table(path))
            .collect::<anyhow::Result<_>>()?;
        let mut rows = Self {
            tables: paths.to_vec(),
            entries: Vec::new(),
            by_key: HashMap::new(),
            by_text: HashMap::new(),
            files,
            troubles: Vec::new(),
            new_labels: BTreeMap::new(),
        };
        for (number, table) in read.into_iter().enumerate() {
            rows.troubles.extend(troubles(&rows.tables[number], &table));
            rows.add(number, table, order)?;
        }
        Ok(rows)
    }

    fn add(&mut self, table: usize, read: Table, order: Order) -> anyhow::Result<()> {
        let here = BaseFolder::of(self.tables.get(table).map(PathBuf::as_path))?;
        let here = if here.path() == self.files.base().path().join(TRASH) {
            self.files.base().clone()
        } else {
            here
        };
        let mut overruled = Vec::new();
        for (line, row) in read.rows {
            if let Some(label) = row.label.as_ref().filter(|label| !label.is_known_label()) {
                let first = || format!("{}:{line}", self.tables[table].display());
                let new = self.new_labels.entry(label.clone());
                new.or_insert_with(|| NewLabel {
                    n_rows: 0,
                    first: first(),
                })
                .n_rows += 1;
            }
            let key = self.key_of(&row.frame_path, &here);
            let old = match self.by_key.entry(key) {
                Entry::Vacant(free) => {
                    free.insert(self.entries.len());
                    let text = text_key(Path::new(&row.frame_path));
                    self.by_text.insert(text, self.entries.len());
                    self.entries.push(RowEntry {
                        row,
                        table,
                        line,
                        contradiction: None,
                        is_met: AtomicBool::new(false),
                    });
                    continue;
                }
                Entry::Occupied(old) => *old.get(),
            };
            let Some(old) = self.entries.get_mut(old) else {
                continue;
            };
            let is_other = contradict(&old.row, &row);
            if is_other && old.table != table && order == Order::None {
                old.contradiction = Some((table, line));
            } else if is_other || order == Order::Given {
                if is_other {
                    overruled.push((old.line, line, row.frame_path.clone()));
                }
                old.overrule(row, table, line);
            } else {
                old.add(row);
            }
        }
        if let Some((first, last, path)) = overruled.first() {
            self.troubles.push(message!(
                "{}: {} {} an earlier row of the same frame; the last row counts, such as line {last} over line {first} on {path}",
                self.tables[table].display(),
                count(overruled.len(), "row"),
                verb(overruled.len(), "contradicts", "contradict")
            ));
        }
        Ok(())
    }

    /// The key of a path in a table that lies at `here`.
    fn key_of(&self, written: &str, here: &BaseFolder) -> PathBuf {
        let from_table = self.files.key(&here.resolve(Path::new(written)));
        if self.files.exists(&from_table) {
            return from_table;
        }
        let meant = self.files.meant(written);
        if meant.is_there {
            meant.key
        } else {
            from_table
        }
    }

    /// How many rows there are, of different frames.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All rows, in no order.
    pub(crate) fn said(&self) -> impl Iterator<Item = RowOfImage<'_>> {
        self.by_key.iter().filter_map(|(key, &number)| {
            let entry = self.entries.get(number)?;
            Some(RowOfImage {
                key,
                table: self.tables.get(entry.table)?,
                row: &entry.row,
            })
        })
    }

    /// The files of the folder that paths are relative to.
    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// The rows, each with its table.
    pub fn rows(&self) -> impl Iterator<Item = (&Path, &Row)> {
        self.entries.iter().filter_map(|entry| {
            let table = self.tables.get(entry.table)?;
            Some((table.as_path(), &entry.row))
        })
    }

    /// For each folder of images, the number of rows in tables with a name that no tool gives. Such a table may replace one
    /// that is missing.
    pub(crate) fn n_rows_elsewhere(&self) -> HashMap<PathBuf, usize> {
        let name = |table: &PathBuf| {
            table
                .file_name()
                .and_then(|it| it.to_str())
                .map(is_table_name)
        };
        let is_tools: Vec<bool> = self
            .tables
            .iter()
            .map(|it| name(it) == Some(true))
            .collect();
        let mut n_rows = HashMap::new();
        if is_tools.iter().all(|&is_tools| is_tools) {
            return n_rows;
        }
        for (key, &number) in &self.by_key {
            let table = self.entries.get(number).map(|entry| entry.table);
            if table.and_then(|it| is_tools.get(it)) == Some(&false)
                && let Some(folder) = key.parent()
            {
                *n_rows.entry(folder.to_owned()).or_default() += 1;
            }
        }
        n_rows
    }

    /// The row of the frame with this image, whose path is relative to `place`. The row counts as met.
    pub fn of_image(&self, image: &Image, place: Option<&BaseFolder>) -> Option<&Row> {
        let entry = self.entry(image, place)?;
        entry.is_met.store(true, Relaxed);
        Some(&entry.row)
    }

    /// Where two tables contradict each other on this image.
    pub(crate) fn contradiction(
        &self,
        image: &Image,
        place: Option<&BaseFolder>,
    ) -> Option<Contradiction> {
        let entry = self.entry(image, place)?;
        let (table, line) = entry.contradiction?;
        Some(Contradiction {
            row: (self.tables[entry.table].clone(), entry.line),
            other: (self.tables[table].clone(), line),
            frame: entry.row.frame_path.clone(),
        })
    }

    fn entry(&self, image: &Image, place: Option<&BaseFolder>) -> Option<&RowEntry> {
        let Image::File { path, .. } = image else {
            return None;
        };
        if self.entries.is_empty() {
            return None;
        }
        let path = path.as_path();
        let key = match place {
            Some(place) => self.files.key(&place.resolve(path)),
            None => self.files.key(path),
        };
        let number = self
            .by_key
            .get(&key)
            .or_else(|| self.by_text.get(&text_key(path)))?;
        self.entries.get(*number)
    }

    /// Warns of what has no effect in the tables. Call it when all frames were met.
    pub fn say_troubles(&self) {
        for trouble in &self.troubles {
            wo_cli::warn_line(trouble);
        }
        say_new_labels(&self.new_labels);
        let mut unmet: Vec<(usize, Unmet<'_>)> = Vec::new();
        for (key, &number) in &self.by_key {
            if let Some(entry) = self.entries.get(number)
                && !entry.is_met.load(Relaxed)
            {
                let of_row = Unmet {
                    key,
                    table: &self.tables[entry.table],
                    line: entry.line,
                    path: &entry.row.frame_path,
                };
                unmet.push((number, of_row));
            }
        }
        unmet.sort_unstable_by_key(|(number, _)| *number);
        let unmet: Vec<Unmet<'_>> = unmet.into_iter().map(|(_, unmet)| unmet).collect();
        say_unmet(&unmet, self.len(), &self.files);
    }
}

impl RowEntry {
    /// Adds what another row says.
    fn add(&mut self, other: Row) {
        let row = &mut self.row;
        row.label = row.label.take().or(other.label);
        row.description = row.description.take().or(other.description);
        if row.faults.is_empty() {
            row.faults = other.faults;
        }
    }

    /// Applies a later row, which counts more. An empty cell leaves the earlier value, but a description of another label or
    /// other faults is dropped.
    fn overrule(&mut self, other: Row, table: usize, line: u64) {
        (self.table, self.line) = (table, line);
        let row = &mut self.row;
        let is_other_label =
            other.label.is_some() && row.label.is_some() && other.label != row.label;
        let are_other_faults = !other.faults.is_empty() && other.faults != row.faults;
        if is_other_label {
            row.faults.clear();
        }
        if is_other_label || are_other_faults {
            row.description = None;
        }
        row.label = other.label.or(row.label.take());
        row.description = other.description.or(row.description.take());
        if !other.faults.is_empty() {
            row.faults = other.faults;
        }
    }
}

/// Whether two rows of one frame contradict each other. An empty cell contradicts nothing.
fn contradict(one: &Row, other: &Row) -> bool {
    let differ =
        |one: Option<&str>, other: Option<&str>| one.zip(other).is_some_and(|(a, b)| a != b);
    let label = |row: &Row| row.label.as_ref().map(|label| label.as_str().to_owned());
    differ(label(one).as_deref(), label(other).as_deref())
        || differ(one.description.as_deref(), other.description.as_deref())
        || (!one.faults.is_empty() && !other.faults.is_empty() && one.faults != other.faults)
}

/// A path as it is written, normalized.
fn text_key(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let text = text.trim_start_matches("./");
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        use unicode_normalization::UnicodeNormalization;
        text.to_lowercase().nfc().collect()
    }
}

#[cfg(test)]
mod tests;
