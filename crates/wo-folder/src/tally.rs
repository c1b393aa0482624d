//! What is said of frames in the end, when all were met.

use std::path::{Path, PathBuf};

use wo_cli::{Exit, ExitWith, count, named, shell_word, verb};

use crate::deletions::Deleted;
use crate::names::STATE;
use crate::row_troubles::contradiction_error;

/// What came of frames.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    n_without_image: usize,
    n_without_row: usize,
    /// Frames without an image or a row, of which nothing tells whether they were deleted.
    pub(crate) n_untold: usize,
    /// Reviews of other pictures.
    pub(crate) n_other_images: usize,
    pub(crate) n_relabelled: usize,
    /// Frames on which tables contradict each other.
    pub(crate) contradictions: Vec<String>,
    /// Images of frames whose rows contradict their reviews.
    pub(crate) against_reviews: Vec<PathBuf>,
    /// Images of reviewed frames that were deleted by hand.
    pub(crate) deleted_against_reviews: Vec<PathBuf>,
}

impl Tally {
    /// A frame is deleted.
    pub(crate) fn count(&mut self, how: Deleted) {
        match how {
            Deleted::Image => self.n_without_image += 1,
            Deleted::Row => self.n_without_row += 1,
        }
    }

    /// A frame would be deleted if nobody had reviewed it.
    pub(crate) fn count_reviewed(&mut self, image: &Path) {
        self.deleted_against_reviews.push(image.to_owned());
    }

    /// Tables that contradict each other are an error.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.contradictions.is_empty() {
            return Ok(());
        }
        Err(contradiction_error(&self.contradictions)).exit_with(Exit::Integrity)
    }

    /// Says it, of a folder or of what came through a pipe.
    pub(crate) fn say(&self, dir: Option<&Path>) {
        if self.n_relabelled > 0 {
            wo_cli::info!(
                "tables changed the label or the faults of {}",
                count(self.n_relabelled, "frame")
            );
        }
        let n_deleted = self.n_without_image + self.n_without_row;
        if n_deleted > 0 {
            wo_cli::warn!(
                "{} {} as deleted: {} without an image, {} without a row\nhint: to bring deleted frames back, give --restore to the wo-extract command that made the folder",
                count(n_deleted, "frame"),
                verb(n_deleted, "counts", "count"),
                self.n_without_image,
                self.n_without_row
            );
        }
        if let Some(dir) = dir.filter(|_| self.n_untold > 0) {
            wo_cli::warn!(
                "{} of {} {} no image or no row: without {STATE} nobody can tell whether {} deleted\nhint: copy that file too, from the folder that this one was copied from: cp FOLDER/{STATE} {}",
                count(self.n_untold, "frame"),
                dir.display(),
                verb(self.n_untold, "has", "have"),
                verb(self.n_untold, "it was", "they were"),
                shell_word(dir)
            );
        }
        if self.n_other_images > 0 {
            wo_cli::warn!(
                "{} {} not used: the picture in that place of the video is another one now\nhint: take the frames as they were when they were reviewed",
                count(self.n_other_images, "review"),
                verb(self.n_other_images, "is", "are")
            );
        }
        let paths = |paths: &[PathBuf]| named(paths.iter().map(|path| path.display()));
        if !self.against_reviews.is_empty() {
            wo_cli::warn!(
                "the tables say otherwise than the reviews of {}; the reviews hold: {}\nhint: correct reviewed frames on the page of wo-review",
                count(self.against_reviews.len(), "frame"),
                paths(&self.against_reviews)
            );
        }
        let deleted = &self.deleted_against_reviews;
        if !deleted.is_empty() {
            wo_cli::warn!(
                "{} {} no image or no row any more, and stay{}, since reviews hold: {}\nhint: delete reviewed frames on the page of wo-review",
                count(deleted.len(), "reviewed frame"),
                verb(deleted.len(), "has", "have"),
                verb(deleted.len(), "s", ""),
                paths(deleted)
            );
        }
    }
}
