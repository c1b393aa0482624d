//! What an export does not hold: frames that its format has no place for, and what people said beside the labels.

use std::collections::HashSet;
use std::path::Path;

use wo_cli::count;

use crate::args::Format;
use crate::store::Store;

/// How many frames are in an export, and how many are not, by the reason.
#[derive(Debug)]
pub(super) struct Excluded {
    format: Format,
    n_frames: u64,
    n_deleted: u64,
    n_without_label: u64,
    /// Frames whose picture is in their record.
    n_without_file: u64,
    n_unspeakable: u64,
    /// Frames whose picture is another frame's too.
    n_shared: u64,
    n_notes: u64,
    n_reviewers: usize,
}

impl Excluded {
    pub(super) fn of(store: &Store, format: Format) -> Self {
        let mut left_out = Self {
            format,
            n_frames: 0,
            n_deleted: 0,
            n_without_label: 0,
            n_without_file: 0,
            n_unspeakable: 0,
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
                _ if judgement.deleted => &mut left_out.n_deleted,
                None if needs_text => &mut left_out.n_without_file,
                Some(path) if needs_text && path.to_str().is_none() => &mut left_out.n_unspeakable,
                _ if format == Format::Csv && judgement.label.is_none() => {
                    &mut left_out.n_without_label
                }
                _ if is_shared => &mut left_out.n_shared,
                _ => &mut left_out.n_frames,
            };
            *n += 1;
            if !judgement.deleted {
                left_out.n_notes += u64::from(judgement.note.is_some());
                paths.extend(path.filter(|_| judgement.label.is_some()));
            }
        }
        left_out
    }

    /// Says it; of so many frames the picture could not be read.
    pub(super) fn say(&self, name: &str, n_failed: u64) {
        let n_frames = self.n_frames.saturating_sub(n_failed);
        let mut text = format!("{name}: {}", count(n_frames, "frame"));
        let left_out: Vec<String> = [
            (self.n_deleted, "deleted"),
            (self.n_without_label, "without a label"),
            (self.n_without_file, "with a picture in the records alone"),
            (self.n_unspeakable, "whose path is no UTF-8"),
            (self.n_shared, "with the picture of another frame"),
            (n_failed, "whose picture cannot be read"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
        if !left_out.is_empty() {
            text.push_str("; not in it: ");
            text.push_str(&left_out.join(", "));
        }
        if self.n_without_label > 0 {
            text.push_str("\nhint: --to ndjson has frames without a label too");
        }
        if self.n_without_file > 0 {
            text.push_str("\nhint: --to imagefolder has pictures that are in records too");
        }
        wo_cli::say!("{text}");
        let lost: Vec<String> = self.lost();
        if !lost.is_empty() {
            wo_cli::say!(
                "{name}: the format does not hold {}; reviews.ndjson does",
                lost.join(", ")
            );
        }
    }

    /// What people said that the format cannot hold.
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
