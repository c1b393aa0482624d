//! The folder of `--out`: images, `records.ndjson`, and tables in which people label frames.
//!
//! Files are written whole or not at all. Videos of earlier runs stay unless this run took them again. Rows that a person
//! changed stay as they are, and deleted frames stay deleted.

mod edits;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use wo_cli::CaptionsFlag;
use wo_folder::{
    Corrections, DeletedByHand, DeletedFrames, FolderLock, FrameLines, Kept, RECORDS, Row, Rows,
    Spool, TRASH, Tables, Trash, captions_in_force, commit, create, create_spool, for_each_line,
    frame_folder, frame_name, head_of_records, own_image, remove_below, table_name,
};
use wo_record::{Frame, Image, LabelOrigin, Name, Producer, Record, ReviewsHead, Video, Writer};

use crate::output::earlier::{Earlier, EarlierRecords, ids_of_records};
use crate::output::merge::Merge;
use crate::output::restored::Restored;
use crate::output::state::remake_records;
use crate::quality::still::Still;
use crate::{TOOL, VERSION};

/// The folder, locked against other runs.
#[derive(Debug)]
pub(crate) struct Layout {
    dir: PathBuf,
    earlier: EarlierRecords,
    corrections: Corrections,
    deleted: DeletedFrames,
    tables: RefCell<Tables>,
    /// The rows in the trash.
    thrown: Rows,
    /// How many frames of earlier runs have no row.
    n_without_row: Cell<usize>,
    /// Whether tables were there before any records: their rows are about frames that this run takes.
    has_rows_alone: bool,
    by_hand: DeletedByHand,
    /// Images that no record names any more: deleted at the end.
    stale: RefCell<Vec<PathBuf>>,
    _lock: FolderLock,
}

impl Layout {
    /// The last review that is in the records, which the log beside them must still have.
    pub(crate) fn head_of_reviews(&self) -> Option<ReviewsHead> {
        head_of_records(&self.dir.join(RECORDS))
    }

    /// Opens the folder, or creates it. Frames that a person deleted since the last run go into the trash; frames in the
    /// trash come back if `by_hand` says so.
    pub(crate) fn open(dir: &Path, by_hand: DeletedByHand) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("make the folder {}", dir.display()))?;
        let lock = FolderLock::take(dir)?;
        remake_records(dir)?;
        let captions = captions_in_force(&CaptionsFlag::default())?;
        let mut corrections = Corrections::of_folder(dir, captions.clone())?;
        let mut trash = Trash::read(dir)?;
        let wanted = if by_hand == DeletedByHand::ComeBack {
            trash.take_all(|frame| !corrections.is_deleted_by_review(frame))
        } else {
            BTreeMap::new()
        };
        let in_records = if wanted.is_empty() {
            HashSet::new()
        } else {
            ids_of_records(dir)?
        };
        let mut deleted = DeletedFrames::new(dir, trash, wanted, &in_records);
        let mut tables = Tables::read(dir)?;
        if tables.take_back(&deleted.returning_images())? {
            corrections = Corrections::of_folder(dir, captions)?;
        }
        let earlier = EarlierRecords::read(dir, &corrections, &mut deleted, by_hand)?;
        deleted.wanted().for_each(|frame| corrections.meets(frame));
        let has_rows_alone = !dir.join(RECORDS).exists() && corrections.rows().next().is_some();
        if !has_rows_alone {
            corrections.finish()?;
        }
        deleted.write(&mut tables, &producer())?;
        Ok(Self {
            dir: dir.to_owned(),
            earlier,
            corrections,
            deleted,
            tables: RefCell::new(tables),
            thrown: Rows::of_trash(dir)?,
            n_without_row: Cell::new(0),
            has_rows_alone,
            by_hand,
            stale: RefCell::default(),
            _lock: lock,
        })
    }

    /// Whether an earlier run took the video.
    pub(crate) fn has(&self, video_id: &str) -> bool {
        self.earlier.has(video_id)
    }

    /// What earlier runs recorded about a video.
    pub(crate) fn earlier(&self, video_id: &str) -> Option<&Earlier> {
        self.earlier.videos.get(video_id)
    }

    /// The places of a video that was excluded, since its labels contradict each other.
    pub(crate) fn places_in_conflict(&self, video_id: &str) -> &[PathBuf] {
        self.earlier.places_in_conflict(video_id)
    }

    /// What people deleted.
    pub(crate) fn deleted(&self) -> &DeletedFrames {
        &self.deleted
    }

    /// A frame with its effective label and a path from outside the folder. `None` if it was deleted.
    pub(crate) fn shown(&self, frame: &Frame, video: &Video) -> Option<Frame> {
        let mut frame = frame.clone();
        let path = video.path.as_ref().map(wo_record::RecordPath::as_path);
        match self.corrections.correct(&mut frame, path, None).kept {
            Kept::Yes => self.correct_by_trash(&mut frame),
            Kept::Reviewed => return None,
            // It was, and comes back.
            Kept::Deleted(_) => self.corrections.correct_by_rows(&mut frame),
        }
        if let Image::File { path, .. } = &mut frame.image {
            *path = self.dir.join(path.as_path()).into();
        }
        Some(frame)
    }

    /// Applies a row from the trash to a frame that is back and has no other row.
    fn correct_by_trash(&self, frame: &mut Frame) {
        let has_row = own_image(frame).is_some_and(|image| self.tables.borrow().has_row(image));
        if !has_row && let Some(row) = self.thrown.of_image(&frame.image, None) {
            row.apply(frame);
        }
    }

    /// The new records file. [`Layout::commit`] publishes it.
    pub(crate) fn create_records(&self) -> anyhow::Result<Spool> {
        create_spool(&self.dir.join(RECORDS))
    }

    /// Writes an image. Returns its path in the folder.
    pub(crate) fn store(
        &self,
        video: &Video,
        index: u32,
        still: &Still,
    ) -> anyhow::Result<PathBuf> {
        let folder = frame_folder(video.exercise.as_ref(), video.label.as_ref());
        let path = Path::new(&folder).join(frame_name(&video.video_id, index, still.time_ns));
        let full = self.dir.join(&path);
        fs::create_dir_all(self.dir.join(&folder)).map_err(|error| {
            let full = self.dir.join(&folder);
            anyhow!(error).context(format!("make the folder {}", full.display()))
        })?;
        let mut file = create(&full)?;
        file.write_all(&still.jpeg)
            .and_then(|()| file.commit())
            .with_context(|| format!("write {}", full.display()))?;
        Ok(path)
    }

    /// Notes a new frame, which needs a row.
    pub(crate) fn meets_new(&self, frame: &Frame) {
        if self.has_rows_alone {
            self.meets_again(frame);
        } else {
            self.expects_row(frame);
        }
    }

    fn expects_row(&self, frame: &Frame) {
        if let Some((table, row)) = table_name(frame).zip(Row::of(frame)) {
            self.tables.borrow_mut().expects(table, row);
        }
    }

    /// Notes a frame of an earlier run that stays in the records.
    fn meets_again(&self, frame: &Frame) {
        let image = own_image(frame).filter(|_| frame.label.is_some());
        if image.is_some_and(|image| !self.tables.borrow().has_row(image)) {
            self.n_without_row.update(|n| n + 1);
        }
        self.expects_row(frame);
    }

    /// Writes those earlier records that this run does not replace, after those of this run.
    pub(crate) fn merge(&self, merge: &mut Merge, writer: &mut Writer<'_>) -> anyhow::Result<()> {
        merge.weigh(&self.earlier.videos);
        let mut restored = Restored::of(self.deleted.restored());
        for_each_line(&self.dir.join(RECORDS), |line| {
            match &line.record {
                Ok(record) if !merge.keeps(record) => {
                    if let Record::Frame(frame) = record {
                        self.outdates(frame, merge);
                    }
                }
                Ok(Record::Frame(frame)) if self.deleted.has_frame(frame) => {}
                Ok(record) => {
                    match record {
                        Record::Video(video) => {
                            self.put_back(restored.due(u32::MAX), writer)?;
                            restored.video_id.clone_from(&video.video_id);
                        }
                        Record::Frame(frame) => {
                            self.put_back(restored.due(frame.index), writer)?;
                            self.meets_again(frame);
                        }
                        _ => {}
                    }
                    let n_frames = match record {
                        Record::Video(video) => self.earlier.videos.get(&video.video_id),
                        _ => None,
                    };
                    let renewed = match record {
                        Record::Frame(frame) => self.renewed(frame, merge).map(Record::Frame),
                        _ => merge.renewed(record, n_frames.map(|it| it.n_frames)),
                    };
                    match renewed {
                        Some(renewed) => writer.rewritten(&line, &renewed)?,
                        None => writer.line(&line)?,
                    }
                }
                Err(_) => writer.line(&line)?,
            }
            Ok(())
        })?;
        self.put_back(restored.due(u32::MAX), writer)
    }

    /// Writes restored frames.
    fn put_back(&self, frames: &[FrameLines], writer: &mut Writer<'_>) -> anyhow::Result<()> {
        for lines in frames {
            if let Some(frame) = lines.frame() {
                self.expects_row(frame);
            }
            for text in &lines.texts {
                writer.line(&text.line)?;
            }
        }
        Ok(())
    }

    /// A frame of an earlier run with the labels that folders, tables and reviews give it now. A description by `wo-describe`
    /// stays if it still fits. `None` if nothing changes.
    fn renewed(&self, frame: &Frame, merge: &Merge) -> Option<Frame> {
        let video = merge.updated(&frame.video_id)?;
        let mut now = of_folder(frame, video.exercise.as_ref(), video.label.as_ref());
        if now == *frame {
            return None;
        }
        let path = video.path.as_ref().map(wo_record::RecordPath::as_path);
        let corrected = self.corrections.correct(&mut now, path, None);
        if corrected.kept != Kept::Yes {
            return None;
        }
        if frame.description.is_some() && !corrected.has_own_words {
            let class = |frame: &Frame| {
                (
                    frame.exercise.clone(),
                    frame.label.clone(),
                    frame.faults.clone(),
                )
            };
            now.description = if class(frame) == class(&now) {
                frame.description.clone()
            } else {
                self.corrections.described(&now)
            };
        }
        (now != *frame).then_some(now)
    }

    /// Reports which rows that are older than the records apply to frames, and which do not.
    fn say_rows(&self) -> anyhow::Result<()> {
        let captions = self.corrections.captions().clone();
        let corrections = Corrections::of_folder(&self.dir, captions)?;
        for_each_line(&self.dir.join(RECORDS), |line| {
            if let Ok(Record::Frame(frame)) = line.record {
                corrections.correct(&mut frame.clone(), None, None);
            }
            Ok(())
        })?;
        corrections.finish()
    }

    /// Notes a frame of an earlier run that leaves the records, unless this run wrote its image again.
    fn outdates(&self, frame: &Frame, merge: &Merge) {
        let Some(path) = own_image(frame) else {
            return;
        };
        if !merge.has_stored(path) {
            self.stale.borrow_mut().push(path.to_owned());
            self.tables.borrow_mut().outdates(&self.untouched(frame));
        }
    }

    /// A frame as it was before anyone said anything of it: its record may have taken a person's row over since.
    fn untouched(&self, frame: &Frame) -> Frame {
        let labels = self.earlier(&frame.video_id).map(|it| &it.labels);
        let (exercise, label) = labels.map_or((&frame.exercise, &frame.label), |labels| {
            (&labels.exercise, &labels.label)
        });
        let mut untouched = of_folder(frame, exercise.as_ref(), label.as_ref());
        let class = frame.exercise.as_ref().zip(frame.label.as_ref());
        let is_generated = |text: &String| {
            let captions = self.corrections.captions();
            class.is_some_and(|(exercise, label)| {
                captions.makes(text, exercise, label, &frame.faults)
            })
        };
        untouched.description = frame.description.clone().filter(is_generated);
        untouched
    }

    /// Adds rows for new frames, then publishes the new records, then deletes images and rows that no record names any more.
    /// In this order each frame in the records has had a row, so a missing row means that a person deleted it. Returns the
    /// ids in the records.
    pub(crate) fn commit(&self, spool: Spool) -> anyhow::Result<HashSet<String>> {
        let mut tables = self.tables.borrow_mut();
        let n_corrected = tables.take_back_expected(&self.deleted.wanted_images())?;
        if n_corrected > 0 {
            wo_cli::warn!(
                "{}: {} from {TRASH} {} restored, since {} back",
                self.dir.display(),
                wo_cli::count(n_corrected, "corrected row"),
                wo_cli::verb(n_corrected, "is", "are"),
                wo_cli::verb(n_corrected, "its frame is", "their frames are"),
            );
        }
        tables.add_rows()?;
        commit(spool, &self.dir.join(RECORDS))?;
        tables.drop_rows()?;
        for image in self.stale.take() {
            remove_below(&self.dir, &image);
        }
        let ids = self.finish_deletions(&mut tables)?;
        if self.has_rows_alone {
            self.say_rows()?;
        }
        Ok(ids)
    }
}

/// A frame as its folder has it: nobody said anything of it yet.
fn of_folder(frame: &Frame, exercise: Option<&Name>, label: Option<&Name>) -> Frame {
    Frame {
        exercise: exercise.cloned(),
        label: label.cloned(),
        label_origin: label.map(|_| LabelOrigin::Folder),
        faults: Vec::new(),
        description: None,
        ..frame.clone()
    }
}

/// The name and version of this tool in records.
fn producer() -> Producer {
    Producer {
        tool: TOOL.to_owned(),
        version: VERSION.to_owned(),
    }
}
