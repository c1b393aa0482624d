//! Descriptions that people wrote, and what a model can make of them.

use std::collections::BTreeMap;
use std::path::Path;

use wo_folder::Corrections;
use wo_label::says_nothing_seen;

/// Says once for a table when descriptions only judge: a model cannot see a verdict.
pub(crate) fn warn_of_blind_descriptions(corrections: &Corrections) {
    let mut tables: BTreeMap<&Path, Vec<&str>> = BTreeMap::new();
    for (table, text) in corrections.own_descriptions() {
        tables.entry(table).or_default().push(text);
    }
    for (table, texts) in tables {
        let blind = |text: &&&str| says_nothing_seen(text, corrections.captions());
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
