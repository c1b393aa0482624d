//! What a frame's rows and its review say against each other, noted to be said when all frames were met.

use wo_record::{Frame, Image, LabelOrigin, Name, RecordPath, Review};

use super::Corrections;
use crate::paths::base_folder::BaseFolder;
use crate::tables::table::Row;

impl Corrections {
    pub(super) fn note_contradictions(&self, image: &Image, place: Option<&BaseFolder>) {
        let layers = self.layers.iter();
        let mut said = layers
            .filter_map(|rows| rows.contradiction(image, place))
            .peekable();
        if said.peek().is_some() {
            self.tally().contradictions.extend(said);
        }
    }

    /// A record that took over a label of which the row or the review is gone.
    pub(super) fn note_what_is_not_said_any_more(
        &self,
        frame: &Frame,
        review: Option<&Review>,
        rows: &[&Row],
    ) {
        if self.dir.is_none() {
            return;
        }
        let review = review.filter(|review| review.says_class());
        match frame.label_origin {
            Some(LabelOrigin::Review) if review.is_none() => self.tally().n_without_review += 1,
            Some(LabelOrigin::Csv)
                if review.is_none() && rows.iter().all(|row| row.label.is_none()) =>
            {
                self.tally().n_without_label += 1;
            }
            _ => {}
        }
    }

    pub(super) fn note_rows_against(&self, review: &Review, rows: &[&Row], frame: &Frame) {
        if let Image::File { path, .. } = &frame.image
            && rows
                .iter()
                .any(|row| self.says_otherwise(row, review, frame))
        {
            self.tally()
                .against_reviews
                .insert(path.as_path().to_owned());
        }
    }

    /// Whether a row says otherwise than a review. What a table of captions has for the frame is nobody's word.
    fn says_otherwise(&self, row: &Row, review: &Review, frame: &Frame) -> bool {
        let new = &review.new;
        let sorted = |faults: &[Name]| -> Vec<Name> {
            let mut faults = faults.to_vec();
            faults.sort();
            faults
        };
        // A row that was made anew since the review, as where the video has moved, says what the folder says.
        let is_of_folder = row.label == frame.label
            && frame.label_origin == Some(LabelOrigin::Folder)
            && review
                .path
                .as_ref()
                .zip(path_of(&frame.image))
                .is_some_and(|(then, now)| !then.as_path().ends_with(now.as_path()));
        let (says_class, says_words) = (review.says_class(), review.says_words());
        let is_other_label = row.label.is_some() && row.label != new.label && !is_of_folder;
        let are_other_faults = !row.faults.is_empty() && sorted(&row.faults) != sorted(&new.faults);
        let is_made = |text: &str| {
            let labels = [&row.label, &frame.label, &review.old.label, &new.label];
            let faults = [&row.faults, &frame.faults, &review.old.faults, &new.faults];
            labels.into_iter().flatten().any(|label| {
                let exercise = frame.exercise.as_ref();
                exercise.is_some_and(|exercise| {
                    let mut faults = faults.iter();
                    faults.any(|faults| self.captions.makes(text, exercise, label, faults))
                })
            })
        };
        let words = row.description.as_deref().zip(new.description.as_deref());
        let are_other_words =
            words.is_some_and(|(row, new)| row.trim() != new.trim() && !is_made(row.trim()));
        says_class && (is_other_label || are_other_faults) || says_words && are_other_words
    }
}

fn path_of(image: &Image) -> Option<&RecordPath> {
    match image {
        Image::File { path, .. } => Some(path),
        Image::Inline { .. } => None,
    }
}
