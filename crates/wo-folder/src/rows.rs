//! What the rows of tables say of frames, whatever way the paths are spelt.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::{Context, anyhow};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use wo_cli::{Exit, ExitWith};
use wo_record::{Image, Name};

use crate::files::Files;
use crate::names::GROUPS;
use crate::nearest::most_alike;
use crate::place::Place;
use crate::table::{Row, Table, read_table};

/// Of what is wrong, so many examples are named.
pub(crate) const N_NAMED: usize = 5;

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
    /// What is wrong with the tables, said in the end.
    troubles: Vec<String>,
    new_labels: HashMap<Name, usize>,
}

/// What is said of one frame.
#[derive(Debug)]
struct RowEntry {
    row: Row,
    table: usize,
    line: u64,
    /// The row of another table that says something else.
    contradiction: Option<(usize, u64)>,
    is_met: AtomicBool,
}

/// How tables that contradict each other are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Somebody gave them in this order: the last word counts.
    Given,
    /// They lie in a folder, where no order means anything: neither counts.
    None,
}

impl Rows {
    /// The rows of all tables of a folder of frames, but for `others`, which are read apart.
    pub fn of_folder(dir: &Path, others: &[PathBuf]) -> anyhow::Result<Self> {
        let files = Files::of(Place::of_folder(dir)?)?;
        let others: Vec<_> = others
            .iter()
            .filter_map(|it| it.canonicalize().ok())
            .collect();
        let mut tables = tables(dir)?;
        tables.retain(|table| !table.canonicalize().is_ok_and(|it| others.contains(&it)));
        Self::of_tables(&tables, files, Order::None)
    }

    /// The rows of tables that somebody named. Paths are meant from the folder of the first one.
    pub fn of_files(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let place = Place::of(paths.first().map(PathBuf::as_path))?;
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
            new_labels: HashMap::new(),
        };
        for (number, table) in read.into_iter().enumerate() {
            rows.troubles.extend(troubles(&rows.tables[number], &table));
            rows.add(number, table, order)?;
        }
        Ok(rows)
    }

    fn add(&mut self, table: usize, read: Table, order: Order) -> anyhow::Result<()> {
        let here = Place::of(self.tables.get(table).map(PathBuf::as_path))?;
        let mut overruled = Vec::new();
        for (line, row) in read.rows {
            if let Some(label) = row.label.as_ref().filter(|label| !label.is_known_label()) {
                *self.new_labels.entry(label.clone()).or_default() += 1;
            }
            let key = self.key_of(&row.frame_path, &here);
            let new = RowEntry {
                row,
                table,
                line,
                contradiction: None,
                is_met: AtomicBool::new(false),
            };
            match self.by_key.entry(key) {
                Entry::Vacant(free) => {
                    free.insert(self.entries.len());
                    let text = text_key(Path::new(&new.row.frame_path));
                    self.by_text.insert(text, self.entries.len());
                    self.entries.push(new);
                }
                Entry::Occupied(old) => {
                    let Some(old) = self.entries.get_mut(*old.get()) else {
                        continue;
                    };
                    let is_other = contradict(&old.row, &new.row);
                    if is_other && old.table != table && order == Order::None {
                        old.contradiction = Some((table, line));
                    } else if is_other || order == Order::Given {
                        if is_other {
                            overruled.push((old.line, line, new.row.frame_path.clone()));
                        }
                        *old = new;
                    } else {
                        old.add(new.row);
                    }
                }
            }
        }
        if let Some((first, last, path)) = overruled.first() {
            self.troubles.push(format!(
                "{}: {} a frame something else than a row before; the last one counts, such as line {last} against line {first} on {path}",
                self.tables[table].display(),
                rows_that(overruled.len(), "gives", "give")
            ));
        }
        Ok(())
    }

    /// The key of a path in a table that lies at `here`.
    fn key_of(&self, written: &str, here: &Place) -> PathBuf {
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

    /// The descriptions in the rows, each with its table.
    pub fn descriptions(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.entries.iter().filter_map(|entry| {
            let table = self.tables.get(entry.table)?;
            Some((table.as_path(), entry.row.description.as_deref()?))
        })
    }

    /// What is said of the frame with this image, whose path is meant from `place`. It counts as met.
    pub fn of_image(&self, image: &Image, place: Option<&Place>) -> Option<&Row> {
        let entry = self.entry(image, place)?;
        entry.is_met.store(true, Relaxed);
        Some(&entry.row)
    }

    /// Where two tables contradict each other on this image.
    pub fn contradiction(&self, image: &Image, place: Option<&Place>) -> Option<String> {
        let entry = self.entry(image, place)?;
        let (table, line) = entry.contradiction?;
        Some(format!(
            "{}:{} and {}:{line} on {}",
            self.tables[entry.table].display(),
            entry.line,
            self.tables[table].display(),
            entry.row.frame_path
        ))
    }

    fn entry(&self, image: &Image, place: Option<&Place>) -> Option<&RowEntry> {
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

    /// Says what is not in force of the tables, when all frames were met.
    pub fn say_troubles(&self) {
        for trouble in &self.troubles {
            wo_cli::warn!("{trouble}");
        }
        self.say_new_labels();
        self.say_unmet();
    }

    /// Says which rows are of no frame, and what their paths may mean.
    fn say_unmet(&self) {
        let unmet: Vec<&RowEntry> = self
            .entries
            .iter()
            .filter(|entry| !entry.is_met.load(Relaxed))
            .collect();
        if unmet.is_empty() {
            return;
        }
        let paths = self.files.paths();
        let images = || {
            let is_image = |path: &&str| {
                let kind = Path::new(path).extension().and_then(OsStr::to_str);
                kind.is_some_and(|kind| {
                    ["jpg", "jpeg", "png", "webp"].contains(&kind.to_lowercase().as_str())
                })
            };
            paths.iter().map(String::as_str).filter(is_image)
        };
        let named = unmet.iter().take(N_NAMED).map(|entry| {
            let path = &entry.row.frame_path;
            let table = &self.tables[entry.table];
            let near = most_alike(path, images());
            let near = near.map_or_else(String::new, |near| format!(" (the nearest is {near})"));
            format!("\n  {}:{}: {path}{near}", table.display(), entry.line)
        });
        wo_cli::warn!(
            "{} of {} name no frame, so they change nothing:{}{}\nhint: a row names its frame by the path in frame_path; correct it or delete the row",
            unmet.len(),
            rows_in_words(self.len()),
            named.collect::<String>(),
            if unmet.len() > N_NAMED { "\n  …" } else { "" }
        );
    }

    fn say_new_labels(&self) {
        let mut labels: Vec<_> = self.new_labels.iter().collect();
        labels.sort();
        for (label, n) in labels {
            wo_cli::warn!(
                "{} the new label {label}; the tools know good_form, bad_form and unclear",
                rows_that(*n, "gives", "give")
            );
        }
    }
}

impl RowEntry {
    /// Takes over what another row says beside it.
    fn add(&mut self, other: Row) {
        let row = &mut self.row;
        row.label = row.label.take().or(other.label);
        row.description = row.description.take().or(other.description);
        if row.faults.is_empty() {
            row.faults = other.faults;
        }
    }
}

/// Whether two rows say different things of one frame. An empty cell says nothing.
fn contradict(one: &Row, other: &Row) -> bool {
    let differ =
        |one: Option<&str>, other: Option<&str>| one.zip(other).is_some_and(|(a, b)| a != b);
    let label = |row: &Row| row.label.as_ref().map(|label| label.as_str().to_owned());
    differ(label(one).as_deref(), label(other).as_deref())
        || differ(one.description.as_deref(), other.description.as_deref())
        || (!one.faults.is_empty() && !other.faults.is_empty() && one.faults != other.faults)
}

/// What of a table says nothing, and how it would.
pub(crate) fn troubles(path: &Path, table: &Table) -> Vec<String> {
    let name = path.display();
    let mut troubles = Vec::new();
    for (column, meant) in &table.misspelt_columns {
        troubles.push(format!(
            "{name}: the column `{column}` is not read\nhint: if it should be, rename it to `{meant}`"
        ));
    }
    if let Some((line, written, meant)) = table.misspelt_labels.first() {
        troubles.push(format!(
            "{name}:{line}: `{written}` is no label, so the label stays as it was ({} like it)\nhint: write `{meant}`, if that is meant",
            rows_in_words(table.misspelt_labels.len())
        ));
    }
    if let Some(line) = table.contrary.first() {
        troubles.push(format!(
            "{name}:{line}: faults beside a label other than bad_form say nothing ({} like it)\nhint: label the frame bad_form, or empty the cell",
            rows_in_words(table.contrary.len())
        ));
    }
    if table.is_guessed {
        troubles.push(format!(
            "{name}: read as Windows-1252\nhint: if letters with accents look wrong, save it as \"CSV UTF-8\" in the spreadsheet"
        ));
    }
    troubles
}

fn rows_that(n: usize, one: &str, more: &str) -> String {
    format!("{} {}", rows_in_words(n), if n == 1 { one } else { more })
}

fn rows_in_words(n: usize) -> String {
    if n == 1 {
        "1 row".to_owned()
    } else {
        format!("{n} rows")
    }
}

/// A path as it is written, but for what makes no difference.
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

/// Endings of workbooks that people put beside tables, and that are not read.
const WORKBOOKS: [&str; 5] = ["xlsx", "xls", "ods", "numbers", "xlsm"];

/// The tables of frames in a folder, in the order of their names.
pub fn tables(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let is_table = |kind: &OsStr| kind == "csv" || kind == "tsv";
    files_of_kind(dir, is_table)
}

/// Says which workbooks lie beside the tables: they are not read.
pub(crate) fn say_workbooks(dir: &Path) -> anyhow::Result<()> {
    let is_workbook = |kind: &OsStr| WORKBOOKS.iter().any(|other| kind == *other);
    for path in files_of_kind(dir, is_workbook)? {
        wo_cli::warn!(
            "{} is a workbook and is not read\nhint: in the spreadsheet, save it as \"CSV UTF-8\" into the same folder",
            path.display()
        );
    }
    Ok(())
}

fn files_of_kind(dir: &Path, is_of: impl Fn(&OsStr) -> bool) -> anyhow::Result<Vec<PathBuf>> {
    let list = fs::read_dir(dir)
        .with_context(|| format!("read the folder {}", dir.display()))
        .exit_with(Exit::Usage)?;
    let mut found: Vec<PathBuf> = list
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    found.sort();
    let mut tables = Vec::new();
    for path in found {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // The lock files of spreadsheets begin so.
        if name.starts_with('.') || name.starts_with("~$") || name.eq_ignore_ascii_case(GROUPS) {
            continue;
        }
        let kind = path.extension().unwrap_or_default().to_ascii_lowercase();
        if is_of(&kind) && !path.is_dir() {
            tables.push(path);
        }
    }
    Ok(tables)
}

/// That tables contradict each other on frames, such as these.
pub(crate) fn contradiction_error(examples: &[String]) -> anyhow::Error {
    let more = if examples.len() > N_NAMED {
        "\n  …"
    } else {
        ""
    };
    let named: String = examples
        .iter()
        .take(N_NAMED)
        .map(|example| format!("\n  {example}"))
        .collect();
    anyhow!(
        "two tables say different things of {}:{named}{more}\nhint: delete the table that is a copy, or one of the two rows",
        if examples.len() == 1 {
            "1 frame".to_owned()
        } else {
            format!("{} frames", examples.len())
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(tables: &[(&str, &str)], images: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in tables {
            fs::write(dir.path().join(name), text).unwrap();
        }
        for image in images {
            let path = dir.path().join(image);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        dir
    }

    fn label(rows: &Rows, path: &str) -> Option<String> {
        let image = Image::File {
            path: Path::new(path).into(),
            blake3: None,
        };
        let row = rows.of_image(&image, None)?;
        row.label.as_ref().map(ToString::to_string)
    }

    #[test]
    fn a_row_is_found_however_its_path_is_spelt() {
        let images = [
            "f/a.jpg",
            "f/b.jpg",
            "f/c.jpg",
            "f/M\u{fc}ller.jpg",
            "f/e.jpg",
        ];
        let table = "frame_path,label\n./f/a.jpg,bad\nf\\b.jpg,bad\nF/C.JPG,bad\nf/Mu\u{308}ller.jpg,bad\nnone.jpg,bad\n";
        let dir = folder(&[("a.csv", table)], &images);
        let absolute = format!(
            "frame_path,label\n{},bad\n",
            dir.path().join("f/e.jpg").display()
        );
        fs::write(dir.path().join("b.csv"), absolute).unwrap();
        let rows = Rows::of_folder(dir.path(), &[]).unwrap();
        for image in images {
            assert_eq!(label(&rows, image).as_deref(), Some("bad_form"), "{image}");
        }
        assert_eq!(label(&rows, "f/other.jpg"), None);
        let unmet = rows.entries.iter().filter(|it| !it.is_met.load(Relaxed));
        assert_eq!(unmet.count(), 1);
    }

    #[test]
    fn frames_whose_images_are_elsewhere_are_found_by_their_text() {
        let dir = folder(&[("a.csv", "frame_path,label\nf/a.jpg,bad\n")], &[]);
        let rows = Rows::of_files(&[dir.path().join("a.csv")]).unwrap();
        let place = Place::of(None).unwrap();
        let image = |path: &str| Image::File {
            path: Path::new(path).into(),
            blake3: None,
        };
        for path in ["f/a.jpg", "./f/A.jpg"] {
            assert!(
                rows.of_image(&image(path), Some(&place)).is_some(),
                "{path}"
            );
        }
        assert!(rows.of_image(&image("g/a.jpg"), Some(&place)).is_none());
    }

    #[test]
    fn tables_of_a_folder_add_up_and_do_not_overrule_each_other() {
        let tables = [
            (
                "x (1).csv",
                "frame_path,label\na.jpg,bad\nb.jpg,good\nc.jpg,bad\n",
            ),
            (
                "x.csv",
                "frame_path,label,description\na.jpg,good,\nb.jpg,good,chest up\nc.jpg,,knees\n",
            ),
        ];
        let dir = folder(&tables, &["a.jpg", "b.jpg", "c.jpg"]);
        let rows = Rows::of_folder(dir.path(), &[]).unwrap();
        let image = |path: &str| Image::File {
            path: Path::new(path).into(),
            blake3: None,
        };
        let words = rows.contradiction(&image("a.jpg"), None).unwrap();
        assert!(
            words.contains("x (1).csv:2 and") && words.contains("x.csv:2 on a.jpg"),
            "{words}"
        );
        for path in ["b.jpg", "c.jpg"] {
            assert!(rows.contradiction(&image(path), None).is_none(), "{path}");
            let row = rows.of_image(&image(path), None).unwrap();
            assert!(row.description.is_some() && row.label.is_some());
        }
        // In an order that somebody gave, the last one counts.
        let given =
            Rows::of_files(&[dir.path().join("x.csv"), dir.path().join("x (1).csv")]).unwrap();
        assert_eq!(label(&given, "a.jpg").as_deref(), Some("bad_form"));
    }

    #[test]
    fn only_tables_of_frames_are_tables() {
        let table = "frame_path,label\n";
        let dir = folder(
            &[
                ("b.CSV", table),
                ("a.tsv", table),
                ("Groups.csv", "path\n"),
                (".~lock.b.csv#", ""),
                ("x.xlsx", "PK"),
            ],
            &["a.jpg"],
        );
        let names: Vec<String> = tables(dir.path())
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["a.tsv", "b.CSV"]);
    }
}
