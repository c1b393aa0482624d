//! The difference between a table and the built-in one, as a message.

use std::collections::BTreeMap;

use wo_record::{BAD_FORM, GOOD_FORM, Name};

use super::entry::{Exercise, Fault};
use super::phrasing::Phrasing;
use super::{BUILT_IN, Captions};
use crate::nearest::nearest;

/// At most this many names are listed; the rest is counted.
const MAX_LISTED: usize = 12;

/// The kind and the name of an entry.
type EntryKey<'a> = (&'static str, &'a str);
/// Phrasings, and for a fault the issue.
type Words<'a> = (&'a [String], Option<&'a String>);

impl Captions {
    /// The difference from the built-in table, such as `adds lunge; changes squat.faults.knees_cave`. `None` if they are equal.
    pub fn difference(&self) -> Option<String> {
        let (mut adds, mut changes, mut lacks) = (Vec::new(), Vec::new(), Vec::new());
        for (name, entry) in &self.exercises {
            let Some(known) = BUILT_IN.exercises.get(name) else {
                let known = BUILT_IN.exercises().map(Name::as_str);
                adds.push(format!("{name}{}", doubt(name.as_str(), known)));
                continue;
            };
            let (known, entry) = (words_of(known), words_of(entry));
            for (place @ (kind, own), words) in &entry {
                match known.get(place) {
                    None => {
                        let of_kind = known.keys().filter(|(other, _)| other == kind);
                        let doubt = doubt(own, of_kind.map(|&(_, name)| name));
                        adds.push(format!("{}{doubt}", path(name, place)));
                    }
                    Some(before) if before != words => changes.push(path(name, place)),
                    Some(_) => {}
                }
            }
            let gone = known.keys().filter(|place| !entry.contains_key(*place));
            lacks.extend(gone.map(|place| path(name, place)));
        }
        let gone = BUILT_IN
            .exercises()
            .filter(|it| !self.exercises.contains_key(it));
        lacks.extend(gone.map(Name::to_string));
        let of_kind = |kind: &Phrasing| self.phrasings.get(kind) != BUILT_IN.phrasings.get(kind);
        let phrasings = Phrasing::ALL.into_iter().filter(of_kind);
        changes.extend(phrasings.map(|kind| format!("phrasings.{}", kind.key())));
        let parts = [("adds", adds), ("changes", changes), ("lacks", lacks)];
        let said = parts.into_iter().filter(|(_, names)| !names.is_empty());
        let said: Vec<String> = said
            .map(|(verb, names)| format!("{verb} {}", listed(&names)))
            .collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// All words of an exercise.
fn words_of(exercise: &Exercise) -> BTreeMap<EntryKey<'_>, Words<'_>> {
    let mut words: BTreeMap<EntryKey<'_>, Words<'_>> = BTreeMap::new();
    for (name, ways) in &exercise.labels {
        words.insert(("labels", name.as_str()), (ways, None));
    }
    for (
        name,
        Fault {
            observations: ways,
            issue,
        },
    ) in &exercise.faults
    {
        words.insert(("faults", name.as_str()), (ways, issue.as_ref()));
    }
    words
}

/// The path of an entry in a file.
fn path(exercise: &Name, &(kind, name): &EntryKey<'_>) -> String {
    match (kind, name) {
        ("labels", GOOD_FORM) => format!("{exercise}.good"),
        ("labels", BAD_FORM) => format!("{exercise}.bad"),
        _ => format!("{exercise}.{kind}.{name}"),
    }
}

/// A question for new names that look like a misspelt known one.
fn doubt<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |near| format!(" (is {near} meant?)"))
}

fn listed(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(MAX_LISTED).map(String::as_str).collect();
    match names.len().saturating_sub(MAX_LISTED) {
        0 => first.join(", "),
        n_more => format!("{} and {n_more} more", first.join(", ")),
    }
}
