//! One pass over the records: changes reviewed frames, moves deleted frames to the trash, inserts restored frames, and
//! copies all other lines.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use wo_folder::{Corrections, FrameLines, Kept, Text, Trash, for_each_line};
use wo_label::choice_hash;
use wo_record::{Begin, Frame, Image, Line, Record, Writer};

use super::snapshot::Projection;

/// One pass over the records.
pub(super) struct Pass<'a> {
    pub(super) projection: &'a Projection,
    pub(super) corrections: &'a Corrections,
    pub(super) restored: BTreeMap<String, Vec<FrameLines>>,
    pub(super) trash: Trash,
    /// The positions of images in the records, by the hash of their paths.
    pub(super) places: HashMap<u64, usize>,
    /// A prefix for image paths.
    pub(super) base: Option<&'a Path>,
    /// The current video: its id and path.
    pub(super) video: (String, Option<PathBuf>),
}

impl Pass<'_> {
    /// Reads the records and writes them with all decisions.
    pub(super) fn run(&mut self, records: &Path, output: &mut dyn Write) -> anyhow::Result<()> {
        let counts = self.count(records)?;
        let mut writer: Option<Writer<'_>> = None;
        let mut output = Some(output);
        // Whether the last frame was deleted, so that its pose goes with it.
        let mut is_thrown = false;
        for_each_line(records, |line| {
            if let Ok(Record::Begin(begin)) = &line.record {
                if let Some(output) = output.take() {
                    writer = Some(Writer::begin_with(output, self.begin(begin))?);
                }
                return Ok(());
            }
            let Some(writer) = &mut writer else {
                return Ok(());
            };
            match &line.record {
                Ok(Record::End(_)) => Ok(()),
                Ok(Record::Video(video)) => {
                    self.restore(writer, u32::MAX)?;
                    let path = video.path.as_ref().map(|path| path.as_path().to_owned());
                    self.video = (video.video_id.clone(), path);
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
                    self.restore(writer, frame.index)?;
                    is_thrown = !self.frame(writer, frame.clone(), line)?;
                    Ok(())
                }
                Ok(Record::Pose(pose)) if is_thrown => {
                    let video_id = pose.video_id.clone();
                    self.trash.push_to_last(&video_id, line);
                    Ok(())
                }
                _ => Ok(writer.line(&line)?),
            }
        })?;
        if let Some(mut writer) = writer {
            self.restore(&mut writer, u32::MAX)?;
            writer.end()?;
        }
        Ok(())
    }

    /// The first record. It names the last review, which the log beside the records must still have.
    fn begin(&self, begin: &Begin) -> Begin {
        let is_elsewhere = self.base.is_some_and(|base| base != Path::new(""));
        let reviews = self.projection.head.clone().or(begin.reviews.clone());
        Begin {
            reviews: reviews.filter(|_| !is_elsewhere),
            ..begin.clone()
        }
    }

    /// The new number of frames of each video with a reviewed frame.
    fn count(&self, records: &Path) -> anyhow::Result<HashMap<String, u32>> {
        let videos = self
            .projection
            .frames
            .keys()
            .map(|(video, _)| (video.clone(), 0));
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

    /// Writes the restored frames of the current video that belong before `index`.
    fn restore(&mut self, writer: &mut Writer<'_>, index: u32) -> anyhow::Result<()> {
        let Some(frames) = self.restored.get_mut(&self.video.0) else {
            return Ok(());
        };
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

    /// Writes a frame, or moves it to the trash. True if it was written.
    fn frame(
        &mut self,
        writer: &mut Writer<'_>,
        mut frame: Frame,
        line: Line,
    ) -> anyhow::Result<bool> {
        let before = frame.clone();
        let is_reviewed = self.projection.reviewed(&frame).is_some();
        // A copy contains no frames that people deleted; in the folder itself wo-extract removes them.
        if self.base.is_some() && !is_reviewed {
            let video = self.video.1.as_deref();
            let video = video.filter(|_| self.video.0 == frame.video_id);
            let corrected = self.corrections.correct(&mut frame, video, None);
            if corrected.kept != Kept::Yes {
                return Ok(false);
            }
        } else {
            self.corrections.correct_by_rows(&mut frame);
        }
        if let Some(reviewed) = self.projection.reviewed(&frame) {
            let new = &reviewed.judgement;
            if reviewed.has_class {
                frame.label.clone_from(&new.label);
                frame.faults.clone_from(&new.faults);
                frame.label_origin = new.label_origin;
            }
            if reviewed.has_words {
                frame.description.clone_from(&new.description);
            }
            if new.deleted {
                let record = Some(Record::Frame(frame.clone()));
                self.trash.push(&frame, Text { line, record });
                return Ok(false);
            }
        }
        if let Image::File { path, .. } = &mut frame.image {
            let place = self.places.len();
            let name = path.as_path().to_str().unwrap_or_default();
            self.places.insert(choice_hash(name), place);
            if let Some(base) = self.base {
                *path = base.join(path.as_path()).into();
            }
        }
        if frame == before {
            writer.line(&line)?;
        } else {
            writer.rewritten(&line, &Record::Frame(frame))?;
        }
        Ok(true)
    }
}
