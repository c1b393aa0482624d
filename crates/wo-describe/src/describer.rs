//! Labels and describes one frame at a time. Keeps only the current video.

use std::path::Path;

use wo_folder::{BaseFolder, Corrections, Kept};
use wo_label::{Captions, choice_hash};
use wo_record::{Frame, Image, Name, Video};

use crate::class_words::Classes;
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
    pub(crate) video: Option<CurrentVideo>,
    pub(crate) classes: Classes,
    /// Collects warnings about descriptions.
    pub(crate) check: DescriptionCheck,
}

/// The video whose frames come.
#[derive(Debug)]
pub(crate) struct CurrentVideo {
    record: Video,
    /// Selects the phrasing of its frames.
    choice_hash: u64,
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
        self.video = Some(CurrentVideo {
            record: video.clone(),
            choice_hash: choice_hash(&video.video_id),
        });
    }

    /// Sets label, faults and description. A frame without a label, and without a row in a CSV, is unchanged.
    pub(crate) fn describe(&mut self, frame: &mut Frame) -> Action {
        let (before, old) = (class_of(frame), frame.description.clone());
        let video = self.video.as_ref();
        let video = video.filter(|it| it.record.video_id == frame.video_id);
        let path = video.and_then(|video| video.record.path.as_ref());
        let path = path.map(wo_record::RecordPath::as_path);
        let choice = video.map(|video| video.choice_hash);
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
        let captions = self.corrections.captions();
        let words = self.classes.words_of(frame, captions);
        let replaced = match (words, corrected.has_own_words) {
            (_, true) => None,
            (None, false) => {
                frame.description = old;
                None
            }
            (Some(words), false) => {
                let choice = choice.unwrap_or_else(|| choice_hash(&frame.video_id));
                replace_description(frame, old, words.description(choice))
            }
        };
        let own = replaced.filter(|old| !is_made(captions, old, &before, frame));
        self.check.look(frame, own, words);
        Action::Write
    }

    /// Warns once, for all frames, about descriptions and about corrections that had no effect. `captions_file` is where new
    /// words belong.
    pub(crate) fn finish(&self, captions_file: &Path) -> anyhow::Result<()> {
        let captions = self.corrections.captions();
        self.check.warn(&self.classes, captions, captions_file);
        self.corrections.finish()
    }
}

/// Sets the description from the captions table. Returns the `old` one if it is another.
fn replace_description(
    frame: &mut Frame,
    old: Option<String>,
    described: Option<&str>,
) -> Option<String> {
    if old.as_deref() == described {
        frame.description = old;
        return None;
    }
    frame.description = described.map(str::to_owned);
    old
}

/// Whether a table made a description, for the frame's class now or `before`.
fn is_made(captions: &Captions, description: &str, before: &Class, frame: &Frame) -> bool {
    let is_of = |label: &Option<Name>, faults: &[Name]| {
        let class = frame.exercise.as_ref().zip(label.as_ref());
        class.is_some_and(|(exercise, label)| captions.makes(description, exercise, label, faults))
    };
    let (label, faults) = before;
    is_of(label, faults) || is_of(&frame.label, &frame.faults)
}

/// The label and the faults. With the exercise they determine a description.
type Class = (Option<Name>, Vec<Name>);

fn class_of(frame: &Frame) -> Class {
    (frame.label.clone(), frame.faults.clone())
}
