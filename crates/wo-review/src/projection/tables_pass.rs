//! One pass over the tables of a folder: of a frame that was reviewed the row changes, moves to another table, goes to the
//! trash or comes back from there. All other rows stay as they are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_folder::{Fate, Files, Place, TRASH, TablePatch, TableRow, replace, table_name_of, tables};
use wo_label::choice_hash;
use wo_record::Name;

use super::snapshot::Reviewed;

/// Rows that wait to be put into a table, each with a table that has its columns.
type Moves = BTreeMap<String, Vec<(TableRow, TablePatch)>>;

/// Writes what was said of frames into the tables of a folder. `places` are those of pictures in the records, where there
/// are records, by the hash of their paths.
pub(super) fn write_tables<'a>(
    dir: &Path,
    frames: impl Iterator<Item = &'a Reviewed>,
    places: Option<&HashMap<u64, usize>>,
) -> anyhow::Result<()> {
    let mut pass = TablesPass::read(dir, places)?;
    // Whoever has no tables wants none.
    if pass.tables.is_empty() {
        return Ok(());
    }
    let moves = pass.say(&ByPath::new(dir, frames)?)?;
    pass.put(moves)?;
    pass.write()
}

/// Frames by the paths of their pictures.
struct ByPath<'a> {
    files: Files,
    /// By the keys of the files, so that a row finds its frame however its path is spelt.
    frames: HashMap<PathBuf, &'a Reviewed>,
}

impl<'a> ByPath<'a> {
    fn new(dir: &Path, frames: impl Iterator<Item = &'a Reviewed>) -> anyhow::Result<Self> {
        let files = Files::of(Place::of_folder(dir)?)?;
        let keyed = frames.filter_map(|frame| Some((files.key(frame.path.as_deref()?), frame)));
        let frames = keyed.collect();
        Ok(Self { files, frames })
    }

    /// The frame that a row is about, and its key.
    fn find(&self, written: &str) -> Option<(PathBuf, &'a Reviewed)> {
        let mut key = self.files.key(Path::new(written));
        if !self.frames.contains_key(&key) {
            key = self.files.meant(written).key;
        }
        let frame = *self.frames.get(&key)?;
        Some((key, frame))
    }
}

/// The tables in work.
struct TablesPass<'a> {
    dir: &'a Path,
    places: Option<&'a HashMap<u64, usize>>,
    /// By their names; the rows of deleted frames are in those in the trash.
    tables: BTreeMap<String, TablePatch>,
}

impl<'a> TablesPass<'a> {
    fn read(dir: &'a Path, places: Option<&'a HashMap<u64, usize>>) -> anyhow::Result<Self> {
        let trash = dir.join(TRASH);
        let mut paths = tables(dir)?;
        if trash.is_dir() {
            paths.extend(tables(&trash)?);
        }
        let mut tables = BTreeMap::new();
        for path in paths {
            let name = path.strip_prefix(dir).unwrap_or(&path);
            tables.insert(
                name.to_string_lossy().into_owned(),
                TablePatch::read(&path)?,
            );
        }
        Ok(Self {
            dir,
            places,
            tables,
        })
    }

    /// Changes rows in their places, and takes those out that belong elsewhere.
    fn say(&mut self, frames: &ByPath<'_>) -> anyhow::Result<Moves> {
        let (mut moves, mut met) = (Moves::new(), HashSet::new());
        let has_records = self.places.is_some();
        for (name, table) in &mut self.tables {
            let base = base_name(name);
            let leaving = table.pass(|path, label| {
                let Some((key, frame)) = frames.find(path) else {
                    return Fate::Stay;
                };
                met.insert(key);
                let new = &frame.judgement;
                if new.deleted {
                    let trash = format!("{TRASH}/{base}");
                    return if trash == *name {
                        Fate::Stay
                    } else {
                        Fate::Go(None, trash)
                    };
                }
                let wanted = if has_records {
                    wanted(base, label, frame)
                } else {
                    base.to_owned()
                };
                if wanted == *name {
                    Fate::Say(new)
                } else {
                    Fate::Go(Some(new), wanted)
                }
            })?;
            for (row, to) in leaving {
                moves
                    .entry(to)
                    .or_default()
                    .push((row, TablePatch::like(table)));
            }
        }
        self.make(frames, &met, &mut moves)?;
        Ok(moves)
    }

    /// Rows for frames that have none.
    fn make(
        &self,
        frames: &ByPath<'_>,
        met: &HashSet<PathBuf>,
        moves: &mut Moves,
    ) -> anyhow::Result<()> {
        for (key, frame) in &frames.frames {
            let new = &frame.judgement;
            let Some(label) = new.label.as_ref().filter(|_| !new.deleted) else {
                continue;
            };
            let path = frame.path.as_deref().and_then(Path::to_str);
            let Some(path) = path.filter(|_| !met.contains(key)) else {
                continue;
            };
            let to = table_name_of(frame.exercise.as_ref(), label);
            let like = self
                .tables
                .get(&to)
                .map_or_else(TablePatch::empty, TablePatch::like);
            let row = like.new_row(path, new)?;
            moves.entry(to).or_default().push((row, like));
        }
        Ok(())
    }

    /// Puts rows into their tables, before those that come later.
    fn put(&mut self, moves: Moves) -> anyhow::Result<()> {
        let places = self.places;
        let order = |path: &str| {
            places
                .and_then(|places| places.get(&choice_hash(path)))
                .copied()
        };
        for (to, rows) in moves {
            let like = rows
                .first()
                .map_or_else(TablePatch::empty, |(_, like)| TablePatch::like(like));
            self.tables.entry(to).or_insert(like).put(rows, order)?;
        }
        Ok(())
    }

    /// Writes what changed: a row that moves is in two tables after a crash, and never in none.
    fn write(&self) -> anyhow::Result<()> {
        let changed = || self.tables.iter().filter(|(_, table)| table.is_changed());
        let is_trash = |name: &str| base_name(name) != name;
        if changed().any(|(name, _)| is_trash(name)) {
            fs::create_dir_all(self.dir.join(TRASH)).context("make the trash folder")?;
        }
        for (name, table) in changed().filter(|(_, table)| table.has_more()) {
            replace(&self.dir.join(name), &table.bytes_with_taken())?;
        }
        for (name, table) in changed() {
            let path = self.dir.join(name);
            // Without records a folder is one by its tables, whether they have rows or not.
            if table.is_empty() && (self.places.is_some() || is_trash(name)) {
                fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
            } else {
                replace(&path, &table.bytes())?;
            }
        }
        Ok(())
    }
}

/// The name of a table without the trash.
fn base_name(name: &str) -> &str {
    let thrown = name.strip_prefix(TRASH).and_then(|it| it.strip_prefix('/'));
    thrown.unwrap_or(name)
}

/// The table for a row that is in this one under a label: of those that `wo-extract --out` writes there is one for each.
fn wanted(table: &str, label: &Name, frame: &Reviewed) -> String {
    let by_label = |label| table_name_of(frame.exercise.as_ref(), label);
    match &frame.judgement.label {
        Some(now) if table == by_label(label) => by_label(now),
        _ => table.to_owned(),
    }
}
