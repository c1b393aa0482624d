//! The report of an import: what was not imported or changed, why, and what to do.

use std::collections::BTreeMap;
use std::path::Path;

use wo_cli::{Message, count, verb};

/// At most this many of each kind are named.
const N_NAMED: u64 = 5;

/// Issues by kind.
#[derive(Debug, Default)]
pub(super) struct ImportReport {
    seen: BTreeMap<Issue, IssueCount>,
}

#[derive(Debug, Default)]
struct IssueCount {
    n: u64,
    named: Vec<String>,
}

/// A kind of issue with a task or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Issue {
    /// The task cannot be read.
    NoTask,
    /// The task matches no frame.
    NoFrame,
    /// The answers are invalid.
    Refused,
    /// The answers name faults beside a label other than bad form.
    Contrary,
    /// The frame is deleted.
    Deleted,
    /// The answers lack what the frame has.
    Lacking,
    /// A later answer of the same person counts.
    Replaced,
    /// The person has decided otherwise since.
    Older,
    /// Nobody submitted it.
    Draft,
    /// The person skipped the task.
    Skipped,
    /// A text had half a character in it.
    Repaired,
}

impl Issue {
    /// Whether an answer of a person has no effect.
    fn is_failure(self) -> bool {
        matches!(
            self,
            Self::NoTask | Self::NoFrame | Self::Refused | Self::Contrary
        )
    }

    fn words(self, n: u64, folder: &Path) -> String {
        let dir = folder.display();
        let are = verb(n, "is", "are");
        match self {
            Self::NoTask => format!("{} cannot be read", count(n, "task")),
            Self::NoFrame => format!("{} {are} about no frame in {dir}", count(n, "task")),
            Self::Refused => format!("{} {are} not imported", count(n, "answer")),
            Self::Contrary => format!(
                "{} {} faults with another label than bad_form; the faults are ignored",
                count(n, "answer"),
                verb(n, "names", "name")
            ),
            Self::Deleted => format!(
                "{} {are} about deleted frames, which stay deleted",
                count(n, "answer")
            ),
            Self::Lacking => format!(
                "{} {} faults or a text that the frame has; the frame keeps them",
                count(n, "answer"),
                verb(n, "lacks", "lack")
            ),
            Self::Replaced => format!(
                "{} {are} replaced by a later answer of the same person",
                count(n, "answer")
            ),
            Self::Older => format!(
                "{} {are} older than a decision of the same person, which counts",
                count(n, "answer")
            ),
            Self::Draft => format!(
                "{} {are} not imported, since nobody submitted them",
                count(n, "draft")
            ),
            Self::Skipped => format!("{} of skipped tasks {are} not imported", count(n, "answer")),
            Self::Repaired => format!(
                "{} {} a text with half a character, replaced by �",
                count(n, "task"),
                verb(n, "has", "have")
            ),
        }
    }

    fn cure(self) -> Option<&'static str> {
        match self {
            Self::NoTask => Some("export the tasks again, as JSON"),
            Self::NoFrame => Some(
                "correct `path` or `image` in the data of each task, or import into the folder that has the frames",
            ),
            Self::Refused => Some(
                "correct them in Label Studio, export and import again; answers are never imported twice",
            ),
            Self::Contrary => {
                Some("remove the faults or the label in Label Studio, export and import again")
            }
            Self::Deleted => Some(
                "they count when the frames are restored: undo the deletion on the page of wo-review, or add --restore to the wo-extract command of the folder",
            ),
            Self::Lacking => Some("remove it on the page of wo-review"),
            Self::Older => {
                Some("decide the frames on the page of wo-review, or answer again in Label Studio")
            }
            Self::Draft => Some("submit them in Label Studio, export and import again"),
            Self::Replaced | Self::Skipped | Self::Repaired => None,
        }
    }
}

impl ImportReport {
    /// Adds an issue. `line` describes it if it is one of the first.
    pub(super) fn add(&mut self, kind: Issue, line: impl FnOnce() -> String) {
        let seen = self.seen.entry(kind).or_default();
        seen.n += 1;
        if seen.n <= N_NAMED {
            seen.named.push(line());
        }
    }

    /// Counts issues without a description.
    pub(super) fn count(&mut self, kind: Issue, n: u64) {
        if n > 0 {
            self.seen.entry(kind).or_default().n += n;
        }
    }

    /// The number of answers without effect.
    pub(super) fn n_failed(&self) -> u64 {
        let failed = self.seen.iter().filter(|(kind, _)| kind.is_failure());
        failed.map(|(_, seen)| seen.n).sum()
    }

    pub(super) fn say(&self, file: &str, folder: &Path) {
        for (kind, seen) in &self.seen {
            let mut text = format!("{file}: {}", kind.words(seen.n, folder));
            if !seen.named.is_empty() {
                text.push(':');
            }
            let n_named = seen.named.len() as u64;
            let is_cut = n_named > 0 && seen.n > n_named;
            let more = is_cut.then(|| format!("and {} more", seen.n - n_named));
            let lines = seen.named.iter().cloned().chain(more);
            wo_cli::warn_line(&Message::new(text).items(lines).hints(kind.cure()));
        }
    }
}
