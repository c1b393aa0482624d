//! What happens to one frame. Holds the video that the frames at hand belong to, and no other.

use wo_label::{Captions, Reviews, choice_hash};
use wo_record::{BAD_FORM, Frame, Image, LabelOrigin, Name, Video};

use crate::fault_path::faults_in_path;
use crate::overrides::{Override, Overrides};
use crate::place::Place;

/// Labels and describes frames.
#[derive(Debug)]
pub(crate) struct Describer {
    pub(crate) captions: Captions,
    pub(crate) overrides: Overrides,
    pub(crate) reviews: Reviews,
    /// Reviews of another picture that had the same place in its video.
    pub(crate) n_other_pictures: u64,
    /// From where the frames that are read name their images.
    pub(crate) read_from: Place,
    /// From where the frames that are written have to.
    pub(crate) written_to: Place,
    pub(crate) video: Option<Video>,
    pub(crate) n_without_exercise: u64,
    pub(crate) n_unknown_faults: u64,
    pub(crate) unknown_fault: Option<Name>,
}

/// Whether a frame stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Yes,
    /// Someone threw it away.
    No,
}

impl Describer {
    /// The frames that follow are of this video.
    pub(crate) fn start_video(&mut self, video: &Video) {
        self.video = Some(video.clone());
    }

    /// Sets label, faults and description. A frame without a label, and without a word from a CSV, stays as it is.
    pub(crate) fn describe(&mut self, frame: &mut Frame) {
        let mut said = None;
        if let Image::File { path, .. } = &mut frame.image {
            said = self
                .overrides
                .of_frame(path.as_path(), &self.read_from.resolve(path.as_path()));
            if let Some(rebased) = self.read_from.rebased(path.as_path(), &self.written_to) {
                *path = rebased.into();
            }
        }
        let said_description = said.and_then(|said| said.description.clone());
        if let Some(said) = said {
            take_over(frame, said);
        }
        self.add_faults_of_path(frame);
        if let Some(description) = said_description {
            frame.description = Some(description);
        } else if let Some(label) = &frame.label {
            frame.description = frame.exercise.as_ref().map(|exercise| {
                self.captions
                    .describe(exercise, label, &frame.faults, choice_hash(&frame.video_id))
            });
            self.note_what_is_unknown(frame);
        }
    }

    /// Sets what people said of the frame in a review: that is the last word.
    pub(crate) fn review(&mut self, frame: &mut Frame) -> Kept {
        match self.reviews.of_frame(frame) {
            Ok(None) => Kept::Yes,
            Ok(Some(review)) if review.new.deleted => Kept::No,
            Ok(Some(review)) => {
                let new = &review.new;
                frame.label.clone_from(&new.label);
                frame.label_origin = new.label_origin;
                frame.faults.clone_from(&new.faults);
                // A review that says nothing of it, such as one that was taken back, leaves what the table says.
                if new.description.is_some() {
                    frame.description.clone_from(&new.description);
                }
                Kept::Yes
            }
            Err(_) => {
                self.n_other_pictures += 1;
                Kept::Yes
            }
        }
    }

    /// Says once, for all frames, what the descriptions lack.
    pub(crate) fn warn(&self) {
        if self.n_without_exercise > 0 {
            wo_cli::warn!(
                "{} labelled frames have no exercise, so they got no description\n\
                 hint: put the videos into folders EXERCISE/LABEL",
                self.n_without_exercise
            );
        }
        if let Some(fault) = &self.unknown_fault {
            wo_cli::warn!(
                "{} frames have a fault that the captions table does not know, the first one is {fault}: \
                 their descriptions say its name only",
                self.n_unknown_faults
            );
        }
        if self.n_other_pictures > 0 {
            wo_cli::warn!(
                "{} reviews are of other pictures than the frames in their places, and were not used\n\
                 hint: take the frames as they were when they were reviewed",
                self.n_other_pictures
            );
        }
        self.overrides.warn_of_unmet();
    }

    /// A frame of bad form of which nobody named a fault: perhaps the video's path does.
    fn add_faults_of_path(&self, frame: &mut Frame) {
        let is_bad = frame
            .label
            .as_ref()
            .is_some_and(|label| label.as_str() == BAD_FORM);
        if !is_bad || !frame.faults.is_empty() {
            return;
        }
        let Some(video) = self
            .video
            .as_ref()
            .filter(|video| video.video_id == frame.video_id)
        else {
            return;
        };
        if let (Some(path), Some(exercise), Some(label)) =
            (&video.path, &frame.exercise, &frame.label)
        {
            frame.faults =
                faults_in_path(path.as_path(), label, &self.captions.faults_of(exercise));
        }
    }

    fn note_what_is_unknown(&mut self, frame: &Frame) {
        let Some(exercise) = &frame.exercise else {
            self.n_without_exercise += 1;
            return;
        };
        let known = self.captions.faults_of(exercise);
        if let Some(unknown) = frame.faults.iter().find(|fault| !known.contains(fault)) {
            self.n_unknown_faults += 1;
            self.unknown_fault.get_or_insert_with(|| unknown.clone());
        }
    }
}

/// What a row says wins over what the record says.
fn take_over(frame: &mut Frame, said: &Override) {
    if let Some(label) = &said.label {
        frame.label = Some(label.clone());
        frame.label_origin = Some(LabelOrigin::Csv);
        if label.as_str() != BAD_FORM {
            // Faults that the record came with contradict the label now.
            frame.faults.clear();
        }
    }
    if !said.faults.is_empty() {
        frame.faults.clone_from(&said.faults);
    }
}
