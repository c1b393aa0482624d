//! Labels and faults that a captions table has no words for, and the entries to add.

use std::collections::BTreeMap;
use std::fmt::Write;

use wo_record::{BAD_FORM, GOOD_FORM, Name, UNCLEAR};

use super::{Captions, named};
use crate::nearest::nearest;

/// A label or a fault of an exercise for which a table has no words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingWords {
    /// The exercise.
    pub exercise: Name,
    /// The label or fault.
    pub what: MissingEntry,
}

/// The entry that is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MissingEntry {
    /// A label. Also `bad_form` of a frame without a named fault.
    Label(Name),
    /// A fault.
    Fault(Name),
}

impl Captions {
    /// The entries that the table lacks for a class. Unclear frames need none, since nothing is trained on them.
    pub fn missing_words(
        &self,
        exercise: &Name,
        label: &Name,
        faults: &[Name],
    ) -> Vec<MissingWords> {
        let wordless = |what| MissingWords {
            exercise: exercise.clone(),
            what,
        };
        let entry = self.exercises.get(exercise);
        let faults = named(faults);
        if label.as_str() == BAD_FORM && !faults.is_empty() {
            let is_known = |fault: &&Name| entry.is_some_and(|it| it.faults.contains_key(*fault));
            let unknown = faults.into_iter().filter(|fault| !is_known(fault));
            return unknown
                .map(|fault| wordless(MissingEntry::Fault(fault.clone())))
                .collect();
        }
        let has_words = entry.is_some_and(|it| it.labels.contains_key(label));
        if has_words || label.as_str() == UNCLEAR {
            return Vec::new();
        }
        vec![wordless(MissingEntry::Label(label.clone()))]
    }

    /// A known name that a person may have misspelt.
    pub fn suggestion_for<'a>(&'a self, wordless: &'a MissingWords) -> Option<&'a str> {
        let MissingWords { exercise, what } = wordless;
        let Some(entry) = self.exercises.get(exercise) else {
            return nearest(exercise.as_str(), self.exercises().map(Name::as_str));
        };
        match what {
            MissingEntry::Fault(fault) => {
                nearest(fault.as_str(), entry.faults.keys().map(Name::as_str))
            }
            MissingEntry::Label(label) => {
                let own = entry.labels.keys().map(Name::as_str);
                nearest(label.as_str(), own.chain([GOOD_FORM, BAD_FORM, UNCLEAR]))
            }
        }
    }

    /// The entries to add to the end of a file, with sample words.
    pub fn entries_for<'a>(&self, wordless: impl IntoIterator<Item = &'a MissingWords>) -> String {
        let mut by_exercise: BTreeMap<&Name, Vec<&MissingEntry>> = BTreeMap::new();
        for MissingWords { exercise, what } in wordless {
            by_exercise.entry(exercise).or_default().push(what);
        }
        let mut text = String::new();
        for (exercise, mut whats) in by_exercise {
            let section = format!("exercises.{}", toml_key(exercise));
            // Only if the table does not have this section yet, since TOML rejects it twice.
            if !self.exercises.contains_key(exercise) {
                let is_form = |what: &&MissingEntry| short_key(what).is_some();
                let (forms, rest): (Vec<_>, Vec<_>) = whats.into_iter().partition(is_form);
                whats = rest;
                if !forms.is_empty() {
                    put(&mut text, format_args!("[{section}]"));
                }
                for what in forms {
                    let key = short_key(what).unwrap_or_default();
                    put(&mut text, format_args!("{key} = [\"{}\"]", sample(what)));
                }
            }
            for what in whats {
                let (kind, name) = match what {
                    MissingEntry::Label(label) => ("labels", label),
                    MissingEntry::Fault(fault) => ("faults", fault),
                };
                put(
                    &mut text,
                    format_args!("[{section}.{kind}.{}]", toml_key(name)),
                );
                let sample = sample(what);
                put(&mut text, format_args!("observations = [\"{sample}\"]"));
            }
        }
        text
    }
}

impl MissingEntry {
    /// The name of the label or the fault.
    pub fn name(&self) -> &Name {
        match self {
            Self::Label(name) | Self::Fault(name) => name,
        }
    }
}

/// The short key of good and bad form in the section of an exercise.
fn short_key(what: &MissingEntry) -> Option<&'static str> {
    match what {
        MissingEntry::Label(label) if label.as_str() == GOOD_FORM => Some("good"),
        MissingEntry::Label(label) if label.as_str() == BAD_FORM => Some("bad"),
        _ => None,
    }
}

/// Sample words. Only a person can describe good and bad form of an exercise that the table lacks.
fn sample(what: &MissingEntry) -> String {
    match (short_key(what), what) {
        (Some("good"), _) => "a straight back and a full, steady movement".to_owned(),
        (Some(_), _) => "a bent back and a short, uneven movement".to_owned(),
        (None, MissingEntry::Label(label)) => format!("a lifter in a {}", label.words()),
        (None, MissingEntry::Fault(fault)) => fault.words(),
    }
}

/// A name as a TOML key, in quotes unless it is ASCII.
pub fn toml_key(name: &Name) -> String {
    if name.as_str().is_ascii() {
        name.to_string()
    } else {
        format!("\"{name}\"")
    }
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
