//! CSVs that override records: what a person wrote in a spreadsheet wins.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, ExitWith};
use wo_label::{Captions, says_nothing_seen};
use wo_record::{Name, Row, read_table};

use crate::place::Place;

/// What the rows of all CSVs say, by frame.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    rows: Vec<Override>,
    by_place: HashMap<PathBuf, usize>,
    by_text: HashMap<PathBuf, usize>,
}

/// What one row says. An empty cell says nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Override {
    pub(crate) label: Option<Name>,
    pub(crate) faults: Vec<Name>,
    pub(crate) description: Option<String>,
    frame_path: String,
    met: bool,
}

impl Overrides {
    /// Reads CSVs; where two rows are about one frame, the last one counts.
    pub(crate) fn read(files: &[PathBuf], captions: &Captions) -> anyhow::Result<Self> {
        let mut overrides = Self::default();
        for file in files {
            let name = file.display();
            let input = File::open(file)
                .with_context(|| format!("open {name}"))
                .exit_with(Exit::Io)?;
            let rows = read_table(input).with_context(|| format!("read {name}"))?;
            let place =
                Place::of(Some(file)).with_context(|| format!("find the folder of {name}"))?;
            warn_of_blind_descriptions(file, &rows, captions);
            let n_contrary = rows
                .into_iter()
                .filter(|row| overrides.add(row, &place))
                .count();
            if n_contrary > 0 {
                wo_cli::warn!(
                    "{name}: {n_contrary} rows give a frame another label than a row before; the last one counts"
                );
            }
        }
        Ok(overrides)
    }

    /// What is said of the frame with this image, named so and lying there.
    pub(crate) fn of_frame(&mut self, text: &Path, absolute: &Path) -> Option<&Override> {
        let row = *self
            .by_place
            .get(absolute)
            .or_else(|| self.by_text.get(text))?;
        let row = self.rows.get_mut(row)?;
        row.met = true;
        Some(row)
    }

    /// Says how many rows were about no frame.
    pub(crate) fn warn_of_unmet(&self) {
        let mut unmet = self.rows.iter().filter(|row| !row.met);
        if let Some(first) = unmet.next() {
            let (n_unmet, n_rows) = (1 + unmet.count(), self.rows.len());
            wo_cli::warn!(
                "{n_unmet} of {n_rows} CSV rows matched no frame, the first one is {}",
                first.frame_path
            );
        }
    }

    /// Takes a row in. True when an earlier row gives the same frame another label.
    fn add(&mut self, row: &Row, place: &Place) -> bool {
        let new = Override::of(row);
        let text = PathBuf::from(&row.frame_path);
        match self.by_place.entry(place.resolve(&text)) {
            Entry::Occupied(old) => {
                let Some(old) = self.rows.get_mut(*old.get()) else {
                    return false;
                };
                let contrary = old.label.is_some() && new.label.is_some() && old.label != new.label;
                *old = new;
                contrary
            }
            Entry::Vacant(free) => {
                free.insert(self.rows.len());
                self.by_text.insert(text, self.rows.len());
                self.rows.push(new);
                false
            }
        }
    }
}

impl Override {
    fn of(row: &Row) -> Self {
        let faults = row
            .faults
            .split([';', ','])
            .map(Name::new)
            .filter(|name| !name.is_empty());
        Self {
            label: Some(Name::label(&row.label)).filter(|label| !label.is_empty()),
            faults: faults.collect(),
            description: Some(row.description.clone()).filter(|text| !text.is_empty()),
            frame_path: row.frame_path.clone(),
            met: false,
        }
    }
}

/// Says once for a file when descriptions only judge: a model cannot see a verdict.
fn warn_of_blind_descriptions(file: &Path, rows: &[Row], captions: &Captions) {
    let mut blind = rows
        .iter()
        .filter(|row| !row.description.is_empty() && says_nothing_seen(&row.description, captions));
    if let Some(first) = blind.next() {
        wo_cli::warn!(
            "{}: {} of {} descriptions say only good or bad and nothing that can be seen, such as \"{}\"\n\
             hint: leave the cell empty for a description from the captions table",
            file.display(),
            1 + blind.count(),
            rows.len(),
            first.description
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(frame_path: &str, label: &str, faults: &str) -> Row {
        Row {
            frame_path: frame_path.to_owned(),
            label: label.to_owned(),
            description: String::new(),
            faults: faults.to_owned(),
        }
    }

    fn label_of(overrides: &mut Overrides, text: &str, absolute: &str) -> Option<String> {
        let row = overrides.of_frame(Path::new(text), Path::new(absolute))?;
        row.label.as_ref().map(Name::to_string)
    }

    #[test]
    fn a_row_is_found_by_place_and_by_text() {
        let place = Place::of(Some(Path::new("/labels/l.csv"))).unwrap();
        let mut overrides = Overrides::default();
        overrides.add(&row("../frames/a.jpg", "good", ""), &place);
        overrides.add(&row("b.jpg", "bad", ""), &place);
        assert_eq!(
            label_of(&mut overrides, "a.jpg", "/frames/a.jpg").as_deref(),
            Some("good_form")
        );
        assert_eq!(
            label_of(&mut overrides, "b.jpg", "/elsewhere/b.jpg").as_deref(),
            Some("bad_form")
        );
        assert_eq!(
            label_of(&mut overrides, "b.jpg", "/labels/b.jpg").as_deref(),
            Some("bad_form")
        );
        assert_eq!(label_of(&mut overrides, "./c.jpg", "/frames/c.jpg"), None);
    }

    #[test]
    fn the_last_row_of_a_frame_counts() {
        let place = Place::of(None).unwrap();
        let mut overrides = Overrides::default();
        assert!(!overrides.add(&row("a.jpg", "good", ""), &place));
        assert!(!overrides.add(&row("./a.jpg", "good_form", ""), &place));
        assert!(!overrides.add(&row("a.jpg", "", ""), &place));
        assert!(!overrides.add(&row("a.jpg", "good", ""), &place));
        assert!(overrides.add(&row("x/../a.jpg", "bad", "knees_cave; Heels Lift,"), &place));
        assert_eq!(overrides.rows.len(), 1);
        assert_eq!(
            overrides.rows[0].faults,
            ["knees_cave", "heels_lift"].map(Name::new)
        );
    }
}
