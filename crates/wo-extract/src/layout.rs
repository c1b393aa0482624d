//! The folder of `--out`: pictures, `records.ndjson`, and tables that are projections of it.
//!
//! Everything appears complete or not at all. Videos of earlier runs stay unless this run took them again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File, TryLockError};
use std::io::{BufReader, BufWriter, IntoInnerError, Write};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, anyhow};
use atomic_write_file::AtomicWriteFile;
use wo_cli::{Exit, ExitWith};
use wo_record::{
    BAD_FORM, DEFAULT_MAX_LINE, Frame, GOOD_FORM, Image, Line, Name, Reader, Record, Row, Video,
    Writer,
};

use crate::picture::Still;

/// The name of the records.
const RECORDS: &str = "records.ndjson";
/// How many hex digits of a video's id are in the names of its frames: 64 bits, so that two never meet.
const ID_DIGITS: usize = 16;

/// The records file before it appears.
pub(crate) type Spool = BufWriter<AtomicWriteFile>;

/// The folder, locked against other runs.
#[derive(Debug)]
pub(crate) struct Layout {
    dir: PathBuf,
    /// What the last run left and this one does not: pictures and tables to take away at the end.
    stale: RefCell<Stale>,
    _lock: File,
}

#[derive(Debug, Default)]
struct Stale {
    pictures: Vec<PathBuf>,
    tables: BTreeSet<String>,
}

/// What this run puts in the place of earlier records.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    video_ids: HashSet<String>,
    tried: HashSet<PathBuf>,
    stored: HashSet<PathBuf>,
}

impl Merge {
    /// The file at `path` was tried: an earlier error about it is out of date.
    pub(crate) fn tried(&mut self, path: &Path) {
        self.tried.insert(path.to_owned());
    }

    /// The video was taken: its earlier records are out of date.
    pub(crate) fn replaces(&mut self, video_id: &str) {
        self.video_ids.insert(video_id.to_owned());
    }

    /// The picture at `path` is one of this run.
    pub(crate) fn stored(&mut self, path: PathBuf) {
        self.stored.insert(path);
    }

    fn keeps(&self, record: &Record) -> bool {
        match record {
            Record::Begin(_) | Record::End(_) => false,
            Record::Video(video) => !self.video_ids.contains(&video.video_id),
            Record::Frame(frame) => !self.video_ids.contains(&frame.video_id),
            Record::Error(failure) => {
                !failure
                    .path
                    .as_ref()
                    .is_some_and(|path| self.tried.contains(path.as_path()))
                    && !failure
                        .video_id
                        .as_ref()
                        .is_some_and(|id| self.video_ids.contains(id))
            }
            _ => true,
        }
    }
}

impl Layout {
    /// Makes the folder where there is none, and makes sure that what is there can be merged with.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("make the folder {}", dir.display()))?;
        let lock = File::open(dir).with_context(|| format!("open {}", dir.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(anyhow!("another run writes into {}", dir.display()))
                    .exit_with(Exit::Locked);
            }
            Err(TryLockError::Error(e)) => {
                return Err(e).with_context(|| format!("lock {}", dir.display()));
            }
        }
        let layout = Self {
            dir: dir.to_owned(),
            stale: RefCell::default(),
            _lock: lock,
        };
        layout.for_each_line(|_| Ok(()))?;
        Ok(layout)
    }

    /// The folder, as given.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The new records file, which appears at [`Layout::commit`].
    pub(crate) fn create_records(&self) -> anyhow::Result<Spool> {
        Ok(BufWriter::new(create(&self.dir.join(RECORDS))?))
    }

    /// Writes a picture. Returns its path in the folder.
    pub(crate) fn store(
        &self,
        video: &Video,
        index: u32,
        still: &Still,
    ) -> anyhow::Result<PathBuf> {
        let folder = frame_folder(video.exercise.as_ref(), video.label.as_ref());
        let path = Path::new(&folder).join(frame_name(&video.video_id, index, still.time_ns));
        let full = self.dir.join(&path);
        fs::create_dir_all(self.dir.join(&folder))
            .with_context(|| format!("make the folder {folder}"))?;
        let mut file = create(&full)?;
        file.write_all(&still.jpeg)
            .and_then(|()| file.commit())
            .with_context(|| format!("write {}", full.display()))?;
        Ok(path)
    }

    /// Writes the earlier records that this run did not replace behind those of this run.
    pub(crate) fn merge(&self, merge: &Merge, writer: &mut Writer<'_>) -> anyhow::Result<()> {
        let mut stale = self.stale.borrow_mut();
        self.for_each_line(|line| {
            match &line.record {
                Ok(record) if !merge.keeps(record) => {
                    if let Record::Frame(frame) = record {
                        stale.tables.extend(table_name(frame));
                        let picture =
                            own_picture(frame).filter(|path| !merge.stored.contains(*path));
                        stale.pictures.extend(picture.map(Path::to_owned));
                    }
                }
                _ => writer.line(line)?,
            }
            Ok(())
        })
    }

    /// Lets the new records appear, projects the tables from them, and takes away what no record names any more.
    pub(crate) fn commit(&self, spool: Spool) -> anyhow::Result<()> {
        let path = self.dir.join(RECORDS);
        let file = spool.into_inner().map_err(IntoInnerError::into_error);
        file.and_then(AtomicWriteFile::commit)
            .with_context(|| format!("write {}", path.display()))?;
        // Rows are small, and a table is written whole.
        let mut tables: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        self.for_each_line(|line| {
            if let Ok(Record::Frame(frame)) = &line.record
                && let Some((table, row)) = table_name(frame).zip(row(frame))
            {
                tables.entry(table).or_default().push(row);
            }
            Ok(())
        })?;
        for (name, rows) in &tables {
            let mut file = create(&self.dir.join(name))?;
            wo_record::write_table(&mut file, rows).with_context(|| format!("write {name}"))?;
            file.commit().with_context(|| format!("write {name}"))?;
        }
        let stale = self.stale.take();
        for name in stale
            .tables
            .iter()
            .filter(|name| !tables.contains_key(*name))
        {
            remove(&self.dir.join(name));
        }
        for picture in &stale.pictures {
            remove(&self.dir.join(picture));
        }
        Ok(())
    }

    /// Reads the records that are there, if any.
    fn for_each_line(
        &self,
        mut each: impl FnMut(&Line) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let path = self.dir.join(RECORDS);
        if !path.exists() {
            return Ok(());
        }
        let file = File::open(&path).with_context(|| format!("open {}", path.display()))?;
        let mut input = BufReader::new(file);
        let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
        while let Some(line) = reader
            .next_line()
            .with_context(|| path.display().to_string())?
        {
            each(&line)?;
        }
        Ok(())
    }
}

fn create(path: &Path) -> anyhow::Result<AtomicWriteFile> {
    AtomicWriteFile::open(path).with_context(|| format!("create {}", path.display()))
}

/// What stays behind is in nobody's way.
fn remove(path: &Path) {
    if let Err(e) = fs::remove_file(path) {
        wo_cli::info!("{}: {e}", path.display());
    }
}

/// `frames_squat_bad`.
fn frame_folder(exercise: Option<&Name>, label: Option<&Name>) -> String {
    let label = match label.map(Name::as_str) {
        None => "unlabelled",
        Some(GOOD_FORM) => "good",
        Some(BAD_FORM) => "bad",
        Some(other) => other,
    };
    format!(
        "frames_{}_{label}",
        exercise.map_or("unknown", Name::as_str)
    )
}

/// `0123456789abcdef_007_0012345.jpg`.
fn frame_name(video_id: &str, index: u32, time_ns: u64) -> String {
    let pts_ms = (time_ns + 500_000) / 1_000_000;
    format!("{}_{index:03}_{pts_ms:07}.jpg", short_id(video_id))
}

fn short_id(video_id: &str) -> &str {
    video_id.get(..ID_DIGITS).unwrap_or(video_id)
}

/// `squat_bad_form.csv`; none for a frame without a label, of which a table of labels has nothing to say.
fn table_name(frame: &Frame) -> Option<String> {
    let label = frame.label.as_ref()?;
    Some(format!(
        "{}_{label}.csv",
        frame.exercise.as_ref().map_or("unknown", Name::as_str)
    ))
}

fn row(frame: &Frame) -> Option<Row> {
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

/// The picture of a frame that an earlier run wrote into this folder. A record that names any other file must not
/// get it deleted.
fn own_picture(frame: &Frame) -> Option<&Path> {
    let Image::File { path, .. } = &frame.image else {
        return None;
    };
    let path = path.as_path();
    let is_inside = path
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    let is_ours = path
        .file_name()?
        .to_str()?
        .starts_with(short_id(&frame.video_id))
        && !frame.video_id.is_empty();
    (is_inside && is_ours).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_exercise_label_video_place_and_time() {
        let name = |text: &str| Name::new(text);
        assert_eq!(
            frame_folder(Some(&name("squat")), Some(&name(BAD_FORM))),
            "frames_squat_bad"
        );
        assert_eq!(
            frame_folder(Some(&name("squat")), Some(&name("unclear"))),
            "frames_squat_unclear"
        );
        assert_eq!(frame_folder(None, None), "frames_unknown_unlabelled");
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(
            frame_name(id, 7, 12_344_600_000),
            "0123456789abcdef_007_0012345.jpg"
        );
    }

    #[test]
    fn only_pictures_of_our_own_are_ever_deleted() {
        let frame = |path: &str| Frame {
            video_id: "0123456789abcdef01".into(),
            index: 0,
            pts_ms: None,
            width_px: None,
            height_px: None,
            image: Image::File {
                path: path.into(),
                blake3: None,
            },
            exercise: None,
            label: None,
            label_origin: None,
            faults: Vec::new(),
            description: None,
        };
        assert!(own_picture(&frame("frames_a_b/0123456789abcdef_000_0000000.jpg")).is_some());
        for path in [
            "../0123456789abcdef_0.jpg",
            "/0123456789abcdef_0.jpg",
            "frames_a_b/other.jpg",
            "",
        ] {
            assert!(own_picture(&frame(path)).is_none(), "{path}");
        }
    }
}
