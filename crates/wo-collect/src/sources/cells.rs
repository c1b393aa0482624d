//! What the cells of one row say.

use std::collections::BTreeSet;
use std::path::Path;

use wo_cli::{Message, message};
use wo_folder::{Sheet, SheetRow, WrittenLabel, unquoted};
use wo_label::nearest;
use wo_record::{BAD_FORM, Name};

use super::address::Address;
use super::columns::COLUMNS;
use super::section::Section;
use crate::provenance::Said;

/// Longer names are a mistake, and too long for names of folders.
const MAX_NAME: usize = 60;

/// What rows are read against.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// The folder of the table.
    pub(super) folder: &'a Path,
    /// The exercises that have a folder.
    pub(super) exercises: &'a BTreeSet<Name>,
}

/// The cells of a row by the names of their columns.
struct Cells<'a> {
    sheet: &'a Sheet,
    row: &'a SheetRow,
}

impl Cells<'_> {
    fn raw(&self, names: &[&str]) -> &str {
        let place = self.sheet.column(names);
        let cell = place.and_then(|place| self.row.cells.get(place));
        unquoted(cell.unwrap_or_default().trim()).trim()
    }

    fn other(&self, place: usize) -> &str {
        self.raw(COLUMNS.others.get(place).copied().unwrap_or_default())
    }

    fn text(&self, place: usize) -> Option<String> {
        Some(self.other(place).to_owned()).filter(|text| !text.is_empty())
    }
}

/// What a row says, and where its video is.
pub(super) fn read(
    sheet: &Sheet,
    row: &SheetRow,
    known: &Known<'_>,
) -> Result<(Address, Said), Message> {
    let cells = Cells { sheet, row };
    let address = Address::of_cell(cells.raw(COLUMNS.key), known.folder)?;
    let label = label(cells.other(1))?;
    let section = Section::of_cells(cells.other(6), cells.other(7))?;
    let said = Said {
        url: address.text().to_owned(),
        exercise: exercise(cells.other(0), known.exercises)?,
        faults: faults(cells.other(2), &label)?,
        label,
        person: person(cells.text(3))?,
        source: cells.text(4),
        angle: cells.text(5),
        start_s: section.start_s,
        end_s: section.end_s,
        licence: cells.text(8),
        consent: cells.text(9),
        note: cells.text(10),
    };
    Ok((address, said))
}

fn person(cell: Option<String>) -> Result<Option<String>, Message> {
    if cell.as_ref().is_some_and(|it| it.len() > Name::MAX_BYTES) {
        return Err(message!(
            "the person has more than {} bytes", Name::MAX_BYTES;
            "write a shorter name"
        ));
    }
    Ok(cell)
}

fn exercise(cell: &str, known: &BTreeSet<Name>) -> Result<Name, Message> {
    let name = Name::new(cell);
    if name.is_empty() {
        return Err(message!("no exercise"; "write one, such as squat"));
    }
    if known.contains(&name) {
        return Ok(name);
    }
    let cure = match nearest(name.as_str(), known.iter().map(Name::as_str)) {
        Some(meant) => format!("if {meant} is meant, write that"),
        None => format!("wo-collect add-exercise {name}"),
    };
    Err(message!("the exercise {name} has no folder"; "{cure}"))
}

fn label(cell: &str) -> Result<Name, Message> {
    match WrittenLabel::of(cell) {
        WrittenLabel::Known(name) | WrittenLabel::New(name) if name.as_str().len() <= MAX_NAME => {
            Ok(name)
        }
        WrittenLabel::Known(_) | WrittenLabel::New(_) | WrittenLabel::TooLong(_) => Err(message!(
            "the label has more than {MAX_NAME} bytes";
            "write a shorter one, and the rest as a note"
        )),
        WrittenLabel::Misspelt { written, meant } => Err(message!(
            "no label is called {written}";
            "if {meant} is meant, write that"
        )),
        WrittenLabel::None => Err(message!("no label"; "write good_form, bad_form or unclear")),
    }
}

fn faults(cell: &str, label: &Name) -> Result<Vec<Name>, Message> {
    let mut faults: Vec<Name> = Vec::new();
    for name in cell.split([';', ',', '|']).map(Name::new) {
        if !name.is_empty() && !faults.contains(&name) {
            faults.push(name);
        }
    }
    if !faults.is_empty() && label.as_str() != BAD_FORM {
        return Err(message!(
            "faults beside the label {label}";
            "only bad_form has faults: change the label, or empty the cell"
        ));
    }
    if faults.iter().map(|it| it.as_str().len()).sum::<usize>() > MAX_NAME * 3 {
        return Err(message!("the faults are too long"; "write names, such as knees_cave"));
    }
    Ok(faults)
}
