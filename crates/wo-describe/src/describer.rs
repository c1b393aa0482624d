//! Labels and describes one frame at a time. Keeps only the current video.

use std::path::Path;

use wo_folder::{BaseFolder, Corrections, Kept};
use wo_record::{Frame, Image, Name, Video};

use crate::description_check::DescriptionCheck;

/// Labels and describes frames.
#[derive(Debug)]
pub(crate) struct Describer {
    pub(crate) corrections: Corrections,
    /// The base of image paths in the input.
    pub(crate) read_from: BaseFolder,
    /// The base of image paths in the output.
    pub(crate) written_to: BaseFolder,
    /// Whether deleted frames pass through unchanged. True if the folder's own records are rewritten: `wo-extract` and
    /// `wo-review` remove deleted frames.
    pub(crate) keeps_deleted: bool,
    pub(crate) video: Option<Video>,
    /// Collects warnings about descriptions.
    pub(crate) check: DescriptionCheck,
}

/// What to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Write the changed record.
    Write,
    /// Write the line as it was read.
    PassThrough,
    /// Write nothing: a person deleted the frame.
    Drop,
}

impl Describer {
    /// The next frames are from this video.
    pub(crate) fn start_video(&mut self, video: &Video) {
        self.video = Some(video.clone());
    }

    /// Sets label, faults and description. A frame without a label, and without a row in a CSV, is unchanged.
    pub(crate) fn describe(&mut self, frame: &mut Frame) -> Action {
        let (before, old) = (class_of(frame), frame.description.clone());
        let video = self.video.as_ref();
        let video = video.filter(|it| it.video_id == frame.video_id);
        let path = video.and_then(|video| video.path.as_ref());
        let path = path.map(wo_record::RecordPath::as_path);
        let corrected = self.corrections.correct(frame, path, Some(&self.read_from));
        if corrected.kept != Kept::Yes {
            return if self.keeps_deleted {
                Action::PassThrough
            } else {
                Action::Drop
            };
        }
        if let Image::File { path, .. } = &mut frame.image
            && let Some(rebased) = self.read_from.rebased(path.as_path(), &self.written_to)
        {
            *path = rebased.into();
        }
        let own = if corrected.has_own_words {
            None
        } else {
            self.describe_by_table(frame, old, &before)
        };
        self.check.look(frame, own, self.corrections.captions());
        Action::Write
    }

    /// Sets the description from the captions table if the frame has a class. Returns the `old` description if a person wrote it
    /// and it was replaced.
    fn describe_by_table(
        &self,
        frame: &mut Frame,
        old: Option<String>,
        before: &Class,
    ) -> Option<String> {
        let Some(described) = self.corrections.described(frame) else {
            frame.description = old;
            return None;
        };
        frame.description = Some(described);
        old.filter(|old| !self.is_made(old, before, frame))
    }

    /// Whether a table made a description, for the frame's class now or `before`.
    fn is_made(&self, description: &str, before: &Class, frame: &Frame) -> bool {
        let is_of = |label: &Option<Name>, faults: &[Name]| {
            let class = frame.exercise.as_ref().zip(label.as_ref());
            class.is_some_and(|(exercise, label)| {
                let captions = self.corrections.captions();
                captions.makes(description, exercise, label, faults)
            })
        };
        let (label, faults) = before;
        is_of(label, faults) || is_of(&frame.label, &frame.faults)
    }

    /// Warns once, for all frames, about descriptions and about corrections that had no effect. `captions_file` is where new
    /// words belong.
    pub(crate) fn finish(&self, captions_file: &Path) -> anyhow::Result<()> {
        self.check.warn(self.corrections.captions(), captions_file);
        self.corrections.finish()
    }
}

/// The label and the faults. With the exercise they determine a description.
type Class = (Option<Name>, Vec<Name>);

fn class_of(frame: &Frame) -> Class {
    (frame.label.clone(), frame.faults.clone())
}
