//! The captions table: what good form and each fault of an exercise look like, in words.
//!
//! A description names only what is visible. For an exercise or a fault that the table lacks, it is the name.

mod difference;
mod entry;
mod file;
pub(crate) mod missing_words;
mod phrasing;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use wo_record::{BAD_FORM, GOOD_FORM, Name, UNCLEAR};

use self::entry::Exercise;
pub use self::file::CaptionsError;
use self::file::CaptionsFile;
use self::phrasing::{Phrasing, Phrasings};

/// A description describes this many faults. For more faults it names only the issue, or CLIP would cut it after 77 tokens.
const MAX_FAULTS_DESCRIBED: usize = 2;

/// The built-in table.
static BUILT_IN: LazyLock<Captions> = LazyLock::new(|| {
    let file = CaptionsFile::parse(include_str!("../../../data/captions.toml"));
    Captions::default().with(file.expect("a test parses the shipped table"))
});

/// Descriptions by exercise, label and faults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captions {
    phrasings: Phrasings,
    exercises: BTreeMap<Name, Exercise>,
}

impl Captions {
    /// The built-in table: `data/captions.toml`.
    pub fn embedded() -> Self {
        BUILT_IN.clone()
    }

    /// Reads a table that extends the built-in one. Its entries replace built-in entries: a list of phrasings, the words for
    /// a label, a fault. With `built_in = false` the built-in exercises are excluded.
    pub fn parse(text: &str) -> Result<Self, CaptionsError> {
        Ok(Self::embedded().with(CaptionsFile::parse(text)?))
    }

    fn with(mut self, file: CaptionsFile) -> Self {
        if !file.built_in {
            self.exercises.clear();
        }
        self.phrasings.extend(file.phrasings);
        for (name, entry) in file.exercises {
            let known = self.exercises.entry(name).or_default();
            known.labels.extend(entry.labels);
            known.faults.extend(entry.faults);
        }
        self
    }

    /// The exercises of the table.
    pub fn exercises(&self) -> impl Iterator<Item = &Name> {
        self.exercises.keys()
    }

    /// The faults of `exercise`; empty if the table does not have it.
    pub fn faults_of(&self, exercise: &Name) -> Vec<&Name> {
        self.exercises
            .get(exercise)
            .map_or_else(Vec::new, |entry| entry.faults.keys().collect())
    }

    /// The description of a class. `choice_hash` selects the phrasing; see [`choice_hash`].
    pub fn describe(
        &self,
        exercise: &Name,
        label: &Name,
        faults: &[Name],
        choice_hash: u64,
    ) -> String {
        let mut phrasings = self.all_phrasings(exercise, label, faults);
        phrasings.swap_remove(chosen(phrasings.len(), choice_hash))
    }

    /// Whether this table or the built-in one makes this description of a class. If not, a person wrote it.
    pub fn makes(&self, description: &str, exercise: &Name, label: &Name, faults: &[Name]) -> bool {
        [self, &*BUILT_IN].into_iter().any(|table| {
            let mut phrasings = table.all_phrasings(exercise, label, faults).into_iter();
            phrasings.any(|phrasing| phrasing == description)
        })
    }

    /// All phrasings of a class, at least one. Faults count only with the label `bad_form`, in any order.
    pub fn all_phrasings(&self, exercise: &Name, label: &Name, faults: &[Name]) -> Vec<String> {
        let (kind, seen) = self.seen(exercise, label, faults);
        let templates = self.phrasings.get(&kind).map_or(&[][..], Vec::as_slice);
        let n_phrasings = seen
            .observations
            .iter()
            .map(Vec::len)
            .chain([templates.len()])
            .max();
        let mut all: Vec<String> = Vec::new();
        for (i, template) in templates
            .iter()
            .cycle()
            .take(n_phrasings.unwrap_or(1))
            .enumerate()
        {
            let text = template
                .replace("{observations}", &seen.observations_said(i))
                .replace("{issues}", &seen.issues.join(" and "))
                .replace("{label}", &label.words())
                .replace("{exercise}", &exercise.words());
            all.push(text);
        }
        all
    }

    /// The words for a class, and the kind of template to put them in.
    fn seen(&self, exercise: &Name, label: &Name, faults: &[Name]) -> (Phrasing, DescriptionParts) {
        let entry = self.exercises.get(exercise);
        if label.as_str() == BAD_FORM {
            let seen = DescriptionParts::of_faults(entry, faults);
            match (seen.observations.is_empty(), seen.issues.is_empty()) {
                (true, _) => {}
                (false, true) => return (Phrasing::BadWithoutIssue, seen),
                (false, false) => return (Phrasing::Bad, seen),
            }
        }
        let words = entry.and_then(|entry| entry.labels.get(label));
        match (label.as_str(), words) {
            (GOOD_FORM, Some(words)) => (Phrasing::Good, DescriptionParts::of_label(words)),
            (BAD_FORM, Some(words)) => {
                (Phrasing::BadWithoutIssue, DescriptionParts::of_label(words))
            }
            (_, Some(words)) => (Phrasing::OwnLabel, DescriptionParts::of_label(words)),
            (UNCLEAR, None) => (Phrasing::Unclear, DescriptionParts::default()),
            (_, None) => (Phrasing::Plain, DescriptionParts::default()),
        }
    }
}

/// Selects between the phrasings of a class. It depends on the video alone, so that its frames agree and runs repeat.
pub fn choice_hash(video_id: &str) -> u64 {
    let mut first = [0; 8];
    blake3::Hasher::new()
        .update(video_id.as_bytes())
        .finalize_xof()
        .fill(&mut first);
    u64::from_le_bytes(first)
}

/// The place of the phrasing that a choice selects among `n`, of which there is at least one.
pub fn chosen(n: usize, choice_hash: u64) -> usize {
    (choice_hash % n.max(1) as u64) as usize
}

/// What a description says besides the exercise.
#[derive(Default)]
struct DescriptionParts {
    /// For each observation, its phrasings.
    observations: Vec<Vec<String>>,
    issues: Vec<String>,
}

impl DescriptionParts {
    fn of_label(words: &[String]) -> Self {
        Self {
            observations: vec![words.to_vec()],
            issues: Vec::new(),
        }
    }

    /// All faults, sorted by name, so that each set of faults has its own description.
    fn of_faults(entry: Option<&Exercise>, faults: &[Name]) -> Self {
        let mut seen = Self::default();
        for name in named(faults) {
            let is_described = seen.observations.len() < MAX_FAULTS_DESCRIBED;
            match entry.and_then(|entry| entry.faults.get(name)) {
                Some(fault) => {
                    if is_described || fault.issue.is_none() {
                        seen.observations.push(fault.observations.clone());
                    }
                    seen.issues.extend(fault.issue.clone());
                }
                None => seen.observations.push(vec![name.words()]),
            }
        }
        seen
    }

    fn observations_said(&self, i: usize) -> String {
        let said: Vec<&str> = self
            .observations
            .iter()
            .filter_map(|ways| ways.iter().cycle().nth(i))
            .map(String::as_str)
            .collect();
        said.join(" and ")
    }
}

/// The names of faults, sorted and each once.
fn named(faults: &[Name]) -> Vec<&Name> {
    let mut names: Vec<&Name> = faults.iter().filter(|name| !name.is_empty()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests;
