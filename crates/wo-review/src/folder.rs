//! The frames of a folder: from its records, corrected by its CSVs, or from CSVs alone.

mod image;
mod item;
mod numbering;
mod records_file;
mod tables;
mod video_paths;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use wo_folder::{Corrections, Kept as KeptFrame, RECORDS, TRASH, check_frames, no_frames};
use wo_label::{Captions, Reviews};
use wo_record::{Image, Record, Review, Video};

pub(crate) use self::image::FrameImage;
use self::image::InlineImage;
pub(crate) use self::item::{FrameItem, VideoItem};
use self::records_file::{Contents, FIRST_BYTES, LineSpan, for_each_record, for_first_records};
use self::video_paths::VideoPaths;

/// The command that reads a folder.
const COMMAND: &str = "wo-review";

/// All frames of a folder, numbered in order; the number is the id on the page. Deleted frames keep their numbers, so that
/// the next start has the same ones.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub(crate) dir: PathBuf,
    pub(crate) has_records: bool,
    pub(crate) videos: Vec<VideoItem>,
    pub(crate) frames: Vec<FrameItem>,
    videos_by_id: HashMap<String, u32>,
    pub(crate) frames_by_place: HashMap<(u32, u32), u32>,
    /// Images inside records.
    pub(crate) inline: HashMap<u32, InlineImage>,
}

/// The part of a record that is kept. The threads that parse a record drop the rest.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are frames")]
enum Kept {
    Video(Box<Video>),
    Frame {
        video_id: String,
        item: FrameItem,
        is_inline: bool,
    },
}

/// The file that a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Records,
    Trash,
}

impl Kept {
    fn of(
        record: Record,
        source: Source,
        corrections: &Corrections,
        videos: &VideoPaths,
    ) -> Option<Self> {
        match record {
            Record::Video(video) => Some(Self::Video(Box::new(video))),
            Record::Frame(mut frame) => {
                let is_deleted = if source == Source::Trash {
                    corrections.correct_by_rows(&mut frame);
                    true
                } else {
                    let video = videos.of(&frame.video_id);
                    corrections.correct(&mut frame, video, None).kept != KeptFrame::Yes
                };
                let is_inline = matches!(frame.image, Image::Inline { .. });
                let video_id = std::mem::take(&mut frame.video_id);
                let mut item = FrameItem::new(frame);
                item.base.deleted = is_deleted;
                Some(Self::Frame {
                    video_id,
                    item,
                    is_inline,
                })
            }
            _ => None,
        }
    }
}

impl Folder {
    /// Checks that there are frames, without reading them.
    pub(crate) fn look(dir: &Path) -> anyhow::Result<()> {
        check_frames(dir, COMMAND)
    }

    /// Reads the folder.
    pub(crate) fn read(
        dir: &Path,
        reviews: &[Review],
        captions: &Captions,
    ) -> anyhow::Result<Self> {
        Self::read_with(dir, &corrections(dir, reviews, captions)?)
    }

    /// Reads the folder with corrections from its tables.
    pub(crate) fn read_with(dir: &Path, corrections: &Corrections) -> anyhow::Result<Self> {
        let mut folder = Self::new(dir);
        corrections.start_over();
        if folder.has_records {
            folder.read_records(&dir.join(RECORDS), corrections)?;
            folder.read_trash(corrections)?;
        } else {
            folder.read_tables(corrections)?;
        }
        corrections.finish()?;
        if folder.frames.is_empty() {
            return Err(no_frames(dir, COMMAND));
        }
        folder.number();
        Ok(folder)
    }

    /// The first videos, numbered as in the whole folder. `None` if that needs the whole folder.
    pub(crate) fn first(dir: &Path, corrections: &Corrections) -> Option<Self> {
        let path = dir.join(RECORDS);
        let records = Arc::new(wo_cli::open_file(&path).ok()?);
        let mut first: Vec<(Kept, LineSpan)> = Vec::new();
        let videos = VideoPaths::read(&path, FIRST_BYTES).ok()?;
        let keep = |record| Kept::of(record, Source::Records, corrections, &videos);
        let is_plain = for_first_records(&path, keep, &mut |kept, line| first.push((kept, line)));
        // The last video may be incomplete.
        let last = first
            .iter()
            .rposition(|(kept, _)| matches!(kept, Kept::Video(_)))?;
        let mut folder = Self::new(dir);
        for (kept, line) in first.into_iter().take(last) {
            folder.add(kept, line, &records);
        }
        folder.read_trash(corrections).ok()?;
        folder.number();
        (is_plain && !folder.frames.is_empty()).then_some(folder)
    }

    fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            has_records: dir.join(RECORDS).exists(),
            ..Self::default()
        }
    }

    pub(crate) fn frame(&self, id: u32) -> Option<&FrameItem> {
        self.frames.get(id as usize)
    }

    /// Where the image of a frame is.
    pub(crate) fn image(&self, id: u32) -> Option<FrameImage> {
        match self.inline.get(&id) {
            Some(inline) => Some(FrameImage::Inline(inline.clone())),
            None => self.frame(id)?.path.clone().map(FrameImage::File),
        }
    }

    pub(crate) fn video_of(&self, frame: &FrameItem) -> Option<&VideoItem> {
        self.videos.get(frame.video as usize)
    }

    /// The number of a video; `None` if the folder does not have it.
    pub(crate) fn video_number_of(&self, video_id: &str) -> Option<u32> {
        self.videos_by_id.get(video_id).copied()
    }

    /// The id of a frame.
    pub(crate) fn find(&self, video_id: &str, index: u32) -> Option<u32> {
        let video = *self.videos_by_id.get(video_id)?;
        self.frames_by_place.get(&(video, index)).copied()
    }

    /// The frames of a video.
    pub(crate) fn frames_of_video(&self, video_id: &str) -> &[u32] {
        self.videos_by_id
            .get(video_id)
            .and_then(|&video| self.videos.get(video as usize))
            .map_or(&[], |video| &video.frames)
    }

    fn read_records(&mut self, path: &Path, corrections: &Corrections) -> anyhow::Result<()> {
        let records = open(path)?;
        let videos = VideoPaths::read(path, u64::MAX)?;
        let keep = |record| Kept::of(record, Source::Records, corrections, &videos);
        for_each_record(path, Contents::Videos, keep, &mut |kept, line| {
            self.add(kept, line, &records);
        })
    }

    /// Reads the deleted frames of known videos.
    fn read_trash(&mut self, corrections: &Corrections) -> anyhow::Result<()> {
        let path = self.dir.join(TRASH).join(RECORDS);
        if !path.exists() {
            return Ok(());
        }
        let records = open(&path)?;
        let videos = VideoPaths::default();
        let keep = |record| Kept::of(record, Source::Trash, corrections, &videos);
        for_each_record(&path, Contents::FramesAlone, keep, &mut |kept, line| {
            if matches!(&kept, Kept::Frame { video_id, .. } if self.videos_by_id.contains_key(video_id))
            {
                self.add(kept, line, &records);
            }
        })
    }

    fn add(&mut self, kept: Kept, line: LineSpan, records: &Arc<File>) {
        match kept {
            Kept::Video(video) => self.add_video(*video),
            Kept::Frame {
                video_id,
                item,
                is_inline,
            } => {
                if let Some(id) = self.add_frame(&video_id, item)
                    && is_inline
                {
                    let records = Arc::clone(records);
                    self.inline.insert(id, InlineImage { records, line });
                }
            }
        }
    }

    fn add_video(&mut self, video: Video) {
        let number = self.video_number(&video.video_id);
        if let Some(item) = self.videos.get_mut(number as usize) {
            item.path = video.path.map(|path| path.as_path().to_owned());
            item.person = video.person_id;
            item.source = video.source_id;
            item.duration_ms = video.duration_ms;
        }
    }

    pub(crate) fn video_number(&mut self, video_id: &str) -> u32 {
        if let Some(&number) = self.videos_by_id.get(video_id) {
            return number;
        }
        let number = self.videos.len() as u32;
        self.videos_by_id.insert(video_id.to_owned(), number);
        self.videos.push(VideoItem {
            id: video_id.to_owned(),
            ..VideoItem::default()
        });
        number
    }

    /// The new frame's id; `None` if the frame exists already.
    pub(crate) fn add_frame(&mut self, video_id: &str, item: FrameItem) -> Option<u32> {
        let video = self.video_number(video_id);
        let id = self.frames.len() as u32;
        // A frame that a crash left both in the records and in the trash is one frame.
        match self.frames_by_place.entry((video, item.index)) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(place) => place.insert(id),
        };
        if let Some(video) = self.videos.get_mut(video as usize) {
            video.frames.push(id);
        }
        self.frames.push(FrameItem { video, ..item });
        Some(id)
    }
}

fn open(path: &Path) -> anyhow::Result<Arc<File>> {
    let file = wo_cli::open_file(path).with_context(|| format!("open {}", path.display()))?;
    Ok(Arc::new(file))
}

/// The corrections in the tables of a folder, before any review. Without records the tables are all there is, and correct
/// nothing.
pub(crate) fn corrections(
    dir: &Path,
    reviews: &[Review],
    captions: &Captions,
) -> anyhow::Result<Corrections> {
    let mut of_frames = Reviews::default();
    reviews.iter().cloned().for_each(|it| of_frames.add(it));
    Corrections::before_reviews(dir, of_frames, captions.clone())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    /// Two thousand frames, so that a look does not show them all, and a table that corrects the second one.
    fn folder_of_many(dir: &Path) {
        let mut lines = Vec::new();
        for video in 0..100 {
            let video_id = format!("{video:064x}");
            lines.push(json!({"type": "video", "video_id": video_id}).to_string());
            for index in 0..20 {
                let image = json!({"file": {"path": format!("frames/{video}_{index}.jpg"), "blake3": "0".repeat(64)}});
                let frame = json!({"type": "frame", "video_id": video_id, "index": index, "image": image, "label": "good_form"});
                lines.push(frame.to_string());
            }
        }
        fs::write(dir.join(RECORDS), wo_testkit::stream(&lines)).unwrap();
        let table = "frame_path,label,description\nframes/0_1.jpg,bad_form,\n";
        fs::write(dir.join("a.csv"), table).unwrap();
    }

    #[test]
    fn the_first_look_is_the_beginning_of_all() {
        let dir = wo_testkit::tempdir().unwrap();
        folder_of_many(dir.path());
        let captions = Captions::embedded();
        let corrections = corrections(dir.path(), &[], &captions).unwrap();
        let first = Folder::first(dir.path(), &corrections).unwrap();
        let all = Folder::read(dir.path(), &[], &captions).unwrap();
        assert_eq!(all.frames.len(), 2000);
        let n_first = first.frames.len();
        assert!(
            (200..1900).contains(&n_first) && n_first.is_multiple_of(20),
            "{n_first}"
        );
        for (first, all) in first.frames.iter().zip(&all.frames) {
            assert_eq!(
                (first.video, first.index, &first.path, &first.base),
                (all.video, all.index, &all.path, &all.base)
            );
        }
        let label = |place: usize| first.frames[place].base.label.clone();
        assert_eq!(
            (label(0), label(1)),
            (Some("good_form".into()), Some("bad_form".into()))
        );
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_not_looked_at() {
        let dir = wo_testkit::tempdir().unwrap();
        let none = corrections(dir.path(), &[], &Captions::embedded()).unwrap();
        assert!(Folder::first(dir.path(), &none).is_none());
        for text in [
            "",
            "no record\n",
            "{\"type\":\"video\",\"video_id\":\"v\"}\n",
        ] {
            fs::write(dir.path().join(RECORDS), text).unwrap();
            assert!(Folder::first(dir.path(), &none).is_none(), "{text}");
        }
    }
}
