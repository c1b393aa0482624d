//! Warnings about rows that have no effect, each with what to do.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use wo_cli::{Exit, Message, count, error, message, named, verb};
use wo_record::Name;

use crate::names::{TRASH, has_ending, own_image};
use crate::paths::files::Files;
use crate::paths::nearest::WithNearest;
use crate::tables::table::Table;
use crate::trash::Trash;

/// A row that matches no frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unmet<'a> {
    /// The key of the file that it names.
    pub(crate) key: &'a Path,
    /// Where it is.
    pub(crate) table: &'a Path,
    pub(crate) line: u64,
    /// The file as it is written.
    pub(crate) path: &'a str,
}

impl Unmet<'_> {
    /// The row and where it stands.
    fn place(&self) -> String {
        format!("{}:{}: {}", self.table.display(), self.line, self.path)
    }

    /// Whether the image lies in the trash of its folder, or the record of its frame does.
    fn is_deleted(&self, files: &Files, thrown: &HashSet<PathBuf>) -> bool {
        let dir = files.base().path();
        let path = self.key.strip_prefix(dir).ok();
        let is_thrown = |path: &Path| dir.join(TRASH).join(path).exists() && !self.key.exists();
        thrown.contains(self.key) || path.is_some_and(is_thrown)
    }
}

/// The keys of images whose frames are in the trash. Errors of the trash are reported elsewhere.
fn thrown(files: &Files) -> HashSet<PathBuf> {
    let trash = Trash::read(files.base().path()).unwrap_or_default();
    let frames = trash.videos.values().flatten();
    let images = frames.filter_map(|lines| own_image(lines.frame()?));
    images.map(|image| files.key(image)).collect()
}

/// What has no effect in a table, and how to correct it.
pub(crate) fn troubles(path: &Path, table: &Table) -> Vec<Message> {
    let name = path.display();
    let like_it = |n: usize| format!("{} like it", count(n, "row"));
    let columns = table.column_troubles.iter();
    let columns = columns.map(|it| it.clone().about(&name));
    let mut troubles: Vec<Message> = columns.collect();
    if let Some((line, written, meant)) = table.misspelt_labels.first() {
        troubles.push(message!(
            "{name}:{line}: `{written}` is no label, so the label stays as it was ({})",
            like_it(table.misspelt_labels.len());
            "if you mean `{meant}`, write that"
        ));
    }
    if let Some((line, written)) = table.no_labels.first() {
        troubles.push(message!(
            "{name}:{line}: `{written}` is no label, so the label stays as it was ({})",
            like_it(table.no_labels.len());
            "write good_form, bad_form or unclear, or empty the cell"
        ));
    }
    if let Some(line) = table.too_long.first() {
        troubles.push(message!(
            "{name}:{line}: a label or fault is longer than {} bytes and has no effect ({})",
            Name::MAX_BYTES,
            like_it(table.too_long.len());
            "give it a shorter name; a remark belongs into the description"
        ));
    }
    if let Some(line) = table.contrary.first() {
        troubles.push(message!(
            "{name}:{line}: faults beside a label other than bad_form have no effect ({})",
            like_it(table.contrary.len());
            "label the frame bad_form, or empty the cell"
        ));
    }
    if table.is_guessed {
        troubles.push(message!(
            "{name}: read as Windows-1252";
            "if letters with accents look wrong, save it as \"CSV UTF-8\" in the spreadsheet"
        ));
    }
    troubles
}

/// A label that the tools do not know.
#[derive(Debug, Clone)]
pub(crate) struct NewLabel {
    /// How many rows give it.
    pub(crate) n_rows: usize,
    /// The first of them, as table and line.
    pub(crate) first: String,
}

/// Warns of new labels.
pub(crate) fn say_new_labels(labels: &BTreeMap<Name, NewLabel>) {
    for (label, NewLabel { n_rows, first }) in labels {
        wo_cli::warn!(
            "{first}: {} {} the new label {label}; the tools know good_form, bad_form and unclear",
            count(n_rows, "row"),
            verb(n_rows, "gives", "give")
        );
    }
}

/// Warns of rows (out of `n_rows`) that match no frame, with the paths that may be meant.
pub(crate) fn say_unmet(unmet: &[Unmet<'_>], n_rows: usize, files: &Files) {
    if unmet.is_empty() {
        return;
    }
    let thrown = thrown(files);
    let (deleted, other): (Vec<Unmet<'_>>, Vec<Unmet<'_>>) =
        unmet.iter().partition(|row| row.is_deleted(files, &thrown));
    if !deleted.is_empty() {
        let n = deleted.len();
        wo_cli::warn!(
            "{} {} of {} and {} nothing: {}",
            count(n, "row"),
            verb(n, "is", "are"),
            verb(n, "a deleted frame", "deleted frames"),
            verb(n, "changes", "change"),
            named(deleted.iter().map(Unmet::place));
            "to restore frames that were deleted by hand, with their rows, run the wo-extract command that made {} with --restore; restore the others on the page of wo-review",
            wo_cli::shell_word(&files.shown())
        );
    }
    if other.is_empty() {
        return;
    }
    let paths = files.paths();
    let images: Vec<&str> = paths
        .iter()
        .map(String::as_str)
        .filter(|path| has_ending(Path::new(path), &["jpg", "jpeg", "png", "webp"]))
        .collect();
    let with_nearest = other.iter().map(|row| WithNearest {
        place: row.place(),
        written: row.path,
        known: &images,
    });
    wo_cli::warn!(
        "{} of {} {} no frame, so {} nothing: {}",
        other.len(),
        count(n_rows, "row"),
        verb(other.len(), "names", "name"),
        verb(other.len(), "it changes", "they change"),
        named(with_nearest);
        "frame_path holds the path of the frame; correct it or delete the row"
    );
}

/// Two rows that contradict each other, in the order of the first table's lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Contradiction {
    /// The table and the line.
    pub(crate) row: (PathBuf, u64),
    pub(crate) other: (PathBuf, u64),
    pub(crate) frame: String,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((table, line), (other, other_line)) = (&self.row, &self.other);
        write!(
            formatter,
            "{}:{line} and {}:{other_line} on {}",
            table.display(),
            other.display(),
            self.frame
        )
    }
}

/// The error that tables contradict each other.
pub(crate) fn contradiction_error(examples: &BTreeSet<Contradiction>) -> anyhow::Error {
    let error = error!(
        Exit::Integrity,
        "two tables contradict each other on {}: {}",
        count(examples.len(), "frame"),
        named(examples);
        "delete the table that is a copy, or one of the two rows"
    );
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_in_the_order_of_their_lines() {
        let of_line = |line: u64| Contradiction {
            row: ("b.csv".into(), line),
            other: ("a.csv".into(), 20 - line),
            frame: format!("{}.jpg", 20 - line),
        };
        let examples = [10, 9, 2].map(of_line).into();
        let error = contradiction_error(&examples).to_string();
        let places = ["b.csv:2 and a.csv:18 on 18.jpg", "b.csv:9 ", "b.csv:10 "];
        let found = places.map(|place| error.find(place).unwrap());
        assert!(found.is_sorted(), "{error}");
    }
}
