//! What a captions table has no words for, and the entry that gives it some.

use std::collections::BTreeMap;
use std::fmt::Write;

use wo_record::{BAD_FORM, GOOD_FORM, Name, UNCLEAR};

use super::{Captions, named};
use crate::nearest::nearest;

/// A label or a fault of an exercise for which a table has no words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wordless {
    /// The exercise.
    pub exercise: Name,
    /// What of it.
    pub what: What,
}

/// What has no words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A label; bad form of which nobody named a fault, too.
    Label(Name),
    /// A fault.
    Fault(Name),
}

impl Captions {
    /// What of a class the table has no words for. Unclear frames need none, since nothing is trained on them.
    pub fn wordless(&self, exercise: &Name, label: &Name, faults: &[Name]) -> Vec<Wordless> {
        let wordless = |what| Wordless {
            exercise: exercise.clone(),
            what,
        };
        let entry = self.exercises.get(exercise);
        let faults = named(faults);
        if label.as_str() == BAD_FORM && !faults.is_empty() {
            let is_known = |fault: &&Name| entry.is_some_and(|it| it.faults.contains_key(*fault));
            let unknown = faults.into_iter().filter(|fault| !is_known(fault));
            return unknown
                .map(|fault| wordless(What::Fault(fault.clone())))
                .collect();
        }
        let has_words = entry.is_some_and(|it| it.labels.contains_key(label));
        if has_words || label.as_str() == UNCLEAR {
            return Vec::new();
        }
        vec![wordless(What::Label(label.clone()))]
    }

    /// What a person may have meant by a name that has no words.
    pub fn meant_by<'a>(&'a self, wordless: &'a Wordless) -> Option<&'a str> {
        let Wordless { exercise, what } = wordless;
        let Some(entry) = self.exercises.get(exercise) else {
            return nearest(exercise.as_str(), self.exercises().map(Name::as_str));
        };
        match what {
            What::Fault(fault) => nearest(fault.as_str(), entry.faults.keys().map(Name::as_str)),
            What::Label(label) => {
                let own = entry.labels.keys().map(Name::as_str);
                nearest(label.as_str(), own.chain([GOOD_FORM, BAD_FORM, UNCLEAR]))
            }
        }
    }

    /// The entries that give words to all of these, to be added to the end of a file. Their words are samples.
    pub fn entries_for<'a>(&self, wordless: impl IntoIterator<Item = &'a Wordless>) -> String {
        let mut by_exercise: BTreeMap<&Name, Vec<&What>> = BTreeMap::new();
        for Wordless { exercise, what } in wordless {
            by_exercise.entry(exercise).or_default().push(what);
        }
        let mut text = String::new();
        for (exercise, mut whats) in by_exercise {
            let section = format!("exercises.{}", toml_key(exercise));
            // Only where a file cannot have this section yet, or TOML would find it twice.
            if !self.exercises.contains_key(exercise) {
                let is_form = |what: &&What| short_key(what).is_some();
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
                    What::Label(label) => ("labels", label),
                    What::Fault(fault) => ("faults", fault),
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

impl What {
    /// The name of the label or the fault.
    pub fn name(&self) -> &Name {
        match self {
            Self::Label(name) | Self::Fault(name) => name,
        }
    }
}

/// The key right in the section of an exercise, for the two labels that have one.
fn short_key(what: &What) -> Option<&'static str> {
    match what {
        What::Label(label) if label.as_str() == GOOD_FORM => Some("good"),
        What::Label(label) if label.as_str() == BAD_FORM => Some("bad"),
        _ => None,
    }
}

/// Words to start from. What good and bad form look like in an exercise that nobody described, only a person can say.
fn sample(what: &What) -> String {
    match (short_key(what), what) {
        (Some("good"), _) => "a straight back and a full, steady movement".to_owned(),
        (Some(_), _) => "a bent back and a short, uneven movement".to_owned(),
        (None, What::Label(label)) => format!("a lifter in a {}", label.words()),
        (None, What::Fault(fault)) => fault.words(),
    }
}

/// A name as a key of TOML, which takes only ASCII without quotes.
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
