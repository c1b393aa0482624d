//! The trash of a folder: records of deleted frames, with their lines as they were. Images and rows lie beside them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path};

use anyhow::Context;
use wo_label::is_same_time;
use wo_record::{Begin, Frame, Line, Producer, Record, Writer};

use crate::atomic_file::{commit, create_spool, remove};
use crate::beneath::Beneath;
use crate::names::{RECORDS, TRASH};
use crate::records::for_each_line_of_trash;

/// A frame's line and the lines that belong to it, such as its pose.
#[derive(Debug, Clone)]
pub struct FrameLines {
    /// The index of the frame.
    pub index: u32,
    /// Its time.
    pub pts_ms: Option<f64>,
    /// The lines.
    pub texts: Vec<Text>,
}

/// A line as it was read, and its record where that is another now.
#[derive(Debug, Clone)]
pub struct Text {
    /// The line.
    pub line: Line,
    /// The record.
    pub record: Option<Record>,
}

/// The deleted frames of a folder, by their videos.
#[derive(Debug, Default, Clone)]
pub struct Trash {
    /// The frames of each video, in the order of the file.
    pub videos: BTreeMap<String, Vec<FrameLines>>,
}

impl Trash {
    /// Reads the trash of a folder.
    pub fn read(dir: &Path) -> anyhow::Result<Self> {
        let mut trash = Self::default();
        for_each_line_of_trash(&dir.join(TRASH).join(RECORDS), |line| {
            match &line.record {
                Ok(Record::Frame(frame)) => {
                    let frame = frame.clone();
                    trash.push(&frame, Text { line, record: None });
                }
                Ok(Record::Pose(pose)) => {
                    let video_id = pose.video_id.clone();
                    trash.push_to_last(&video_id, line);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(trash)
    }

    /// Takes a frame in.
    pub fn push(&mut self, frame: &Frame, text: Text) {
        let frames = self.videos.entry(frame.video_id.clone()).or_default();
        frames.push(FrameLines {
            index: frame.index,
            pts_ms: frame.pts_ms,
            texts: vec![text],
        });
    }

    /// Takes a frame back in, with all its lines.
    pub(crate) fn put_back(&mut self, video_id: &str, frame: FrameLines) {
        let frames = self.videos.entry(video_id.to_owned()).or_default();
        frames.push(frame);
        frames.sort_by_key(|frame| frame.index);
    }

    /// Takes a line in that belongs to the last frame of a video.
    pub fn push_to_last(&mut self, video_id: &str, line: Line) {
        if let Some(last) = self.videos.get_mut(video_id).and_then(|it| it.last_mut()) {
            last.texts.push(Text { line, record: None });
        }
    }

    /// Takes frames out that `come_back`.
    pub fn take_all(
        &mut self,
        come_back: impl Fn(&Frame) -> bool,
    ) -> BTreeMap<String, Vec<FrameLines>> {
        let mut taken = BTreeMap::new();
        for (video_id, frames) in &mut self.videos {
            let back = frames.extract_if(.., |lines| lines.frame().is_some_and(&come_back));
            let back: Vec<FrameLines> = back.collect();
            if !back.is_empty() {
                taken.insert(video_id.clone(), back);
            }
        }
        taken
    }

    /// Takes one frame out.
    pub fn remove(&mut self, frame: &Frame) {
        if let Some(frames) = self.videos.get_mut(&frame.video_id) {
            frames.retain(|other| !other.is(frame.index, frame.pts_ms));
        }
    }

    /// How many frames it holds.
    pub fn len(&self) -> usize {
        self.videos.values().map(Vec::len).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the frame of a video at a time was deleted. The time tells it, whatever its index is; where no time is
    /// known, the index does.
    pub fn has(&self, video_id: &str, index: u32, pts_ms: Option<f64>) -> bool {
        let Some(frames) = self.videos.get(video_id) else {
            return false;
        };
        frames.iter().any(|frame| frame.is(index, pts_ms))
    }

    /// Writes it. An empty trash has no records.
    pub fn write(&self, dir: &Path, by: &Producer) -> anyhow::Result<()> {
        let trash = dir.join(TRASH);
        let path = trash.join(RECORDS);
        if self.is_empty() {
            if path.exists() {
                remove(&path);
            }
            return Ok(());
        }
        fs::create_dir_all(&trash).with_context(|| format!("make {}", trash.display()))?;
        let mut spool = create_spool(&path)?;
        let begin = Begin::of(&by.tool, &by.version, &[]);
        let mut writer = Writer::begin_with(&mut spool, begin)?;
        for text in self.videos.values().flatten().flat_map(|it| &it.texts) {
            match &text.record {
                Some(record) => writer.rewritten(&text.line, record)?,
                None => writer.line(&text.line)?,
            }
        }
        writer.end()?;
        commit(spool, &path)
    }
}

impl FrameLines {
    /// The frame.
    pub fn frame(&self) -> Option<&Frame> {
        match &self.texts.first()?.line.record {
            Ok(Record::Frame(frame)) => Some(frame),
            _ => None,
        }
    }

    pub(crate) fn is(&self, index: u32, pts_ms: Option<f64>) -> bool {
        match (self.pts_ms, pts_ms) {
            (Some(one), Some(other)) => is_same_time(one, other),
            _ => self.index == index,
        }
    }
}

/// Moves an image into the trash of its folder. Nothing happens where it is there already.
pub fn throw_away(dir: &Path, image: &Path) -> io::Result<()> {
    rename(dir, image, Path::new(""), Path::new(TRASH))
}

/// Moves an image back to where it was. Nothing happens where it is there already.
pub fn take_back(dir: &Path, image: &Path) -> io::Result<()> {
    if !dir.join(TRASH).exists() {
        return Ok(());
    }
    rename(dir, image, Path::new(TRASH), Path::new(""))
}

/// Takes an image out of the trash that is in its place again, taken again.
pub(crate) fn forget(dir: &Path, image: &Path) {
    let thrown = Path::new(TRASH).join(image);
    let forgotten = Beneath::open(dir).and_then(|dir| match dir.open_file(&thrown) {
        Ok(_) => dir.remove(&thrown),
        Err(_) => Ok(()),
    });
    if let Err(e) = forgotten {
        wo_cli::info!("{}: {e}", dir.join(thrown).display());
    }
}

/// Moves an image from one folder below `dir` to another. A record may name any file; only what lies in the folder itself is
/// ever moved, and never out of it, whatever links there are.
fn rename(dir: &Path, path: &Path, from: &Path, to: &Path) -> io::Result<()> {
    let path = path.strip_prefix(dir).unwrap_or(path);
    let is_inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_inside {
        return Ok(());
    }
    let dir = Beneath::open(dir)?;
    let (from, to) = (from.join(path), to.join(path));
    if !dir.has(&from)? || dir.has(&to)? {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        dir.create_dir_all(folder)?;
    }
    dir.rename(&from, &to)
}
