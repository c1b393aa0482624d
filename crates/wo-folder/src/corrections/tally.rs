//! Counts what happened to frames, and reports it when all were seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wo_cli::{count, named, shell_word, verb};

use crate::corrections::deletions::{Deleted, FolderTrouble};
use crate::names::{REVIEWS, STATE};
use crate::tables::row_troubles::{Contradiction, contradiction_error};

/// What came of frames. Threads fill it in any order, so what is named is sorted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    n_without_image: usize,
    n_without_row: usize,
    /// Frames without an image or a row, of which nothing tells whether they were deleted.
    pub(crate) n_untold: usize,
    /// How many frames have their images in folders that cannot be looked into.
    pub(crate) folders: BTreeMap<FolderTrouble, usize>,
    /// Frames whose records have the label of a review that is not in the log.
    pub(crate) n_without_review: usize,
    /// Frames whose records have the label of a row that gives none any more.
    pub(crate) n_without_label: usize,
    /// Reviews of other images.
    pub(crate) n_other_images: usize,
    pub(crate) n_relabelled: usize,
    /// Frames on which tables contradict each other.
    pub(crate) contradictions: BTreeSet<Contradiction>,
    /// Images of frames whose rows contradict their reviews.
    pub(crate) against_reviews: BTreeSet<PathBuf>,
    /// Images of reviewed frames that were deleted by hand.
    pub(crate) deleted_against_reviews: BTreeSet<PathBuf>,
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
        self.deleted_against_reviews.insert(image.to_owned());
    }

    /// Tables that contradict each other are an error.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.contradictions.is_empty() {
            return Ok(());
        }
        Err(contradiction_error(&self.contradictions))
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
                "{} {} as deleted: {} without an image, {} without a row",
                count(n_deleted, "frame"),
                verb(n_deleted, "counts", "count"),
                self.n_without_image,
                self.n_without_row;
                "to restore deleted frames, run the wo-extract command that made the folder with --restore"
            );
        }
        if let Some(dir) = dir {
            self.say_folders(dir);
            self.say_untold(dir);
            self.say_taken_back(dir);
        }
        if self.n_other_images > 0 {
            wo_cli::warn!(
                "{} {} not used: that frame of the video has another image now",
                count(self.n_other_images, "review"),
                verb(self.n_other_images, "is", "are");
                "take the frames with the settings that they were reviewed with"
            );
        }
        let paths = |paths: &BTreeSet<PathBuf>| named(paths.iter().map(|path| path.display()));
        if !self.against_reviews.is_empty() {
            wo_cli::warn!(
                "the tables contradict the reviews of {}; the reviews count: {}",
                count(self.against_reviews.len(), "frame"),
                paths(&self.against_reviews);
                "correct reviewed frames on the page of wo-review"
            );
        }
        let deleted = &self.deleted_against_reviews;
        if !deleted.is_empty() {
            wo_cli::warn!(
                "{} {} no image or no row any more, and stay{}, since reviews hold: {}",
                count(deleted.len(), "reviewed frame"),
                verb(deleted.len(), "has", "have"),
                verb(deleted.len(), "s", ""),
                paths(deleted);
                "delete reviewed frames on the page of wo-review"
            );
        }
    }

    /// Says which folders of images cannot be looked into.
    fn say_folders(&self, dir: &Path) {
        for (trouble, n) in &self.folders {
            let folder = dir.join(&trouble.folder);
            let cure = match &trouble.elsewhere {
                Some(other) if *other != trouble.folder => format!(
                    "such images lie in {}; move them back before wo-extract takes them again: mv {} {}",
                    dir.join(other).display(),
                    shell_word(&dir.join(other)),
                    shell_word(&folder)
                ),
                _ if folder.symlink_metadata().is_ok() => {
                    "put the folder there again: wo-extract cannot make it while something else has its name".to_owned()
                }
                _ => "put the folder back, or let wo-extract take its frames again; to delete frames, delete their rows or images"
                    .to_owned(),
            };
            wo_cli::warn!(
                "{}: {}, so {} there {} no image and {} not count as deleted",
                folder.display(),
                trouble.why,
                count(*n, "frame"),
                verb(*n, "has", "have"),
                verb(*n, "does", "do");
                "{cure}"
            );
        }
    }

    /// Says of which labels in records the review or the row is gone.
    fn say_taken_back(&self, dir: &Path) {
        if self.n_without_review > 0 {
            wo_cli::warn!(
                "{}: {} {} a label from a review, and {REVIEWS} has no such review (any more)",
                dir.display(),
                count(self.n_without_review, "frame"),
                verb(self.n_without_review, "has", "have");
                "take {REVIEWS} back from a backup or from git; without one, review the frames again"
            );
        }
        if self.n_without_label > 0 {
            wo_cli::warn!(
                "{}: {} {} a label from a table, and no row gives it any more: the record has it until wo-extract runs again, which takes that of the folder",
                dir.display(),
                count(self.n_without_label, "frame"),
                verb(self.n_without_label, "has", "have");
                "write the label into the row, or run wo-extract"
            );
        }
    }

    /// Says that nobody can tell of some frames whether they were deleted.
    fn say_untold(&self, dir: &Path) {
        if self.n_untold == 0 {
            return;
        }
        let why = if dir.join(STATE).is_file() {
            format!(
                "{STATE} knows nothing of {}",
                verb(self.n_untold, "it", "them")
            )
        } else {
            format!("{STATE} is not there")
        };
        wo_cli::warn!(
            "{} of {} {} no image or no row: {why}, so it is unknown whether {} deleted, and wo-extract takes {} again",
            count(self.n_untold, "frame"),
            dir.display(),
            verb(self.n_untold, "has", "have"),
            verb(self.n_untold, "it was", "they were"),
            verb(self.n_untold, "it", "them");
            "restore that file from a backup of the folder: cp COPY/{STATE} {}; without one, delete the frames again after the next wo-extract",
            shell_word(dir)
        );
    }
}
