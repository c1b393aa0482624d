//! The effective label of a frame: its record, its row, its review, and whether it was deleted.
//!
//! All tools that read a folder of frames use this, so what a person wrote counts in each of them in the same way. A review
//! overrides a row, and a row overrides a record.

pub(crate) mod deletions;
mod notes;
mod path_faults;
pub(crate) mod reviews;
mod tally;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wo_cli::CaptionsFlag;
use wo_label::{Captions, Reviews, choice_hash};
use wo_record::{BAD_FORM, Frame, Image, Review};

use crate::corrections::deletions::{Deleted, Deletions, Presence};
use crate::corrections::path_faults::PathFaults;
use crate::corrections::reviews::read_reviews;
use crate::corrections::tally::Tally;
use crate::names::REVIEWS;
use crate::paths::base_folder::BaseFolder;
use crate::review_heads::anchor_of;
use crate::tables::rows::Rows;
use crate::tables::table::Row;
use crate::tables::table_files::say_unread;

/// What people wrote of frames.
#[derive(Debug)]
pub struct Corrections {
    /// The folder of frames, if it is of one.
    dir: Option<PathBuf>,
    /// The tables of the folder, then those of the command line; the later ones count.
    layers: Vec<Rows>,
    reviews: Reviews,
    /// Whether reviews override rows here, or the caller applies them.
    has_last_word: bool,
    captions: Captions,
    /// Deletions in a folder of frames; in a pipe none are known.
    deletions: Option<Deletions>,
    path_faults: PathFaults,
    tally: Mutex<Tally>,
}

/// The result for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrected {
    /// Whether it stays.
    pub kept: Kept,
    /// Whether its description is what a row or a review says of it.
    pub has_own_words: bool,
}

/// Whether a frame stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It does.
    Yes,
    /// A person deleted it in a review.
    Reviewed,
    /// A person deleted its image or its row.
    Deleted(Deleted),
}

impl Corrections {
    /// Of a folder of frames: its tables, its log of reviews, and what was deleted.
    pub fn of_folder(dir: &Path, captions: Captions) -> anyhow::Result<Self> {
        Self::of(Some(dir), &[], None, captions)
    }

    /// Of the folder of frames that is read, if it is one, and of tables and a log that somebody named. Those count more
    /// than what lies in the folder.
    pub fn of(
        dir: Option<&Path>,
        given: &[PathBuf],
        log: Option<&Path>,
        captions: Captions,
    ) -> anyhow::Result<Self> {
        let own_log = dir.map(|dir| dir.join(REVIEWS));
        // A log that is gone and has an anchor is refused by who reads it.
        let own_log = own_log.filter(|log| log.exists() || anchor_of(log).exists());
        let (mut layers, mut deletions) = (Vec::new(), None);
        if let Some(dir) = dir {
            let rows = Rows::of_folder(dir, given)?;
            deletions = Some(Deletions::of(dir, rows.n_rows_elsewhere())?);
            layers.push(rows);
        }
        if !given.is_empty() {
            layers.push(Rows::of_files(given)?);
        }
        let log = log.map(Path::to_owned).or(own_log);
        Ok(Self {
            dir: dir.map(Path::to_owned),
            layers,
            reviews: log
                .as_deref()
                .map(read_reviews)
                .transpose()?
                .unwrap_or_default(),
            has_last_word: true,
            captions,
            deletions,
            path_faults: PathFaults::default(),
            tally: Mutex::default(),
        })
    }

    /// Of a folder of frames as it is before its reviews. Rows of reviewed frames may contradict each other.
    pub fn before_reviews(
        dir: &Path,
        reviews: Reviews,
        captions: Captions,
    ) -> anyhow::Result<Self> {
        let rows = Rows::of_folder(dir, &[])?;
        Ok(Self {
            dir: Some(dir.to_owned()),
            deletions: Some(Deletions::of(dir, rows.n_rows_elsewhere())?),
            layers: vec![rows],
            reviews,
            has_last_word: false,
            captions,
            path_faults: PathFaults::default(),
            tally: Mutex::default(),
        })
    }

    /// Each row, with its table.
    pub fn rows(&self) -> impl Iterator<Item = (&Path, &Row)> {
        self.layers.iter().flat_map(Rows::rows)
    }

    /// The rows of the tables of the folder.
    pub(crate) fn rows_of_folder(&self) -> Option<&Rows> {
        self.layers.first().filter(|_| self.dir.is_some())
    }

    /// The captions table.
    pub fn captions(&self) -> &Captions {
        &self.captions
    }

    /// Gives a frame its effective label, faults and description. Its image path starts at `place`, or at the folder. A
    /// description of an outdated label is replaced by one from the captions table.
    pub fn correct(
        &self,
        frame: &mut Frame,
        video: Option<&Path>,
        place: Option<&BaseFolder>,
    ) -> Corrected {
        let record = (frame.label.clone(), frame.faults.clone());
        let was_described = frame.description.is_some();
        let review = self.review_of(frame);
        let rows = self.rows_of(&frame.image, place);
        self.note_what_is_not_said_any_more(frame, review, &rows);
        if let Some(how) = self.deletion_of(frame, review, &rows) {
            return Corrected::gone(Kept::Deleted(how));
        }
        if !review.is_some_and(Review::says_class) {
            self.note_contradictions(&frame.image, place);
        }
        if let Some(review) = review.filter(|review| !review.new.deleted) {
            self.note_rows_against(review, &rows, frame);
        }
        let mut has_own_words = self.apply_rows(frame, &rows);
        self.add_faults_of_path(frame, video);
        if let Some(review) = review.filter(|_| self.has_last_word) {
            if review.new.deleted {
                return Corrected::gone(Kept::Reviewed);
            }
            has_own_words =
                apply_review(review, frame) || has_own_words && frame.description.is_some();
        }
        let is_other = (&frame.label, &frame.faults) != (&record.0, &record.1);
        if frame.description.is_none() && is_other && was_described {
            frame.description = self.described(frame);
        }
        Corrected {
            kept: Kept::Yes,
            has_own_words,
        }
    }

    /// Applies only the rows of the folder to a frame: for a deleted frame, or one whose review overrides them.
    pub fn correct_by_rows(&self, frame: &mut Frame) {
        let image = frame.image.clone();
        for rows in &self.layers {
            if rows.contradiction(&image, None).is_none() {
                let row = rows.of_image(&image, None);
                self.apply_rows(frame, row.as_slice());
            }
        }
    }

    /// Forgets which frames were met, before all frames are read once more.
    pub fn start_over(&self) {
        *self.tally() = Tally::default();
    }

    /// Whether a person deleted a frame on the page of `wo-review`, where it can be restored.
    pub fn is_deleted_by_review(&self, frame: &Frame) -> bool {
        let review = self.reviews.of_frame(frame).ok().flatten();
        review.is_some_and(|review| review.new.deleted)
    }

    fn review_of(&self, frame: &Frame) -> Option<&Review> {
        self.reviews.of_frame(frame).unwrap_or_else(|_| {
            self.tally().n_other_images += 1;
            None
        })
    }

    /// How a frame was deleted. A review overrides a deletion by hand, with a warning.
    fn deletion_of(
        &self,
        frame: &Frame,
        review: Option<&Review>,
        rows: &[&Row],
    ) -> Option<Deleted> {
        // Who only writes a note does not say that the frame stays.
        let review = review.filter(|review| review.judges());
        match (self.deletions.as_ref()?.presence_of(frame, rows), review) {
            (Presence::Deleted(how), None) => {
                self.tally().count(how);
                return Some(how);
            }
            (Presence::Deleted(_), Some(review)) => {
                if let Image::File { path, .. } = &frame.image
                    && !review.new.deleted
                {
                    self.tally().count_reviewed(path.as_path());
                }
            }
            (Presence::Unreachable(trouble), _) => {
                *self.tally().folders.entry(trouble).or_default() += 1;
            }
            (Presence::Untold, None) => self.tally().n_untold += 1,
            (Presence::There | Presence::Untold, _) => {}
        }
        None
    }

    /// Counts the rows of a restored frame as met.
    pub fn meets(&self, frame: &Frame) {
        self.rows_of(&frame.image, None);
    }

    fn rows_of(&self, image: &Image, place: Option<&BaseFolder>) -> Vec<&Row> {
        let layers = self.layers.iter();
        layers
            .filter_map(|rows| rows.of_image(image, place))
            .collect()
    }

    /// True if the description is that of a row.
    fn apply_rows(&self, frame: &mut Frame, rows: &[&Row]) -> bool {
        let mut has_own_words = false;
        for row in rows {
            // The captions table's description of the old label is not a person's own.
            let is_generated = self.is_generated(row, frame);
            let is_changed = row.apply(frame);
            if is_changed {
                self.tally().n_relabelled += 1;
            }
            if is_changed && is_generated {
                frame.description = None;
            }
            // Without a description in the row, the earlier one stays if it still fits.
            has_own_words = match &row.description {
                Some(_) => row.description == frame.description,
                None => has_own_words && frame.description.is_some(),
            };
        }
        has_own_words
    }

    /// Whether the description in a row is one of the captions table for the old label.
    fn is_generated(&self, row: &Row, frame: &Frame) -> bool {
        let class = frame.exercise.as_ref().zip(frame.label.as_ref());
        let said = row.description.as_ref().zip(class);
        said.is_some_and(|(text, (exercise, label))| {
            self.captions.makes(text, exercise, label, &frame.faults)
        })
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The description of a frame from the captions table.
    pub fn described(&self, frame: &Frame) -> Option<String> {
        let (exercise, label) = frame.exercise.as_ref().zip(frame.label.as_ref())?;
        let choice = choice_hash(&frame.video_id);
        Some(
            self.captions
                .describe(exercise, label, &frame.faults, choice),
        )
    }

    /// Adds faults from the video's path to a frame of bad form without a named fault.
    fn add_faults_of_path(&self, frame: &mut Frame, video: Option<&Path>) {
        let is_bad = frame
            .label
            .as_ref()
            .is_some_and(|label| label.as_str() == BAD_FORM);
        if !is_bad || !frame.faults.is_empty() {
            return;
        }
        if let (Some(path), Some(exercise), Some(label)) = (video, &frame.exercise, &frame.label) {
            frame.faults = self.path_faults.of(path, exercise, label, &self.captions);
        }
    }

    /// Reports what counted and what did not, when all frames were seen. Contradicting tables are an error.
    pub fn finish(&self) -> anyhow::Result<()> {
        let tally = self.tally();
        tally.check()?;
        if let Some(dir) = &self.dir {
            say_unread(dir)?;
        }
        self.layers.iter().for_each(Rows::say_troubles);
        tally.say(self.dir.as_deref());
        Ok(())
    }
}

impl Corrected {
    fn gone(kept: Kept) -> Self {
        Self {
            kept,
            has_own_words: false,
        }
    }
}

/// Applies what the reviews of a frame set, which overrides all else. True if the description is theirs.
fn apply_review(review: &Review, frame: &mut Frame) -> bool {
    let new = &review.new;
    if review.says_class() {
        if (&frame.label, &frame.faults) != (&new.label, &new.faults) {
            frame.description = None;
        }
        frame.label.clone_from(&new.label);
        frame.label_origin = new.label_origin;
        frame.faults.clone_from(&new.faults);
    }
    // A review without a description, such as one that was undone, leaves that of the table.
    let has_words = review.says_words() && new.description.is_some();
    if has_words {
        frame.description.clone_from(&new.description);
    }
    has_words
}

/// The captions table in effect for a tool that reads described frames: that of the flag, the one in the working directory,
/// or the built-in one.
pub fn captions_in_force(flag: &CaptionsFlag) -> anyhow::Result<Captions> {
    let difference = |captions: &Captions| {
        let difference = captions.difference()?;
        Some(format!(
            "{difference}; frames that are described already keep their words until wo-describe runs on them"
        ))
    };
    flag.load(Captions::parse, Captions::embedded, difference)
}

#[cfg(test)]
mod tests;
