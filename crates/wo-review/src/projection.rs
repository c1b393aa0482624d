//! What people read is made from the log: records and tables are written anew, whole or not at all, with nothing else changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use atomic_write_file::AtomicWriteFile;
use wo_record::{
    Begin, DEFAULT_MAX_LINE, Frame, Image, Judgement, LabelOrigin, Line, Reader, Record, Row, Writer,
};

use crate::folder::{RECORDS, TRASH, correct, rows_by_path, tables};
use crate::picture_file::PictureFolder;
use crate::store::Store;
use crate::table_patch::TablePatch;

/// The frames that anyone reviewed, as they are now. A copy, so that people go on while it is written.
#[derive(Debug)]
pub(crate) struct Projection {
    dir: PathBuf,
    has_records: bool,
    frames: HashMap<(String, u32), Reviewed>,
}

#[derive(Debug)]
struct Reviewed {
    judgement: Judgement,
    origin: Option<LabelOrigin>,
    path: Option<PathBuf>,
}

/// A frame's line and the lines that belong to it, such as its pose.
struct FrameLines {
    index: u32,
    texts: Vec<Text>,
}

struct Text {
    line: Line,
    record: Option<Record>,
}

impl Projection {
    /// Of a store as it is now.
    pub(crate) fn of(store: &Store) -> Self {
        let mut frames = HashMap::new();
        for id in store.touched() {
            let Some(frame) = store.folder.frame(id) else { continue };
            let Some(video) = store.folder.video_of(frame) else { continue };
            frames.insert(
                (video.id.clone(), frame.index),
                Reviewed {
                    judgement: store.judgement(id, frame).clone(),
                    origin: store.origin(id, frame),
                    path: frame.path.clone(),
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
        self.move_pictures();
        if self.has_records {
            let tables = self.write_records()?;
            self.write_tables(tables)?;
        }
        self.patch_tables()?;
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

    /// Writes the records anew, and those of deleted frames into the trash. Returns the rows of the tables, and the names
    /// of the tables that frames were in before.
    fn write_records(&self) -> anyhow::Result<Tables> {
        let trash_dir = self.dir.join(TRASH);
        let trash_path = trash_dir.join(RECORDS);
        let mut rows = rows_by_path(&self.dir)?;
        let mut trashed = self.read_trash(&trash_path)?;
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
            rows: &mut rows,
            restored,
            trashed,
            tables: Tables::default(),
            base: None,
        };
        let records = self.dir.join(RECORDS);
        let mut spool = BufWriter::new(create(&records)?);
        pass.run(&records, &mut spool)?;
        let (trashed, tables) = (pass.trashed, pass.tables);
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
        Ok(tables)
    }

    /// Writes the stream as it would be, with pictures to be found from `base`, and changes nothing.
    pub(crate) fn write_stream(&self, base: &Path, output: &mut dyn Write) -> anyhow::Result<()> {
        let mut rows = rows_by_path(&self.dir)?;
        let mut restored = self.read_trash(&self.dir.join(TRASH).join(RECORDS))?;
        for (video_id, frames) in &mut restored {
            frames.retain(|frame| !self.is_deleted(video_id, frame.index));
        }
        let mut pass = Pass {
            projection: self,
            rows: &mut rows,
            restored,
            trashed: BTreeMap::new(),
            tables: Tables::default(),
            base: Some(base),
        };
        pass.run(&self.dir.join(RECORDS), output)
    }

    fn is_deleted(&self, video_id: &str, index: u32) -> bool {
        self.frames
            .get(&(video_id.to_owned(), index))
            .is_none_or(|reviewed| reviewed.judgement.deleted)
    }

    fn reviewed(&self, frame: &Frame) -> Option<&Reviewed> {
        self.frames.get(&(frame.video_id.clone(), frame.index))
    }

    fn read_trash(&self, path: &Path) -> anyhow::Result<BTreeMap<String, Vec<FrameLines>>> {
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

    /// The tables that `wo-extract --out` would write of these frames, in the order of the records.
    fn write_tables(&self, tables: Tables) -> anyhow::Result<()> {
        for (name, rows) in &tables.rows {
            let path = self.dir.join(name);
            let mut text = Vec::new();
            wo_record::write_table(&mut text, rows).with_context(|| format!("write {name}"))?;
            replace(&path, &text)?;
        }
        for name in tables.before.iter().filter(|name| !tables.rows.contains_key(*name)) {
            let path = self.dir.join(name);
            if path.exists() {
                fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    /// In tables of other making only the cells of reviewed frames change, and rows of deleted frames go.
    fn patch_tables(&self) -> anyhow::Result<()> {
        let by_path: BTreeMap<&str, &Judgement> = self
            .frames
            .values()
            .filter_map(|reviewed| Some((reviewed.path.as_deref()?.to_str()?, &reviewed.judgement)))
            .collect();
        let mut missing = by_path.clone();
        missing.retain(|_, judgement| !judgement.deleted);
        let tables = tables(&self.dir)?;
        let mut patches = Vec::new();
        for table in &tables {
            let patch = TablePatch::read(table, &by_path)?;
            for path in &patch.paths {
                missing.remove(path.as_str());
            }
            patches.push(patch);
        }
        // Only where there are no records is a table the one place of a frame that was taken back.
        if !self.has_records {
            for (path, judgement) in missing {
                let folder = Path::new(path).parent();
                let home = patches.iter_mut().max_by_key(|patch| {
                    patch.paths.iter().filter(|p| Path::new(p).parent() == folder).count()
                });
                if let Some(home) = home {
                    home.insert(path, judgement);
                }
            }
        }
        let patched = tables.iter().zip(patches).filter(|(_, patch)| patch.is_changed);
        for (table, patch) in patched {
            replace(table, &patch.text()?)?;
        }
        Ok(())
    }
}

/// Rows by the name of their table, and the names of tables that held frames before.
#[derive(Debug, Default)]
struct Tables {
    rows: BTreeMap<String, Vec<Row>>,
    before: BTreeSet<String>,
}

/// One pass over the records.
struct Pass<'a> {
    projection: &'a Projection,
    rows: &'a mut HashMap<String, Row>,
    restored: BTreeMap<String, Vec<FrameLines>>,
    trashed: BTreeMap<String, Vec<FrameLines>>,
    tables: Tables,
    /// What to put before the paths of pictures.
    base: Option<&'a Path>,
}

impl Pass<'_> {
    fn run(&mut self, records: &Path, output: &mut dyn Write) -> anyhow::Result<()> {
        let counts = self.count(records)?;
        let mut writer: Option<Writer<'_>> = None;
        let mut output = Some(output);
        let mut video_id = String::new();
        // Whether the frame before this line was thrown away, so that its pose goes with it.
        let mut is_thrown = false;
        for_each_line(records, |line| {
            if let Ok(Record::Begin(begin)) = &line.record {
                if let Some(output) = output.take() {
                    writer = Some(Writer::begin_with(output, begin.clone())?);
                }
                return Ok(());
            }
            let Some(writer) = &mut writer else { return Ok(()) };
            match &line.record {
                Ok(Record::End(_)) => Ok(()),
                Ok(Record::Video(video)) => {
                    self.restore(writer, &video_id, u32::MAX)?;
                    video_id.clone_from(&video.video_id);
                    is_thrown = false;
                    let mut video = video.clone();
                    let n_frames = counts.get(&video.video_id).copied();
                    if n_frames.is_some() && video.n_frames != n_frames {
                        video.n_frames = n_frames;
                        Ok(writer.rewritten(&line, &Record::Video(video))?)
                    } else {
                        Ok(writer.line(&line)?)
                    }
                }
                Ok(Record::Frame(frame)) => {
                    self.restore(writer, &video_id, frame.index)?;
                    is_thrown = !self.frame(writer, frame.clone(), line)?;
                    Ok(())
                }
                Ok(Record::Pose(pose)) if is_thrown => {
                    let lines = self.trashed.get_mut(&pose.video_id).and_then(|f| f.last_mut());
                    if let Some(lines) = lines {
                        lines.texts.push(Text { line, record: None });
                    }
                    Ok(())
                }
                _ => Ok(writer.line(&line)?),
            }
        })?;
        if let Some(mut writer) = writer {
            self.restore(&mut writer, &video_id, u32::MAX)?;
            writer.end()?;
        }
        Ok(())
    }

    /// How many frames each video with a reviewed frame has afterwards.
    fn count(&self, records: &Path) -> anyhow::Result<HashMap<String, u32>> {
        let videos = self.projection.frames.keys().map(|(video, _)| (video.clone(), 0));
        let mut counts: HashMap<String, u32> = videos.collect();
        for (video, frames) in &self.restored {
            *counts.entry(video.clone()).or_default() += frames.len() as u32;
        }
        for_each_line(records, |line| {
            if let Ok(Record::Frame(frame)) = &line.record
                && let Some(count) = counts.get_mut(&frame.video_id)
            {
                let reviewed = self.projection.reviewed(frame);
                *count += u32::from(!reviewed.is_some_and(|r| r.judgement.deleted));
            }
            Ok(())
        })?;
        Ok(counts)
    }

    /// Writes the frames of the video that come back and belong before `index`.
    fn restore(&mut self, writer: &mut Writer<'_>, video_id: &str, index: u32) -> anyhow::Result<()> {
        let Some(frames) = self.restored.get_mut(video_id) else { return Ok(()) };
        let due: Vec<FrameLines> = frames.extract_if(.., |frame| frame.index < index).collect();
        for lines in due {
            for text in lines.texts {
                match text.line.record.clone() {
                    Ok(Record::Frame(frame)) => {
                        self.frame(writer, frame, text.line)?;
                    }
                    _ => writer.line(&text.line)?,
                }
            }
        }
        Ok(())
    }

    /// Writes a frame, or keeps it for the trash. True where it was written.
    fn frame(&mut self, writer: &mut Writer<'_>, mut frame: Frame, line: Line) -> anyhow::Result<bool> {
        self.tables.before.extend(table_name(&frame));
        let before = frame.clone();
        correct(&mut frame, self.rows);
        if let Some(reviewed) = self.projection.reviewed(&frame) {
            let new = &reviewed.judgement;
            frame.label.clone_from(&new.label);
            frame.faults.clone_from(&new.faults);
            frame.description.clone_from(&new.description);
            frame.label_origin = reviewed.origin;
            if new.deleted {
                let record = Some(Record::Frame(frame.clone()));
                let frames = self.trashed.entry(frame.video_id.clone()).or_default();
                frames.push(FrameLines {
                    index: frame.index,
                    texts: vec![Text { line, record }],
                });
                return Ok(false);
            }
        }
        if let Some((table, row)) = table_name(&frame).zip(row(&frame)) {
            self.tables.rows.entry(table).or_default().push(row);
        }
        if let (Some(base), Image::File { path, .. }) = (self.base, &mut frame.image) {
            *path = base.join(path.as_path()).into();
        }
        if frame == before {
            writer.line(&line)?;
        } else {
            writer.rewritten(&line, &Record::Frame(frame))?;
        }
        Ok(true)
    }
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

/// `squat_bad_form.csv`, as `wo-extract --out` names it; none for a frame without a label.
pub(crate) fn table_name(frame: &Frame) -> Option<String> {
    let label = frame.label.as_ref()?;
    let exercise = frame.exercise.as_ref().map_or("unknown", |name| name.as_str());
    Some(format!("{exercise}_{label}.csv"))
}

pub(crate) fn row(frame: &Frame) -> Option<Row> {
    let Image::File { path, .. } = &frame.image else {
        return None;
    };
    Some(Row {
        frame_path: path.as_path().to_str()?.to_owned(),
        label: frame.label.as_ref()?.to_string(),
        description: frame.description.clone().unwrap_or_default(),
        faults: String::new(),
    })
}

/// Reads a stream, line by line.
pub(crate) fn for_each_line(
    path: &Path,
    mut each: impl FnMut(Line) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut input = BufReader::with_capacity(1 << 18, file);
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    while let Some(line) = reader.next_line().with_context(|| path.display().to_string())? {
        each(line)?;
    }
    Ok(())
}

fn create(path: &Path) -> anyhow::Result<AtomicWriteFile> {
    AtomicWriteFile::open(path).with_context(|| format!("create {}", path.display()))
}

fn commit(spool: BufWriter<AtomicWriteFile>, path: &Path) -> anyhow::Result<()> {
    let file = spool.into_inner().map_err(std::io::IntoInnerError::into_error);
    file.and_then(AtomicWriteFile::commit)
        .with_context(|| format!("write {}", path.display()))
}

/// Writes a file anew, unless it says the same already.
fn replace(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let mut file = create(path)?;
    file.write_all(text).with_context(|| format!("write {}", path.display()))?;
    file.commit().with_context(|| format!("write {}", path.display()))
}
