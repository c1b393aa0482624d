//! What people read is made from the log: records and tables are written anew, whole or not at all, with nothing else changed.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;
use wo_record::{Begin, DEFAULT_MAX_LINE, Frame, Judgement, Line, Name, Reader, Record, Writer};

use crate::folder::{RECORDS, TRASH};
use crate::leftovers;
use crate::picture_file::PictureFolder;
use crate::records_pass::{FrameLines, Pass, Text};
use crate::store::Store;
use crate::tables::rows_by_path;
use crate::tables_pass::write_tables;

/// The frames that anyone reviewed, as they are now. A copy, so that people go on while it is written.
#[derive(Debug)]
pub(crate) struct Projection {
    dir: PathBuf,
    has_records: bool,
    pub(crate) frames: HashMap<(String, u32), Reviewed>,
}

#[derive(Debug)]
pub(crate) struct Reviewed {
    pub(crate) judgement: Judgement,
    pub(crate) exercise: Option<Name>,
    pub(crate) path: Option<PathBuf>,
    /// The table that it is from, where there are no records.
    pub(crate) table: Option<String>,
}

impl Projection {
    /// Of a store as it is now.
    pub(crate) fn of(store: &Store) -> Self {
        let mut frames = HashMap::new();
        for id in store.touched() {
            let Some(frame) = store.folder.frame(id) else {
                continue;
            };
            let Some(video) = store.folder.video_of(frame) else {
                continue;
            };
            frames.insert(
                (video.id.clone(), frame.index),
                Reviewed {
                    judgement: store.judgement(id, frame).clone(),
                    exercise: frame.exercise.clone(),
                    path: frame.path.clone(),
                    table: video.table.clone(),
                },
            );
        }
        Self {
            dir: store.folder.dir.clone(),
            has_records: store.folder.has_records,
            frames,
        }
    }

    /// Writes it. False where another run has the folder locked: then it has to be tried again.
    pub(crate) fn write(&self) -> anyhow::Result<bool> {
        if self.frames.is_empty() {
            return Ok(true);
        }
        // `wo-extract --out` holds the same lock while it works on the folder.
        let lock = File::open(&self.dir).with_context(|| format!("open {}", self.dir.display()))?;
        if lock.try_lock().is_err() {
            return Ok(false);
        }
        leftovers::remove(&self.dir);
        self.move_pictures();
        let places = self.has_records.then(|| self.write_records()).transpose()?;
        write_tables(&self.dir, self.frames.values(), places.as_ref())?;
        Ok(true)
    }

    /// Deleted pictures go to the trash, and those that were taken back come back.
    fn move_pictures(&self) {
        let pictures = PictureFolder::new(&self.dir);
        for reviewed in self.frames.values() {
            let Some(path) = &reviewed.path else { continue };
            let moved = if reviewed.judgement.deleted {
                pictures.throw_away(path)
            } else {
                pictures.take_back(path)
            };
            if let Err(e) = moved {
                wo_cli::warn!("{}: {e:#}", path.display());
            }
        }
    }

    /// Writes the records anew, and those of deleted frames into the trash. Returns the places of the pictures.
    fn write_records(&self) -> anyhow::Result<HashMap<u64, usize>> {
        let trash_dir = self.dir.join(TRASH);
        let trash_path = trash_dir.join(RECORDS);
        let rows = rows_by_path(&self.dir)?;
        let mut trashed = read_trash(&trash_path)?;
        let n_trashed: usize = trashed.values().map(Vec::len).sum();
        let mut restored: BTreeMap<String, Vec<FrameLines>> = BTreeMap::new();
        for (video_id, frames) in &mut trashed {
            let back = frames.extract_if(.., |frame| !self.is_deleted(video_id, frame.index));
            let back: Vec<FrameLines> = back.collect();
            if !back.is_empty() {
                restored.insert(video_id.clone(), back);
            }
        }
        let n_restored: usize = restored.values().map(Vec::len).sum();
        let mut pass = Pass {
            projection: self,
            rows: &rows,
            restored,
            trashed,
            places: HashMap::new(),
            base: None,
        };
        let records = self.dir.join(RECORDS);
        let mut spool = BufWriter::new(create(&records)?);
        pass.run(&records, &mut spool)?;
        let (trashed, places) = (pass.trashed, pass.places);
        let n_now: usize = trashed.values().map(Vec::len).sum();
        // The trash comes first, so that a crash in between leaves a frame twice and never nowhere.
        if n_now + n_restored > n_trashed {
            fs::create_dir_all(&trash_dir).context("make the trash folder")?;
            write_trash(&trash_path, &trashed)?;
        }
        commit(spool, &records)?;
        if n_restored > 0 {
            write_trash(&trash_path, &trashed)?;
        }
        Ok(places)
    }

    /// Writes the stream as it would be, with pictures to be found from `base`, and changes nothing.
    pub(crate) fn write_stream(&self, base: &Path, output: &mut dyn Write) -> anyhow::Result<()> {
        let rows = rows_by_path(&self.dir)?;
        let mut restored = read_trash(&self.dir.join(TRASH).join(RECORDS))?;
        for (video_id, frames) in &mut restored {
            frames.retain(|frame| !self.is_deleted(video_id, frame.index));
        }
        let mut pass = Pass {
            projection: self,
            rows: &rows,
            restored,
            trashed: BTreeMap::new(),
            places: HashMap::new(),
            base: Some(base),
        };
        pass.run(&self.dir.join(RECORDS), output)
    }

    fn is_deleted(&self, video_id: &str, index: u32) -> bool {
        self.frames
            .get(&(video_id.to_owned(), index))
            .is_none_or(|reviewed| reviewed.judgement.deleted)
    }

    pub(crate) fn reviewed(&self, frame: &Frame) -> Option<&Reviewed> {
        self.frames.get(&(frame.video_id.clone(), frame.index))
    }
}

fn read_trash(path: &Path) -> anyhow::Result<BTreeMap<String, Vec<FrameLines>>> {
    let mut trashed: BTreeMap<String, Vec<FrameLines>> = BTreeMap::new();
    if !path.exists() {
        return Ok(trashed);
    }
    for_each_line(path, |line| {
        match &line.record {
            Ok(Record::Frame(frame)) => {
                let frames = trashed.entry(frame.video_id.clone()).or_default();
                frames.push(FrameLines {
                    index: frame.index,
                    texts: vec![Text { line, record: None }],
                });
            }
            Ok(Record::Pose(pose)) => {
                if let Some(last) = trashed.get_mut(&pose.video_id).and_then(|f| f.last_mut()) {
                    last.texts.push(Text { line, record: None });
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(trashed)
}

fn write_trash(path: &Path, trashed: &BTreeMap<String, Vec<FrameLines>>) -> anyhow::Result<()> {
    let mut spool = BufWriter::new(create(path)?);
    let begin = Begin::of(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), &[]);
    let mut writer = Writer::begin_with(&mut spool, begin)?;
    for text in trashed.values().flatten().flat_map(|frame| &frame.texts) {
        match &text.record {
            Some(record) => writer.rewritten(&text.line, record)?,
            None => writer.line(&text.line)?,
        }
    }
    writer.end()?;
    commit(spool, path)
}

/// Reads a stream, line by line.
pub(crate) fn for_each_line(
    path: &Path,
    mut each: impl FnMut(Line) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut input = BufReader::with_capacity(1 << 18, file);
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    while let Some(line) = reader
        .next_line()
        .with_context(|| path.display().to_string())?
    {
        each(line)?;
    }
    Ok(())
}

fn create(path: &Path) -> anyhow::Result<AtomicWriteFile> {
    AtomicWriteFile::open(path).with_context(|| format!("create {}", path.display()))
}

fn commit(spool: BufWriter<AtomicWriteFile>, path: &Path) -> anyhow::Result<()> {
    let file = spool
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error);
    file.and_then(AtomicWriteFile::commit)
        .with_context(|| format!("write {}", path.display()))
}

/// Writes a file anew, unless it says the same already.
pub(crate) fn replace(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let mut file = create(path)?;
    file.write_all(text)
        .with_context(|| format!("write {}", path.display()))?;
    file.commit()
        .with_context(|| format!("write {}", path.display()))
}
