//! What happens to one frame. Holds the video that the frames at hand belong to, and no other.

use std::path::Path;

use wo_folder::{Corrections, Kept, Place};
use wo_record::{Frame, Image, Name, Video};

use crate::description_check::DescriptionCheck;

/// Labels and describes frames.
#[derive(Debug)]
pub(crate) struct Describer {
    pub(crate) corrections: Corrections,
    /// From where the frames that are read name their images.
    pub(crate) read_from: Place,
    /// From where the frames that are written have to.
    pub(crate) written_to: Place,
    /// Whether deleted frames stay as they are, since the records of their folder are written anew: `wo-extract` and
    /// `wo-review` take them out of it.
    pub(crate) keeps_deleted: bool,
    pub(crate) video: Option<Video>,
    /// What is to be said of the descriptions in the end.
    pub(crate) check: DescriptionCheck,
}

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is written as it is now.
    Written,
    /// It is written as it was read.
    Passed,
    /// Someone deleted it.
    Gone,
}

impl Describer {
    /// The frames that follow are of this video.
    pub(crate) fn start_video(&mut self, video: &Video) {
        self.video = Some(video.clone());
    }

    /// Sets label, faults and description. A frame without a label, and without a word from a CSV, stays as it is.
    pub(crate) fn describe(&mut self, frame: &mut Frame) -> Fate {
        let (before, old) = (class_of(frame), frame.description.clone());
        let video = self.video.as_ref();
        let video = video.filter(|it| it.video_id == frame.video_id);
        let path = video.and_then(|video| video.path.as_ref());
        let path = path.map(wo_record::RecordPath::as_path);
        let corrected = self.corrections.correct(frame, path, Some(&self.read_from));
        if corrected.kept != Kept::Yes {
            return if self.keeps_deleted {
                Fate::Passed
            } else {
                Fate::Gone
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
        Fate::Written
    }

    /// Sets the description that the captions table has for the frame's class, where there is a class. Returns the `old` one
    /// where a person wrote it into the record and the table replaced it.
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

    /// Whether a table made a description, for the class that the frame has or for the one that it had `before`.
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

    /// Says once, for all frames, what the descriptions lack and what was not in force. Words belong into `captions_file`.
    pub(crate) fn finish(&self, captions_file: &Path) -> anyhow::Result<()> {
        self.check.warn(self.corrections.captions(), captions_file);
        self.corrections.finish()
    }
}

/// What a description follows from, beside the exercise: the label and the faults.
type Class = (Option<Name>, Vec<Name>);

fn class_of(frame: &Frame) -> Class {
    (frame.label.clone(), frame.faults.clone())
}
