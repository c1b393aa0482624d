//! One pass over the tables of a folder. The row of a reviewed frame changes, moves to another table, moves to the trash or
//! returns from it. All other rows stay as they are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_folder::{
    BaseFolder, Fate, Files, TRASH, TablePatch, TableRow, replace, table_name_of, tables,
};
use wo_label::choice_hash;
use wo_record::Name;

use super::snapshot::Reviewed;

/// Rows to insert into a table, each with a table that has its columns.
type Moves = BTreeMap<String, Vec<(TableRow, TablePatch)>>;

/// Writes decisions into the tables of a folder. `places` are the positions of images in the records, if there are records,
/// by the hash of their paths.
pub(super) fn write_tables<'a>(
    dir: &Path,
    frames: impl Iterator<Item = &'a Reviewed>,
    places: Option<&HashMap<u64, usize>>,
) -> anyhow::Result<()> {
    let mut pass = TablesPass::read(dir, places)?;
    // A folder without tables gets none.
    if pass.tables.is_empty() {
        return Ok(());
    }
    let moves = pass.say(&ByPath::new(dir, frames)?)?;
    pass.put(moves)?;
    pass.write()
}

/// Frames by the paths of their images.
struct ByPath<'a> {
    files: Files,
    /// By file key, so that a row finds its frame by any spelling of the path.
    frames: HashMap<PathBuf, &'a Reviewed>,
}

impl<'a> ByPath<'a> {
    fn new(dir: &Path, frames: impl Iterator<Item = &'a Reviewed>) -> anyhow::Result<Self> {
        let files = Files::of(BaseFolder::of_folder(dir)?)?;
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

/// The tables while they change.
struct TablesPass<'a> {
    dir: &'a Path,
    places: Option<&'a HashMap<u64, usize>>,
    /// By name. Tables in the trash hold the rows of deleted frames.
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

    /// Changes rows in place, and removes rows that belong elsewhere.
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
                let wanted = if has_records && frame.has_words {
                    wanted(base, label, frame)
                } else {
                    base.to_owned()
                };
                match frame.has_words.then_some(new) {
                    said if wanted != *name => Fate::Go(said, wanted),
                    Some(new) => Fate::Say(new),
                    None => Fate::Stay,
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

    /// Makes rows for frames without one.
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

    /// Inserts rows into their tables, in the order of the records.
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

    /// Writes changed tables. After a crash a moving row may be in two tables, but never in none.
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
            // Without records, tables make a folder a folder of frames, so empty ones stay.
            if table.is_empty() && (self.places.is_some() || is_trash(name)) {
                fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
            } else {
                replace(&path, &table.bytes())?;
            }
        }
        Ok(())
    }
}

/// The name of a table outside of the trash.
fn base_name(name: &str) -> &str {
    let thrown = name.strip_prefix(TRASH).and_then(|it| it.strip_prefix('/'));
    thrown.unwrap_or(name)
}

/// The table that a row with this label belongs into. `wo-extract --out` writes one for each label.
fn wanted(table: &str, label: &Name, frame: &Reviewed) -> String {
    let by_label = |label| table_name_of(frame.exercise.as_ref(), label);
    match &frame.judgement.label {
        Some(now) if table == by_label(label) => by_label(now),
        _ => table.to_owned(),
    }
}
