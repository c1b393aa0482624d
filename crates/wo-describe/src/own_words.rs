//! Descriptions that people wrote, and what a model can make of them.

use std::collections::BTreeMap;
use std::path::Path;

use wo_folder::{Corrections, Row, exercise_of_image, exercise_of_table};
use wo_label::says_nothing_seen;

/// Says once for a table when descriptions only judge: a model cannot see a verdict.
pub(crate) fn warn_of_blind_descriptions(corrections: &Corrections) {
    let captions = corrections.captions();
    // What a tool wrote into a row is nobody's own.
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
        let blind = |text: &&&str| says_nothing_seen(text, captions);
        let mut found = texts.iter().filter(blind);
        if let Some(first) = found.next() {
            wo_cli::warn!(
                "{}: {} of {} descriptions say only good or bad and nothing that can be seen, such as \"{first}\"\n\
                 hint: leave the cell empty for a description from the captions table",
                table.display(),
                1 + found.count(),
                texts.len(),
            );
        }
    }
}
