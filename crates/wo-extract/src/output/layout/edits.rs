//! What people's edits of the folder led to: settled and said at the end of a run.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use wo_folder::{DeletedByHand, RECORDS, TRASH, Tables, for_each_line};
use wo_record::{Frame, Record};

use super::{Layout, producer};
use crate::input::media_file::is_video;
use crate::output::earlier::video_id;

impl Layout {
    /// Reports deleted and restored frames, and frames that got a row.
    pub(crate) fn say_edits(&self) {
        let frames = |n: usize| wo_cli::count(n, "frame");
        let n_restored = self.deleted.n_restored();
        if n_restored > 0 {
            wo_cli::warn!("{} restored", frames(n_restored));
        }
        let n_left = self.deleted.n_left();
        if n_left > 0 {
            wo_cli::warn!(
                "{}: {} not restored, since {} neither in the records nor among the files of this run",
                self.dir.display(),
                frames(n_left),
                wo_cli::verb(n_left, "its video is", "their videos are");
                "put the video back where it was, and run with --restore again"
            );
        }
        let n_without_row = self.n_without_row.get();
        if n_without_row > 0 {
            let dir = self.dir.display();
            let got = format!("{dir}: {} had no row and got one", frames(n_without_row));
            if self.has_rows_alone {
                wo_cli::warn!(
                    "{got}; without the records and the notes of the runs before, nobody can tell whether they were deleted";
                    "delete again what is not wanted"
                );
            } else {
                wo_cli::warn!("{got}");
            }
        }
        let (n_deleted, _) = self.deleted.n_deleted();
        if n_deleted > 0 {
            let deleted = frames(n_deleted);
            let stay = wo_cli::verb(n_deleted, "stays", "stay");
            let dir = self.dir.display();
            if self.by_hand == DeletedByHand::ComeBack {
                wo_cli::warn!(
                    "{dir}: {deleted} deleted on the page {stay} deleted";
                    "restore them on the page of wo-review"
                );
            } else {
                wo_cli::warn!(
                    "{dir}: {deleted} deleted by hand or on the page {stay} deleted";
                    "--restore restores those that were deleted by hand; restore the others on the page of wo-review"
                );
            }
        }
    }

    /// Settles what became of frames that come back. Returns the ids that the records name.
    pub(super) fn finish_deletions(&self, tables: &mut Tables) -> anyhow::Result<HashSet<String>> {
        let mut ids = HashSet::new();
        let mut frames: HashMap<String, Vec<Frame>> = HashMap::new();
        for_each_line(&self.dir.join(RECORDS), |line| {
            ids.extend(video_id(&line));
            if let Ok(Record::Frame(frame)) = line.record
                && self.deleted.wants_of(&frame.video_id)
            {
                frames
                    .entry(frame.video_id.clone())
                    .or_default()
                    .push(frame);
            }
            Ok(())
        })?;
        let n_moved = self.deleted.finish(&frames, tables, &producer())?;
        if n_moved > 0 {
            wo_cli::warn!(
                "{}: {} came back under another label than before, since {} moved; rows that were written for {} stay in {TRASH}",
                self.dir.display(),
                wo_cli::count(n_moved, "frame"),
                wo_cli::verb(n_moved, "its video", "their videos"),
                wo_cli::verb(n_moved, "it", "them"),
            );
        }
        Ok(ids)
    }

    /// Names videos that were left out since different things were said of them, where one place alone is left, which this
    /// run did not look at.
    pub(crate) fn say_conflicts(&self, is_known: impl Fn(&str, &Path) -> bool) {
        for (video_id, places) in self.earlier.conflicts() {
            let is_left = |place: &&PathBuf| is_video(place, video_id);
            let left: Vec<&PathBuf> = places.iter().filter(is_left).collect();
            if let [place] = left[..]
                && !is_known(video_id, place)
            {
                wo_cli::warn!(
                    "{}: it is left out, but no other place says otherwise of it any more",
                    place.display();
                    "to take it, give {} to the wo-extract command that made {}",
                    wo_cli::shell_word(place),
                    self.dir.display()
                );
            }
        }
    }
}
