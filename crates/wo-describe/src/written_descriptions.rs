//! Descriptions that people wrote into CSVs.

use std::collections::BTreeMap;
use std::path::Path;

use wo_folder::{Corrections, Row, exercise_of_image, exercise_of_table};
use wo_label::describes_nothing_visible;

/// Warns once a table about descriptions that only judge. Such words do not help an image model.
pub(crate) fn warn_of_judging_descriptions(corrections: &Corrections) {
    let captions = corrections.captions();
    // A description that a captions table made was not written by a person.
    let is_made = |table: &Path, row: &Row, text: &str| {
        let stem = table.file_stem().and_then(|it| it.to_str());
        let image = Path::new(&row.frame_path);
        let exercise = stem.and_then(exercise_of_table);
        let exercise = exercise.or_else(|| exercise_of_image(image));
        let class = exercise.as_ref().zip(row.label.as_ref());
        class.is_some_and(|(exercise, label)| captions.makes(text, exercise, label, &row.faults))
    };
    let mut tables: BTreeMap<&Path, Vec<&str>> = BTreeMap::new();
    for (table, row) in corrections.rows() {
        if let Some(text) = row
            .description
            .as_deref()
            .filter(|it| !is_made(table, row, it))
        {
            tables.entry(table).or_default().push(text);
        }
    }
    for (table, texts) in tables {
        let blind = |text: &&&str| describes_nothing_visible(text, captions);
        let mut found = texts.iter().filter(blind);
        if let Some(first) = found.next() {
            wo_cli::warn!(
                "{}: {} of {} descriptions only judge and describe nothing visible, such as \"{first}\"",
                table.display(),
                1 + found.count(),
                texts.len();
                "leave the cell empty for a description from the captions table"
            );
        }
    }
}
