//! What an export excludes: frames that the format cannot hold, and what reviewers wrote besides labels.

use std::collections::HashSet;
use std::path::Path;

use wo_cli::{Message, count};

use crate::export::format::Format;
use crate::store::Store;

/// The numbers of exported frames, and of excluded ones by reason.
#[derive(Debug)]
pub(super) struct Excluded {
    format: Format,
    n_frames: u64,
    n_deleted: u64,
    n_without_label: u64,
    /// Frames with an inline image.
    n_without_file: u64,
    n_not_utf8: u64,
    /// Frames that share an image with another frame.
    n_shared: u64,
    n_notes: u64,
    n_reviewers: usize,
}

impl Excluded {
    pub(super) fn of(store: &Store, format: Format) -> Self {
        let mut excluded = Self {
            format,
            n_frames: 0,
            n_deleted: 0,
            n_without_label: 0,
            n_without_file: 0,
            n_not_utf8: 0,
            n_shared: 0,
            n_notes: 0,
            n_reviewers: store.reviewers.len(),
        };
        let needs_text = matches!(format, Format::Csv | Format::LabelStudio);
        let mut paths: HashSet<&Path> = HashSet::new();
        for (_, frame, judgement) in store.labelled() {
            let path = frame.path.as_deref();
            let is_shared = format == Format::Csv && path.is_some_and(|it| paths.contains(it));
            let n = match path {
                _ if judgement.deleted => &mut excluded.n_deleted,
                None if needs_text => &mut excluded.n_without_file,
                Some(path) if needs_text && path.to_str().is_none() => &mut excluded.n_not_utf8,
                _ if format == Format::Csv && judgement.label.is_none() => {
                    &mut excluded.n_without_label
                }
                _ if is_shared => &mut excluded.n_shared,
                _ => &mut excluded.n_frames,
            };
            *n += 1;
            if !judgement.deleted {
                excluded.n_notes += u64::from(judgement.note.is_some());
                paths.extend(path.filter(|_| judgement.label.is_some()));
            }
        }
        excluded
    }

    /// Prints the numbers. `n_failed` images could not be read.
    pub(super) fn say(&self, name: &str, n_failed: u64) {
        let n_frames = self.n_frames.saturating_sub(n_failed);
        let mut text = format!("{name}: {}", count(n_frames, "frame"));
        let excluded: Vec<String> = [
            (self.n_deleted, "deleted"),
            (self.n_without_label, "without a label"),
            (self.n_without_file, "with an inline image"),
            (self.n_not_utf8, "whose path is not UTF-8"),
            (self.n_shared, "with the image of another frame"),
            (n_failed, "whose image cannot be read"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
        if !excluded.is_empty() {
            text.push_str("; excluded: ");
            text.push_str(&excluded.join(", "));
        }
        let hints = [
            (
                self.n_without_label,
                "--to ndjson includes frames without a label",
            ),
            (
                self.n_without_file,
                "--to imagefolder includes inline images",
            ),
        ];
        let hints = hints.into_iter().filter(|(n, _)| *n > 0);
        let message = Message::new(text).hints(hints.map(|(_, hint)| hint));
        wo_cli::say_line(&message);
        let lost: Vec<String> = self.lost();
        if !lost.is_empty() {
            wo_cli::say!(
                "{name}: the format excludes {}; reviews.ndjson has them",
                lost.join(", ")
            );
        }
    }

    /// What reviewers wrote that the format cannot hold.
    fn lost(&self) -> Vec<String> {
        let mut lost = Vec::new();
        if self.format == Format::LabelStudio {
            if self.n_reviewers > 0 {
                let reviewers = count(self.n_reviewers, "reviewer");
                lost.push(format!("who decided what ({reviewers})"));
            }
            if self.n_deleted > 0 {
                lost.push(format!("deletions ({})", self.n_deleted));
            }
        } else if self.n_notes > 0 {
            lost.push(format!("notes ({})", self.n_notes));
        }
        lost
    }
}
