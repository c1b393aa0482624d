//! The folder of `--out`: images, `records.ndjson`, and tables in which people label frames.
//!
//! Everything appears complete or not at all. Videos of earlier runs stay unless this run took them again. Rows that a
//! person changed stay as they are, and what a person deleted stays deleted.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use wo_cli::CaptionsFlag;
use wo_folder::{
    Corrections, DeletedFrames, FolderLock, FrameLines, Kept, RECORDS, Row, Rows, Spool, TRASH,
    Tables, Trash, captions_in_force, commit, create, create_spool, for_each_line, frame_folder,
    frame_name, own_image, remove, table_name,
};
use wo_record::{Failure, Frame, Image, LabelOrigin, Line, Producer, Record, Video, Writer, code};

use crate::input::media_file::is_video;
use crate::output::earlier::Earlier;
use crate::output::merge::Merge;
use crate::output::restored::Restored;
use crate::output::state::remake_records;
use crate::quality::still::Still;
use crate::{TOOL, VERSION};

/// The folder, locked against other runs.
#[derive(Debug)]
pub(crate) struct Layout {
    dir: PathBuf,
    /// The videos of earlier runs.
    videos: HashMap<String, Earlier>,
    /// The ids of files that failed in earlier runs.
    failed: HashSet<String>,
    /// By id: the places of videos that were left out, since different things are said of them there.
    conflicts: HashMap<String, Vec<PathBuf>>,
    corrections: Corrections,
    deleted: DeletedFrames,
    tables: RefCell<Tables>,
    /// The rows of frames that went.
    thrown: Rows,
    /// How many frames of earlier runs have no row.
    n_without_row: Cell<usize>,
    /// Whether people's tables were there before any records: their rows are of frames that are taken only now.
    has_rows_alone: bool,
    /// Whether deleted frames come back.
    restores: bool,
    /// Images that the last run left and this one does not: taken away at the end.
    stale: RefCell<Vec<PathBuf>>,
    _lock: FolderLock,
}

impl Layout {
    /// Makes the folder where there is none, and makes sure that what is there can be merged with. Frames that a person
    /// deleted since the last run go into the trash; with `restores` all that are there come back.
    pub(crate) fn open(dir: &Path, restores: bool) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("make the folder {}", dir.display()))?;
        let lock = FolderLock::take(dir)?;
        remake_records(dir)?;
        let captions = captions_in_force(&CaptionsFlag::default())?;
        let mut corrections = Corrections::of_folder(dir, captions.clone())?;
        let mut trash = Trash::read(dir)?;
        let wanted = if restores {
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
        let mut videos: HashMap<String, Earlier> = HashMap::new();
        let mut failed = HashSet::new();
        let mut conflicts: HashMap<String, Vec<PathBuf>> = HashMap::new();
        for_each_line(&dir.join(RECORDS), |line| {
            match &line.record {
                Ok(Record::Video(video)) => {
                    videos.insert(video.video_id.clone(), Earlier::of(video));
                }
                Ok(Record::Frame(frame)) => {
                    let frame = frame.clone();
                    let video = videos.get_mut(&frame.video_id);
                    let path = video.as_ref().and_then(|video| video.path.clone());
                    let kept = corrections
                        .correct(&mut frame.clone(), path.as_deref(), None)
                        .kept;
                    let is_gone = deleted.meet(&frame, line, kept, restores);
                    if let Some(video) = video {
                        video.n_frames += u32::from(!is_gone);
                    }
                }
                Ok(Record::Error(failure)) => {
                    failed.extend(failure.video_id.clone());
                    if let Some((video_id, path)) = place_of_conflict(failure) {
                        conflicts.entry(video_id).or_default().push(path);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        deleted.wanted().for_each(|frame| corrections.meets(frame));
        for (video_id, frames) in deleted.restored() {
            if let Some(video) = videos.get_mut(video_id) {
                video.n_frames += frames.len() as u32;
            }
        }
        let has_rows_alone = !dir.join(RECORDS).exists() && corrections.rows().next().is_some();
        if !has_rows_alone {
            corrections.finish()?;
        }
        deleted.write(&mut tables, &producer())?;
        Ok(Self {
            dir: dir.to_owned(),
            videos,
            failed,
            conflicts,
            corrections,
            deleted,
            tables: RefCell::new(tables),
            thrown: Rows::of_trash(dir)?,
            n_without_row: Cell::new(0),
            has_rows_alone,
            restores,
            stale: RefCell::default(),
            _lock: lock,
        })
    }

    /// Whether an earlier run took the video.
    pub(crate) fn has(&self, video_id: &str) -> bool {
        self.videos.contains_key(video_id) || self.failed.contains(video_id)
    }

    /// What earlier runs knew of a video.
    pub(crate) fn earlier(&self, video_id: &str) -> Option<&Earlier> {
        self.videos.get(video_id)
    }

    /// Where a video lay that was left out, since different things were said of it.
    pub(crate) fn places_in_conflict(&self, video_id: &str) -> &[PathBuf] {
        self.conflicts.get(video_id).map_or(&[], Vec::as_slice)
    }

    /// Says what people deleted and what of it came back, and which of their frames got rows.
    pub(crate) fn say_edits(&self) {
        let frames = |n: usize| wo_cli::count(n, "frame");
        let n_restored = self.deleted.n_restored();
        if n_restored > 0 {
            wo_cli::warn!("{} came back", frames(n_restored));
        }
        let n_left = self.deleted.n_left();
        if n_left > 0 {
            wo_cli::warn!(
                "{}: {} did not come back, since {} neither in the records nor among the files of this run\nhint: put the video where it was, and give --restore again",
                self.dir.display(),
                frames(n_left),
                wo_cli::verb(n_left, "its video is", "their videos are")
            );
        }
        let n_without_row = self.n_without_row.get();
        if n_without_row > 0 {
            let untold = if self.has_rows_alone {
                "; without the records and the notes of the runs before, nobody can tell whether they were deleted\nhint: delete again what is not wanted"
            } else {
                ""
            };
            wo_cli::warn!(
                "{}: {} had no row and got one{untold}",
                self.dir.display(),
                frames(n_without_row)
            );
        }
        let (n_deleted, _) = self.deleted.n_deleted();
        if n_deleted > 0 {
            let deleted = frames(n_deleted);
            let stay = wo_cli::verb(n_deleted, "stays", "stay");
            let dir = self.dir.display();
            if self.restores {
                wo_cli::warn!(
                    "{dir}: {deleted} deleted on the page {stay} deleted\nhint: they come back on the page of wo-review"
                );
            } else {
                wo_cli::warn!(
                    "{dir}: {deleted} deleted by hand or on the page {stay} deleted\nhint: --restore brings back those that were deleted by hand; on the page of wo-review the others come back"
                );
            }
        }
    }

    /// What people deleted.
    pub(crate) fn deleted(&self) -> &DeletedFrames {
        &self.deleted
    }

    /// A frame of the folder as someone outside of it is to see it: as people say that it is. `None` where they deleted
    /// it.
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

    /// What a row says that went with its frame: of a frame that is there again it is in force, and comes back.
    fn correct_by_trash(&self, frame: &mut Frame) {
        let has_row = own_image(frame).is_some_and(|image| self.tables.borrow().has_row(image));
        if !has_row && let Some(row) = self.thrown.of_image(&frame.image, None) {
            row.apply(frame);
        }
    }

    /// The new records file, which appears at [`Layout::commit`].
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

    /// A frame that was taken will be in the records: it needs a row.
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

    /// A frame of an earlier run stays in the records.
    fn meets_again(&self, frame: &Frame) {
        let image = own_image(frame).filter(|_| frame.label.is_some());
        if image.is_some_and(|image| !self.tables.borrow().has_row(image)) {
            self.n_without_row.update(|n| n + 1);
        }
        self.expects_row(frame);
    }

    /// Writes the earlier records that this run did not replace behind those of this run.
    pub(crate) fn merge(&self, merge: &mut Merge, writer: &mut Writer<'_>) -> anyhow::Result<()> {
        merge.weigh(&self.videos);
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
                        Record::Video(video) => self.videos.get(&video.video_id),
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

    /// Writes frames that come back.
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

    /// A frame of an earlier run as folders, tables and reviews have it now: what `wo-describe` wrote of them into its record
    /// does not outlast them. Its words stay where they still fit. `None` where nothing changes.
    fn renewed(&self, frame: &Frame, merge: &Merge) -> Option<Frame> {
        let video = merge.updated(&frame.video_id)?;
        let mut now = Frame {
            exercise: video.exercise.clone(),
            label: video.label.clone(),
            label_origin: video.label.as_ref().map(|_| LabelOrigin::Folder),
            faults: Vec::new(),
            description: None,
            ..frame.clone()
        };
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

    /// Says which rows that were there before the records are in force, and which are not.
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

    /// A frame of an earlier run is not in the records any more, unless this run made it anew.
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
        let mut untouched = frame.clone();
        if let Some(earlier) = self.videos.get(&frame.video_id) {
            untouched.exercise.clone_from(&earlier.labels.exercise);
            untouched.label.clone_from(&earlier.labels.label);
        }
        untouched.faults.clear();
        let class = frame.exercise.as_ref().zip(frame.label.as_ref());
        let is_generated = |text: &String| {
            let captions = self.corrections.captions();
            class.is_some_and(|(exercise, label)| {
                captions.makes(text, exercise, label, &frame.faults)
            })
        };
        untouched.description = untouched.description.filter(is_generated);
        untouched
    }

    /// Gives new frames their rows, lets the new records appear, and takes away what no record names any more. In this
    /// order a frame of the records always has had a row, so that one without was taken out by a person. Returns the ids
    /// that the records name.
    pub(crate) fn commit(&self, spool: Spool) -> anyhow::Result<HashSet<String>> {
        let mut tables = self.tables.borrow_mut();
        let n_corrected = tables.take_back_expected(&self.deleted.wanted_images())?;
        if n_corrected > 0 {
            wo_cli::warn!(
                "{}: {} from {TRASH} {} in force again, since {} there again",
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
            remove(&self.dir.join(image));
        }
        let ids = self.finish_deletions(&mut tables)?;
        if self.has_rows_alone {
            self.say_rows()?;
        }
        Ok(ids)
    }
}

impl Layout {
    /// Settles what became of frames that come back. Returns the ids that the records name.
    fn finish_deletions(&self, tables: &mut Tables) -> anyhow::Result<HashSet<String>> {
        let mut ids = HashSet::new();
        let mut frames: HashMap<String, Vec<Frame>> = HashMap::new();
        for_each_line(&self.dir.join(RECORDS), |line| {
            ids.extend(video_id(&line));
            if let Ok(Record::Frame(frame)) = line.record
                && self.deleted.wants_of(&frame.video_id)
            {
                frames
                    .entry(frame.video_id.clone())
                    .or_default()
                    .push(frame);
            }
            Ok(())
        })?;
        let n_moved = self.deleted.finish(&frames, tables, &producer())?;
        if n_moved > 0 {
            wo_cli::warn!(
                "{}: {} came back under another label than before, since {} moved; rows that were written for {} stay in {TRASH}",
                self.dir.display(),
                wo_cli::count(n_moved, "frame"),
                wo_cli::verb(n_moved, "its video", "their videos"),
                wo_cli::verb(n_moved, "it", "them"),
            );
        }
        Ok(ids)
    }

    /// Names videos that were left out since different things were said of them, where one place alone is left, which this
    /// run did not look at.
    pub(crate) fn say_conflicts(&self, is_known: impl Fn(&str, &Path) -> bool) {
        for (video_id, places) in &self.conflicts {
            let is_left = |place: &&PathBuf| is_video(place, video_id);
            let left: Vec<&PathBuf> = places.iter().filter(is_left).collect();
            if let [place] = left[..]
                && !is_known(video_id, place)
            {
                wo_cli::warn!(
                    "{}: it is left out, but no other place says otherwise of it any more\nhint: to take it, give {} to the wo-extract command that made {}",
                    place.display(),
                    wo_cli::shell_word(place),
                    self.dir.display()
                );
            }
        }
    }
}

/// This tool, as the records that it writes name it.
fn producer() -> Producer {
    Producer {
        tool: TOOL.to_owned(),
        version: VERSION.to_owned(),
    }
}

/// The id and the place of a video that was left out, since different things are said of it.
fn place_of_conflict(failure: &Failure) -> Option<(String, PathBuf)> {
    let is_conflict = failure.code == code::LABEL_CONFLICT;
    let (id, path) = failure.video_id.as_ref().zip(failure.path.as_ref())?;
    is_conflict.then(|| (id.clone(), path.as_path().to_owned()))
}

/// The ids that the records of a folder name.
fn ids_of_records(dir: &Path) -> anyhow::Result<HashSet<String>> {
    let mut ids = HashSet::new();
    for_each_line(&dir.join(RECORDS), |line| {
        ids.extend(video_id(&line));
        Ok(())
    })?;
    Ok(ids)
}

/// The id in the record of a video, or of a file that failed.
fn video_id(line: &Line) -> Option<String> {
    match &line.record {
        Ok(Record::Video(video)) => Some(video.video_id.clone()),
        Ok(Record::Error(failure)) => failure.video_id.clone(),
        _ => None,
    }
}
