//! What of a file is not taken over, or otherwise than it may look: what it is about, why, and what to do.

use std::collections::BTreeMap;
use std::path::Path;

use wo_cli::{count, verb};

/// So many of each kind are named.
const N_NAMED: u64 = 5;

/// What is to be said, by its kind.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    seen: BTreeMap<Kind, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    n: u64,
    named: Vec<String>,
}

/// What happened to a task or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The task cannot be read.
    NoTask,
    /// The task is about no frame.
    NoFrame,
    /// The answers cannot hold here.
    Refused,
    /// The answers name faults of a frame that has none by its label.
    Contrary,
    /// The frame is deleted.
    Deleted,
    /// The answers leave out what the frame has.
    LeftOut,
    /// A later answer of the same person counts.
    Replaced,
    /// The person said it, and something else since.
    Older,
    /// Nobody submitted it.
    Draft,
    /// The person skipped the task.
    Skipped,
    /// A text had half a letter in it.
    Mended,
}

impl Kind {
    /// Whether something that a person wrote is not in force.
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
            Self::NoFrame => format!("{} {are} about no frame of {dir}", count(n, "task")),
            Self::Refused => format!("{} {are} not taken over", count(n, "answer")),
            Self::Contrary => format!(
                "{} {} faults beside another label than bad_form; the label counts, and the faults do not",
                count(n, "answer"),
                verb(n, "names", "name")
            ),
            Self::Deleted => format!(
                "{} {are} about deleted frames, which stay deleted",
                count(n, "answer")
            ),
            Self::LeftOut => format!(
                "{} {} out faults or a text that the frame has here, and that stay",
                count(n, "answer"),
                verb(n, "leaves", "leave")
            ),
            Self::Replaced => format!(
                "{} {are} followed by another one of the same person about the same frame, which counts",
                count(n, "answer")
            ),
            Self::Older => format!(
                "{} {are} older than what the same person said since, which counts",
                count(n, "answer")
            ),
            Self::Draft => format!(
                "{} that nobody submitted {are} not taken over",
                count(n, "draft")
            ),
            Self::Skipped => format!(
                "{} {are} of skipped tasks, and not taken over",
                count(n, "answer")
            ),
            Self::Mended => format!(
                "{} {} a text with half a letter, which is � now",
                count(n, "task"),
                verb(n, "holds", "hold")
            ),
        }
    }

    fn cure(self) -> Option<&'static str> {
        match self {
            Self::NoTask => Some("export the tasks anew, as JSON"),
            Self::NoFrame => Some(
                "correct `path` or `image` in the data of each task, or import into the folder that has the frames",
            ),
            Self::Refused => Some(
                "correct them in Label Studio, export and import again; what is taken over already is not written twice",
            ),
            Self::Contrary => {
                Some("take the faults or the label away in Label Studio, export and import again")
            }
            Self::Deleted => Some(
                "what they say counts when the frames are back: take the deletion back on the page of wo-review, or give --restore to the wo-extract command that made the folder",
            ),
            Self::LeftOut => Some("take it away on the page of wo-review"),
            Self::Older => {
                Some("decide the frames on the page of wo-review, or answer anew in Label Studio")
            }
            Self::Draft => Some("submit them in Label Studio, export and import again"),
            Self::Replaced | Self::Skipped | Self::Mended => None,
        }
    }
}

impl Troubles {
    /// Takes one in; `line` names it where it is one of the first.
    pub(super) fn add(&mut self, kind: Kind, line: impl FnOnce() -> String) {
        let seen = self.seen.entry(kind).or_default();
        seen.n += 1;
        if seen.n <= N_NAMED {
            seen.named.push(line());
        }
    }

    /// Takes some in that need no name.
    pub(super) fn count(&mut self, kind: Kind, n: u64) {
        if n > 0 {
            self.seen.entry(kind).or_default().n += n;
        }
    }

    /// Of how much something is not in force.
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
            for line in &seen.named {
                text.push_str("\n  ");
                text.push_str(line);
            }
            let n_named = seen.named.len() as u64;
            if n_named > 0 && seen.n > n_named {
                let more = format!("\n  and {} more", seen.n - n_named);
                text.push_str(&more);
            }
            if let Some(cure) = kind.cure() {
                text.push_str("\nhint: ");
                text.push_str(cure);
            }
            wo_cli::warn!("{text}");
        }
    }
}
