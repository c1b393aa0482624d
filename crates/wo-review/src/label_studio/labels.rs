//! Maps Label Studio choices to labels.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use wo_cli::count;
use wo_folder::{WrittenLabel, most_alike};
use wo_record::{BAD_FORM, GOOD_FORM, Name, UNCLEAR};

use super::quote::{flag, short};
use super::role::Sureness;
use crate::store::Store;

/// At most this many unknown values are counted apart.
const MAX_VALUES: usize = 100;
/// At most this many of them are named.
const N_NAMED: usize = 10;

/// The labels that an answer may give.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// The three known labels, those of the folder, and those of the command line.
    known: BTreeSet<Name>,
    /// Values of `--label`, each with whether an answer has it.
    given: HashMap<String, (Name, bool)>,
    /// New labels, with the number of answers.
    new: BTreeMap<Name, u64>,
    /// Unknown values with their questions, and the number of answers.
    none: BTreeMap<(String, String), u64>,
    /// The number of answers with further values.
    n_beyond: u64,
}

impl Labels {
    pub(super) fn of(store: &Store, given: &[(String, Name)]) -> Self {
        let mut known: BTreeSet<Name> = [GOOD_FORM, BAD_FORM, UNCLEAR].map(Name::new).into();
        for (id, frame) in (0..).zip(&store.folder.frames) {
            if let Some(label) = &store.judgement(id, frame).label
                && !known.contains(label)
            {
                known.insert(label.clone());
            }
        }
        known.extend(given.iter().map(|(_, label)| label.clone()));
        let given = given
            .iter()
            .map(|(value, label)| (folded(value), (label.clone(), false)));
        Self {
            known,
            given: given.collect(),
            ..Self::default()
        }
    }

    /// The known label of a value.
    pub(super) fn known(&self, value: &str) -> Option<Name> {
        if let Some((label, _)) = self.given.get(&folded(value)) {
            return Some(label.clone());
        }
        let label = Name::label(value);
        self.known.contains(&label).then_some(label)
    }

    /// The label of an answer. A new label is accepted if the question surely asks for labels; a misspelt one never is.
    pub(super) fn of_answer(
        &mut self,
        question: &str,
        value: &str,
        sureness: Sureness,
    ) -> Option<Name> {
        if let Some((label, is_met)) = self.given.get_mut(&folded(value)) {
            *is_met = true;
            return Some(label.clone());
        }
        if let Some(label) = self.known(value) {
            return Some(label);
        }
        if let (WrittenLabel::New(label), Sureness::Said) = (WrittenLabel::of(value), sureness) {
            *self.new.entry(label.clone()).or_default() += 1;
            return Some(label);
        }
        let key = (question.to_owned(), value.to_owned());
        if self.none.len() < MAX_VALUES || self.none.contains_key(&key) {
            *self.none.entry(key).or_default() += 1;
        } else {
            self.n_beyond += 1;
        }
        None
    }

    /// Reports unknown values and new labels. Returns the number of answers without a label.
    pub(super) fn say(&self, file: &str) -> u64 {
        let mut none: Vec<_> = self.none.iter().collect();
        none.sort_by_key(|(_, n)| Reverse(**n));
        for ((question, value), n) in none.iter().take(N_NAMED) {
            let near = self.nearest(value);
            wo_cli::warn!(
                "{file}: the question `{question}` has {} `{}`, which is not a label; the nearest is {near}",
                count(n, "answer"),
                short(value);
                "{} maps it to that label, or name another one", flag("--label", value, near)
            );
        }
        let n_more = self.n_beyond + none.iter().skip(N_NAMED).map(|(_, n)| **n).sum::<u64>();
        if n_more > 0 {
            wo_cli::warn!(
                "{file}: {} are not labels either",
                count(n_more, "other answer")
            );
        }
        if !self.new.is_empty() {
            let new = self.new.iter();
            let new = new.map(|(label, n)| format!("{label} ({})", count(n, "answer")));
            let first = self.new.keys().next().map_or("", Name::as_str);
            wo_cli::warn!(
                "{file}: new labels: {}", wo_cli::named(new);
                "{} maps one to a known label", flag("--label", first, self.nearest(first))
            );
        }
        let unmet = self.given.iter().filter(|(_, (_, is_met))| !is_met);
        let mut unmet: Vec<_> = unmet.map(|(value, _)| format!("`{value}`")).collect();
        unmet.sort();
        if !unmet.is_empty() {
            wo_cli::warn!(
                "{file}: --label names {}, but no answer has it",
                wo_cli::named(unmet)
            );
        }
        self.none.values().sum::<u64>() + self.n_beyond
    }

    fn nearest(&self, value: &str) -> &str {
        let own = self.known.iter().map(Name::as_str);
        let not_new = own.filter(|label| !self.new.keys().any(|new| new.as_str() == *label));
        match WrittenLabel::of(value) {
            WrittenLabel::Misspelt { meant, .. } => meant,
            _ => most_alike(Name::new(value).as_str(), not_new).unwrap_or(UNCLEAR),
        }
    }
}

/// A value for comparison. Spellings of one name are equal.
fn folded(value: &str) -> String {
    let name = Name::new(value);
    if name.is_empty() {
        value.trim().to_owned()
    } else {
        name.as_str().to_owned()
    }
}
