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
use walkdir::WalkDir;
use wo_cli::{Exit, ExitWith};
use wo_record::{
    BAD_FORM, DEFAULT_MAX_LINE, Frame, GOOD_FORM, Image, Line, Name, Reader, Record, Row, Video,
    Writer, table_name,
};

use crate::merge::Merge;
use crate::picture::Still;
use crate::state;

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
    /// The videos of earlier runs.
    video_ids: HashSet<String>,
    /// What the last run left and this one does not: pictures and tables to take away at the end.
    stale: RefCell<Stale>,
    _lock: File,
}

#[derive(Debug, Default)]
struct Stale {
    pictures: Vec<PathBuf>,
    tables: BTreeSet<String>,
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
        let mut layout = Self {
            dir: dir.to_owned(),
            video_ids: HashSet::new(),
            stale: RefCell::default(),
            _lock: lock,
        };
        layout.remove_leftovers();
        let mut ids = HashSet::new();
        layout.for_each_line(|line| {
            ids.extend(video_id(line));
            Ok(())
        })?;
        layout.video_ids = ids;
        Ok(layout)
    }

    /// Takes away what a killed run had begun to write. The lock says that no other run is at work here.
    fn remove_leftovers(&self) {
        let files = WalkDir::new(&self.dir).max_depth(2).into_iter().flatten();
        for file in files.filter(|file| file.file_type().is_file()) {
            if file.file_name().to_str().is_some_and(is_leftover) {
                remove(file.path());
            }
        }
    }

    /// Whether an earlier run took the video.
    pub(crate) fn has(&self, video_id: &str) -> bool {
        self.video_ids.contains(video_id)
    }

    /// A frame of the folder as someone outside of it names it.
    pub(crate) fn shown(&self, frame: &Frame) -> Frame {
        let mut frame = frame.clone();
        if let Image::File { path, .. } = &mut frame.image {
            *path = self.dir.join(path.as_path()).into();
        }
        frame
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
    pub(crate) fn merge(&self, merge: &mut Merge, writer: &mut Writer<'_>) -> anyhow::Result<()> {
        let mut stale = self.stale.borrow_mut();
        self.for_each_line(|line| {
            match &line.record {
                Ok(record) if !merge.keeps(record) => {
                    if let Record::Frame(frame) = record {
                        stale.tables.extend(table_name(frame));
                        let picture = own_picture(frame).filter(|path| !merge.has_stored(path));
                        stale.pictures.extend(picture.map(Path::to_owned));
                    }
                }
                Ok(record) => match merge.renewed(record) {
                    Some(renewed) => writer.record(&renewed)?,
                    None => writer.line(line)?,
                },
                Err(_) => writer.line(line)?,
            }
            Ok(())
        })
    }

    /// Lets the new records appear, projects the tables from them, and takes away what no record names any more. Returns
    /// the ids that the records name.
    pub(crate) fn commit(&self, spool: Spool) -> anyhow::Result<HashSet<String>> {
        let path = self.dir.join(RECORDS);
        let file = spool.into_inner().map_err(IntoInnerError::into_error);
        file.and_then(AtomicWriteFile::commit)
            .with_context(|| format!("write {}", path.display()))?;
        // Rows are small, and a table is written whole.
        let mut tables: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        let mut ids = HashSet::new();
        self.for_each_line(|line| {
            ids.extend(video_id(line));
            if let Ok(Record::Frame(frame)) = &line.record
                && let Some((table, row)) = table_name(frame).zip(Row::of(frame))
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
        Ok(ids)
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

/// The id in the record of a video, or of a file that failed.
fn video_id(line: &Line) -> Option<String> {
    match &line.record {
        Ok(Record::Video(video)) => Some(video.video_id.clone()),
        Ok(Record::Error(failure)) => failure.video_id.clone(),
        _ => None,
    }
}

fn create(path: &Path) -> anyhow::Result<AtomicWriteFile> {
    AtomicWriteFile::open(path).with_context(|| format!("create {}", path.display()))
}

/// True for names that `AtomicWriteFile` gives files before they appear: a dot, the name to be, a dot, six letters.
fn is_leftover(name: &str) -> bool {
    let Some((before, letters)) = name
        .strip_prefix('.')
        .and_then(|name| name.rsplit_once('.'))
    else {
        return false;
    };
    let is_ours = [RECORDS, state::FILE].contains(&before)
        || [".csv", ".jpg"]
            .iter()
            .any(|ending| before.ends_with(ending));
    is_ours && letters.len() == 6 && letters.bytes().all(|b| b.is_ascii_alphanumeric())
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
    fn only_files_that_were_begun_are_leftovers() {
        for name in [
            ".records.ndjson.pzx1hs",
            ".0123_000_0000000.jpg.a1B2c3",
            "..wo-extract.ndjson.abcdef",
        ] {
            assert!(is_leftover(name), "{name}");
        }
        for name in [
            "records.ndjson",
            ".wo-extract.ndjson",
            "a.jpg",
            ".notes.txt.abcdef",
            ".a.jpg.abc",
        ] {
            assert!(!is_leftover(name), "{name}");
        }
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
            quality: None,
            repetition: None,
            phase: None,
            shot: None,
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
