//! Reads a captions table that a person wrote. An unknown key is an error with its line, since a misspelt key would
//! otherwise be ignored silently.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};
use wo_record::{BAD_FORM, GOOD_FORM, Name};

use super::entry::{Exercise, Fault};
use super::phrasing::{Phrasing, Phrasings};
use crate::nearest::nearest;

/// Why a captions table cannot be used: all its errors, in the order of lines.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.0.join("\n"))]
pub struct CaptionsError(Vec<String>);

/// The contents of a file.
#[derive(Debug)]
pub(super) struct CaptionsFile {
    /// Whether the built-in exercises are included.
    pub(super) built_in: bool,
    pub(super) phrasings: Phrasings,
    pub(super) exercises: BTreeMap<Name, Exercise>,
}

impl CaptionsFile {
    /// Reads a file and checks that each description it can make is complete.
    pub(super) fn parse(text: &str) -> Result<Self, CaptionsError> {
        // Windows editors write a byte order mark, which TOML does not allow.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let table = DeTable::parse(text)
            .map_err(|e| CaptionsError(vec![e.to_string().trim_end().to_owned()]))?;
        let mut walk = Walk {
            text,
            problems: Vec::new(),
        };
        let file = walk.file(table.get_ref());
        if walk.problems.is_empty() {
            return Ok(file);
        }
        walk.problems.sort_by_key(|&(line, _)| line);
        let in_words = |(line, what)| format!("line {line}: {what}");
        Err(CaptionsError(
            walk.problems.into_iter().map(in_words).collect(),
        ))
    }
}

type Key<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// Reads a file and collects its errors.
struct Walk<'a> {
    text: &'a str,
    /// Lines and their errors.
    problems: Vec<(usize, String)>,
}

impl Walk<'_> {
    fn file(&mut self, table: &DeTable<'_>) -> CaptionsFile {
        let mut file = CaptionsFile {
            built_in: true,
            phrasings: Phrasings::new(),
            exercises: BTreeMap::new(),
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "built_in" => match value.get_ref() {
                    DeValue::Boolean(is_so) => file.built_in = *is_so,
                    _ => self.problem(&value.span(), "built_in is true or false"),
                },
                "phrasings" => file.phrasings = self.phrasings(value),
                "exercises" => file.exercises = self.exercises(value),
                other => {
                    let cure = nearest(other, ["built_in", "phrasings", "exercises"])
                        .map(|key| format!("write `{key}`"))
                        .or_else(|| is_table(value).then(|| format!("write [exercises.{other}]")));
                    self.unknown(
                        key,
                        "a captions table",
                        cure,
                        "built_in, phrasings and exercises",
                    );
                }
            }
        }
        file
    }

    fn phrasings(&mut self, value: &Value<'_>) -> Phrasings {
        let mut phrasings = Phrasings::new();
        for (key, value) in self.table("phrasings", value).into_iter().flatten() {
            let name = key.get_ref().as_ref();
            if let Some(kind) = Phrasing::ALL.into_iter().find(|it| it.key() == name) {
                phrasings.insert(kind, self.templates(kind, value));
                continue;
            }
            let keys = Phrasing::ALL.map(Phrasing::key);
            let cure = nearest(name, keys).map(|key| format!("write `{key}`"));
            self.unknown(key, "phrasings", cure, &keys.join(", "));
        }
        phrasings
    }

    /// Each template contains each blank of its kind and no other blank.
    fn templates(&mut self, kind: Phrasing, value: &Value<'_>) -> Vec<String> {
        let place = format!("phrasings.{}", kind.key());
        let templates = self.texts(&place, value);
        for (template, span) in &templates {
            let mut rest = template.clone();
            for blank in kind.blanks() {
                if !rest.contains(blank) {
                    self.problem(span, &format!("{place}: a template lacks {blank}"));
                }
                rest = rest.replace(blank, "");
            }
            if rest.contains(['{', '}']) {
                let what = format!("{place}: a template has an unknown blank");
                self.problem(span, &what);
            }
        }
        templates.into_iter().map(|(text, _)| text).collect()
    }

    fn exercises(&mut self, value: &Value<'_>) -> BTreeMap<Name, Exercise> {
        let mut exercises = BTreeMap::new();
        for (key, value) in self.table("exercises", value).into_iter().flatten() {
            let place = format!("exercises.{}", key.get_ref());
            let entry = self.exercise(&place, value);
            self.insert(&mut exercises, key, Name::new(key.get_ref()), entry, &place);
        }
        exercises
    }

    fn exercise(&mut self, place: &str, value: &Value<'_>) -> Exercise {
        let mut exercise = Exercise::default();
        for (key, value) in self.table(place, value).into_iter().flatten() {
            let name = key.get_ref().as_ref();
            let below = format!("{place}.{name}");
            match name {
                "good" | "bad" => {
                    let words = self.observations(&below, value);
                    self.insert(&mut exercise.labels, key, Name::label(name), words, &below);
                }
                "labels" => {
                    for (key, value) in self.table(&below, value).into_iter().flatten() {
                        let below = format!("{below}.{}", key.get_ref());
                        let words = self.fault(&below, value, &["observations"]).observations;
                        let label = Name::label(key.get_ref());
                        self.insert(&mut exercise.labels, key, label, words, &below);
                    }
                }
                "faults" => {
                    for (key, value) in self.table(&below, value).into_iter().flatten() {
                        let below = format!("{below}.{}", key.get_ref());
                        let fault = self.fault(&below, value, &["observations", "issue"]);
                        let name = Name::new(key.get_ref());
                        self.insert(&mut exercise.faults, key, name, fault, &below);
                    }
                }
                other => {
                    let cure = match Name::label(other).as_str() {
                        GOOD_FORM => Some("write `good`".to_owned()),
                        BAD_FORM => Some("write `bad`".to_owned()),
                        _ => nearest(other, ["good", "bad", "labels", "faults"])
                            .map(|key| format!("write `{key}`"))
                            .or_else(|| {
                                let of_fault = format!(
                                    "write [{place}.faults.{other}], or [{place}.labels.{other}] where it is a label"
                                );
                                is_table(value).then_some(of_fault)
                            }),
                    };
                    self.unknown(key, place, cure, "good, bad, labels and faults");
                }
            }
        }
        exercise
    }

    /// A section with the words for a fault or a label. `known` are its keys.
    fn fault(&mut self, place: &str, value: &Value<'_>, known: &[&str]) -> Fault {
        let mut fault = Fault {
            observations: Vec::new(),
            issue: None,
        };
        let Some(table) = self.table(place, value) else {
            return fault;
        };
        let mut has_observations = false;
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let below = format!("{place}.{name}");
            match name {
                "observations" => {
                    has_observations = true;
                    fault.observations = self.observations(&below, value);
                }
                "issue" if known.contains(&"issue") => {
                    fault.issue = self
                        .text(&below, value)
                        .inspect(|issue| self.has_no_blank(&below, &value.span(), issue));
                }
                other => {
                    let cure = nearest(other, known.iter().copied());
                    let cure = cure.map(|key| format!("write `{key}`"));
                    self.unknown(key, place, cure, &known.join(" and "));
                }
            }
        }
        if !has_observations {
            let what = format!("{place} lacks `observations`: an entry replaces the one before it");
            self.problem(&value.span(), &what);
        }
        fault
    }

    fn observations(&mut self, place: &str, value: &Value<'_>) -> Vec<String> {
        let texts = self.texts(place, value);
        for (text, span) in &texts {
            self.has_no_blank(place, span, text);
        }
        texts.into_iter().map(|(text, _)| text).collect()
    }

    fn has_no_blank(&mut self, place: &str, span: &Range<usize>, text: &str) {
        if text.contains(['{', '}']) {
            let what = format!("{place}: only phrasings have blanks in braces");
            self.problem(span, &what);
        }
    }

    /// A list of texts with their spans; empty texts are errors.
    fn texts(&mut self, place: &str, value: &Value<'_>) -> Vec<(String, Range<usize>)> {
        let DeValue::Array(items) = value.get_ref() else {
            let what = format!("{place} is a list of texts: [\"…\", \"…\"]");
            self.problem(&value.span(), &what);
            return Vec::new();
        };
        if items.is_empty() {
            self.problem(&value.span(), &format!("{place}: the list is empty"));
        }
        let mut texts = Vec::new();
        for item in items {
            texts.extend(self.text(place, item).map(|text| (text, item.span())));
        }
        texts
    }

    fn text(&mut self, place: &str, value: &Value<'_>) -> Option<String> {
        let text = value.get_ref().as_str();
        match text.map(str::trim) {
            None => self.problem(
                &value.span(),
                &format!("{place}: this is no text in quotes"),
            ),
            Some("") => self.problem(&value.span(), &format!("{place}: a text is empty")),
            Some(_) => {}
        }
        text.map(str::to_owned)
    }

    fn table<'t, 'i>(&mut self, place: &str, value: &'t Value<'i>) -> Option<&'t DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.problem(&value.span(), &format!("{place} is a section: [{place}]"));
        }
        table
    }

    /// Adds an entry under its normalised name, which must be new.
    fn insert<T>(
        &mut self,
        entries: &mut BTreeMap<Name, T>,
        key: &Key<'_>,
        name: Name,
        entry: T,
        place: &str,
    ) {
        if name.is_empty() {
            self.problem(&key.span(), &format!("{place}: the name has no letters"));
            return;
        }
        match entries.entry(name) {
            Entry::Occupied(taken) => {
                let name = taken.key();
                let what = format!(
                    "{place}: {name} already has words, and one of the two entries would be lost"
                );
                self.problem(&key.span(), &what);
            }
            Entry::Vacant(free) => {
                free.insert(entry);
            }
        }
    }

    fn unknown(&mut self, key: &Key<'_>, place: &str, cure: Option<String>, known: &str) {
        let cure = match key.get_ref().as_ref() {
            "built_in" => "put it above the first section".to_owned(),
            _ => cure.unwrap_or_else(|| format!("known are {known}")),
        };
        let what = format!("{place} has no `{}`; {cure}", key.get_ref());
        self.problem(&key.span(), &what);
    }

    fn problem(&mut self, span: &Range<usize>, what: &str) {
        let before = self.text.as_bytes().iter().take(span.start);
        let line = 1 + before.filter(|&&byte| byte == b'\n').count();
        self.problems.push((line, what.to_owned()));
    }
}

fn is_table(value: &Value<'_>) -> bool {
    value.get_ref().is_table()
}
