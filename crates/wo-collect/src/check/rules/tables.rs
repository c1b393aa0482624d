//! What is wrong with the tables: columns that nobody reads, rows that contradict each other, angles that are not known.

use std::collections::BTreeMap;
use std::path::Path;

use wo_cli::named;
use wo_record::{Name, same_id};

use crate::check::collection::Collection;
use crate::check::found::{Found, Rule};
use crate::groups::{GroupsRow, GroupsTable};
use crate::known_words::doubt_of_angle;

const COLUMN: Rule = Rule {
    code: "wrong_column",
    action: "mend columns of tables",
    weight: 12.0,
};
const CONTRADICTION: Rule = Rule {
    code: "contradicting_rows",
    action: "mend rows of groups.csv",
    weight: 15.0,
};
const ANGLE: Rule = Rule {
    code: "unknown_angle",
    action: "mend rows of groups.csv",
    weight: 1.0,
};

pub(super) fn of(collection: &Collection) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (table, trouble) in &collection.troubles {
        let what = format!("{}: {}", table.display(), trouble.text);
        let mut column = COLUMN.mend(what);
        column.finding.hint = trouble.hints.first().cloned();
        found.push(column);
    }
    for table in &collection.groups {
        found.extend(contradictions(table));
        found.extend(angles(table));
    }
    found
}

/// Of two rows of a table about one video only the first is read.
fn contradictions(table: &GroupsTable) -> Vec<Found> {
    let mut by_file: BTreeMap<&Path, Vec<&GroupsRow>> = BTreeMap::new();
    for row in table.rows.iter().filter(|row| row.is_there) {
        by_file.entry(&row.file).or_default().push(row);
    }
    let said = |row: &GroupsRow| {
        let id = |id: &Option<String>| id.as_deref().map(same_id);
        let angle = row.angle.as_deref().map(Name::new);
        (id(&row.person), id(&row.source), angle)
    };
    let differ = |rows: &&Vec<&GroupsRow>| {
        let first = rows.first().map(|row| said(row));
        rows.iter().any(|row| Some(said(row)) != first)
    };
    let rows = by_file.values().filter(differ);
    rows.map(|rows| {
        let lines = named(rows.iter().map(|row| row.line));
        let path = rows.first().map_or("", |row| row.written.as_str());
        let table = table.path.display();
        let what = format!("{table}: lines {lines} say different things of {path}");
        CONTRADICTION
            .mend(what)
            .n(rows.len())
            .hint("delete all of them but one")
    })
    .collect()
}

fn angles(table: &GroupsTable) -> Vec<Found> {
    let mut by_angle: BTreeMap<Name, Vec<u64>> = BTreeMap::new();
    for row in &table.rows {
        if let Some(angle) = row.angle.as_deref() {
            by_angle.entry(Name::new(angle)).or_default().push(row.line);
        }
    }
    let found = by_angle.iter().filter_map(|(angle, lines)| {
        let doubt = doubt_of_angle(angle)?;
        let lines_named = named(lines);
        let table = table.path.display();
        let what = format!("{table}: {}: line {lines_named}", doubt.text);
        let mut found = ANGLE.note(what).n(lines.len());
        found.finding.hint = doubt.hints.into_iter().next();
        Some(found)
    });
    found.collect()
}
