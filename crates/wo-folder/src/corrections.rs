//! What a frame is in the end: its record, what a row says of it, what a review says of it, and whether it was deleted.
//!
//! All tools that read a folder of frames ask here, so that what a person wrote counts in each of them in the same way. A
//! review counts more than a row, and a row more than a record.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wo_cli::{CaptionsFlag, Exit, ExitWith};
use wo_label::{Captions, Reviews, choice_hash, faults_in_path};
use wo_record::{BAD_FORM, Frame, Image, Judgement, Review};

use crate::deletions::{Deleted, Deletions};
use crate::names::REVIEWS;
use crate::place::Place;
use crate::reviews::read_reviews;
use crate::rows::{N_NAMED, Rows, contradiction_error, say_workbooks};
use crate::table::Row;

/// What people wrote of frames.
#[derive(Debug)]
pub struct Corrections {
    /// The folder of frames, if it is of one.
    dir: Option<PathBuf>,
    /// The tables of the folder, then those that somebody named: the later ones count.
    layers: Vec<Rows>,
    reviews: Reviews,
    /// Whether reviews are the last word here, or whoever asks lets them have it.
    has_last_word: bool,
    captions: Captions,
    /// Of a folder of frames; nothing is known of deletions from a pipe.
    deletions: Option<Deletions>,
    tally: Mutex<Tally>,
}

/// What came of a frame.
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
    /// A person threw it away in a review.
    Reviewed,
    /// A person deleted its image or its row.
    Deleted(Deleted),
}

/// What is said in the end.
#[derive(Debug, Default)]
struct Tally {
    n_without_image: usize,
    n_without_row: usize,
    n_other_images: usize,
    n_relabelled: usize,
    /// Frames on which tables contradict each other.
    contradictions: Vec<String>,
    /// Images of frames whose rows contradict their reviews.
    against_reviews: Vec<PathBuf>,
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
        let own_log = dir.map(|dir| dir.join(REVIEWS)).filter(|log| log.exists());
        let mut layers = Vec::new();
        if let Some(dir) = dir {
            layers.push(Rows::of_folder(dir, given)?);
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
            deletions: dir.map(Deletions::of).transpose()?,
            tally: Mutex::default(),
        })
    }

    /// Of a folder of frames as it is before its reviews. Rows of reviewed frames may contradict each other.
    pub fn before_reviews(
        dir: &Path,
        reviews: Reviews,
        captions: Captions,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            dir: Some(dir.to_owned()),
            layers: vec![Rows::of_folder(dir, &[])?],
            reviews,
            has_last_word: false,
            captions,
            deletions: Some(Deletions::of(dir)?),
            tally: Mutex::default(),
        })
    }

    /// Each row that says something in words of its own, with its table.
    pub fn own_descriptions(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.layers.iter().flat_map(Rows::descriptions)
    }

    /// The captions table.
    pub fn captions(&self) -> &Captions {
        &self.captions
    }

    /// Makes a frame what it is in the end. Its image is meant from `place`, or from the folder. A description that is
    /// not of the new label any more is made anew from the captions table.
    pub fn correct(
        &self,
        frame: &mut Frame,
        video: Option<&Path>,
        place: Option<&Place>,
    ) -> Corrected {
        let record = (frame.label.clone(), frame.faults.clone());
        let was_described = frame.description.is_some();
        let review = self.review_of(frame);
        let rows = self.rows_of(&frame.image, place);
        if review.is_none() {
            let deletions = self.deletions.as_ref();
            if let Some(how) = deletions.and_then(|it| it.of_frame(frame, !rows.is_empty())) {
                self.tally().count(how);
                return Corrected::gone(Kept::Deleted(how));
            }
            self.note_contradictions(&frame.image, place);
        }
        let mut has_own_words = self.apply_rows(frame, &rows);
        self.add_faults_of_path(frame, video);
        if let Some(review) = review.filter(|_| self.has_last_word) {
            if review.new.deleted {
                return Corrected::gone(Kept::Reviewed);
            }
            self.note_rows_against(review, &rows, &frame.image);
            has_own_words =
                apply_review(&review.new, frame) || has_own_words && frame.description.is_some();
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

    /// What the rows of the folder say of a frame, and nothing else: of one that was deleted, or that a review has the last
    /// word on.
    pub fn correct_by_rows(&self, frame: &mut Frame) {
        let image = frame.image.clone();
        for rows in &self.layers {
            if rows.contradiction(&image, None).is_none() {
                let row = rows.of_image(&image, None);
                self.apply_rows(frame, row.as_slice());
            }
        }
    }

    /// Forgets what was met so far: all frames are read once more.
    pub fn start_over(&self) {
        *self.tally() = Tally::default();
    }

    /// Whether a person threw a frame away on the page of `wo-review`, where they can take that back.
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

    fn rows_of(&self, image: &Image, place: Option<&Place>) -> Vec<&Row> {
        let layers = self.layers.iter();
        layers
            .filter_map(|rows| rows.of_image(image, place))
            .collect()
    }

    /// True where the description is that of a row.
    fn apply_rows(&self, frame: &mut Frame, rows: &[&Row]) -> bool {
        let mut has_own_words = false;
        for row in rows {
            // The words of the captions table for the old label are nobody's own.
            let is_generated = self.is_generated(row, frame);
            let is_changed = row.apply(frame);
            if is_changed {
                self.tally().n_relabelled += 1;
            }
            if is_changed && is_generated {
                frame.description = None;
            }
            has_own_words = row.description.is_some() && row.description == frame.description;
        }
        has_own_words
    }

    /// Whether the description in a row is one that the captions table has for what the frame was taken for.
    fn is_generated(&self, row: &Row, frame: &Frame) -> bool {
        let class = frame.exercise.as_ref().zip(frame.label.as_ref());
        let said = row.description.as_ref().zip(class);
        said.is_some_and(|(text, (exercise, label))| {
            self.captions.makes(text, exercise, label, &frame.faults)
        })
    }

    fn note_contradictions(&self, image: &Image, place: Option<&Place>) {
        let layers = self.layers.iter();
        let mut said = layers
            .filter_map(|rows| rows.contradiction(image, place))
            .peekable();
        if said.peek().is_some() {
            self.tally().contradictions.extend(said);
        }
    }

    fn note_rows_against(&self, review: &Review, rows: &[&Row], image: &Image) {
        let says_otherwise = |row: &&Row| row.label.is_some() && row.label != review.new.label;
        if let Image::File { path, .. } = image
            && rows.iter().any(says_otherwise)
        {
            self.tally().against_reviews.push(path.as_path().to_owned());
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the captions table says of a frame.
    pub fn described(&self, frame: &Frame) -> Option<String> {
        let (exercise, label) = frame.exercise.as_ref().zip(frame.label.as_ref())?;
        let choice = choice_hash(&frame.video_id);
        Some(
            self.captions
                .describe(exercise, label, &frame.faults, choice),
        )
    }

    /// A frame of bad form of which nobody named a fault: perhaps the video's path does.
    fn add_faults_of_path(&self, frame: &mut Frame, video: Option<&Path>) {
        let is_bad = frame
            .label
            .as_ref()
            .is_some_and(|label| label.as_str() == BAD_FORM);
        if !is_bad || !frame.faults.is_empty() {
            return;
        }
        if let (Some(path), Some(exercise), Some(label)) = (video, &frame.exercise, &frame.label) {
            frame.faults = faults_in_path(path, label, &self.captions.faults_of(exercise));
        }
    }

    /// Says what was in force and what was not, when all frames were met. Tables that contradict each other are an error.
    pub fn finish(&self) -> anyhow::Result<()> {
        let tally = self.tally();
        if !tally.contradictions.is_empty() {
            return Err(contradiction_error(&tally.contradictions)).exit_with(Exit::Integrity);
        }
        if let Some(dir) = &self.dir {
            say_workbooks(dir)?;
        }
        self.layers.iter().for_each(Rows::say_troubles);
        tally.say();
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

/// A review is the last word. True where the description is its own.
fn apply_review(new: &Judgement, frame: &mut Frame) -> bool {
    if (&frame.label, &frame.faults) != (&new.label, &new.faults) {
        frame.description = None;
    }
    frame.label.clone_from(&new.label);
    frame.label_origin = new.label_origin;
    frame.faults.clone_from(&new.faults);
    // A review that says nothing of it, such as one that was taken back, leaves what the table says.
    if new.description.is_some() {
        frame.description.clone_from(&new.description);
    }
    new.description.is_some()
}

impl Tally {
    fn count(&mut self, how: Deleted) {
        match how {
            Deleted::Image => self.n_without_image += 1,
            Deleted::Row => self.n_without_row += 1,
        }
    }

    fn say(&self) {
        if self.n_relabelled > 0 {
            wo_cli::info!(
                "tables changed the label or the faults of {}",
                frames(self.n_relabelled)
            );
        }
        let n_deleted = self.n_without_image + self.n_without_row;
        if n_deleted > 0 {
            wo_cli::warn!(
                "{} count as deleted: {} without an image, {} without a row\nhint: wo-extract --out … --restore brings deleted frames back",
                frames(n_deleted),
                self.n_without_image,
                self.n_without_row
            );
        }
        if self.n_other_images > 0 {
            let what = if self.n_other_images == 1 {
                "1 review is of another picture than the frame in its place, and was not used"
                    .to_owned()
            } else {
                format!(
                    "{} reviews are of other pictures than the frames in their places, and were not used",
                    self.n_other_images
                )
            };
            wo_cli::warn!("{what}\nhint: take the frames as they were when they were reviewed");
        }
        if !self.against_reviews.is_empty() {
            let named: String = self
                .against_reviews
                .iter()
                .take(N_NAMED)
                .map(|path| format!("\n  {}", path.display()))
                .collect();
            let more = if self.against_reviews.len() > N_NAMED {
                "\n  …"
            } else {
                ""
            };
            wo_cli::warn!(
                "the tables say otherwise than the reviews of {}; the reviews hold:{named}{more}\nhint: correct reviewed frames on the page of wo-review",
                frames(self.against_reviews.len())
            );
        }
    }
}

/// The captions table that lies in the working directory, or the built-in one.
pub fn captions_in_force() -> anyhow::Result<Captions> {
    CaptionsFlag::default().load(Captions::parse, Captions::embedded, Captions::difference)
}

fn frames(n: usize) -> String {
    if n == 1 {
        "1 frame".to_owned()
    } else {
        format!("{n} frames")
    }
}
