//! The lines of a ledger and their hash chain. Opens no file.
//!
//! The chain covers a commitment to each entry: a hash of its text and of a random salt. Without salt and text the
//! commitment says nothing, so an entry can be taken out of a line and the chain still holds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Hexadecimal digits of a hash that are kept: 128 bits.
const HASH_DIGITS: usize = 32;

/// Why a line cannot be the next one of a ledger.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChainError {
    /// It is not a line of a ledger.
    #[error("not a line of a ledger: {0}")]
    NotALine(String),
    /// Its bytes changed after it was written.
    #[error("the line was changed after it was written: its hash does not match")]
    Changed,
    /// A line before it was changed, removed or inserted. Lines that are missing at the end only the head tells.
    #[error("the line does not follow the one before it: a line is missing or was inserted")]
    Unchained,
    /// Its entry is gone, and no later line says that it was forgotten, or the reverse.
    #[error("the entry of line {0} was removed, and no later line says that it was forgotten")]
    Removed(u64),
    /// A line says that an entry was forgotten which is still there.
    #[error("the entry of line {0} is there, though a later line says that it was forgotten")]
    Returned(u64),
}

/// A line as it is written. The order of fields is the order in the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) sequence: u64,
    previous: String,
    /// The lines whose entries were forgotten together with the writing of this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    forgets: Vec<u64>,
    commitment: String,
    salt: Option<String>,
    pub(crate) entry: Option<Box<RawValue>>,
    pub(crate) hash: String,
}

impl Line {
    /// The same line without its entry.
    pub(crate) fn forgotten(mut self) -> Self {
        (self.salt, self.entry) = (None, None);
        self
    }

    /// Its text with the line end.
    pub(crate) fn text(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// What the chain covers: all but the entry and its salt.
    fn own_hash(&self) -> String {
        let forgets: Vec<String> = self.forgets.iter().map(ToString::to_string).collect();
        let (sequence, previous) = (self.sequence, &self.previous);
        let head = [
            &sequence.to_string(),
            previous,
            &forgets.join(","),
            &self.commitment,
        ];
        hash_of(head.map(String::as_str))
    }

    fn commitment_of(salt: &str, entry: &RawValue) -> String {
        hash_of([salt, entry.get()])
    }

    /// Whether its bytes are those that were written, but for an entry that was forgotten.
    fn is_unchanged(&self, text: &str) -> bool {
        let is_committed = match (&self.salt, &self.entry) {
            (Some(salt), Some(entry)) => Self::commitment_of(salt, entry) == self.commitment,
            (None, None) => true,
            _ => false,
        };
        is_committed && self.hash == self.own_hash() && self.text().is_ok_and(|it| it == text)
    }
}

/// The state of the chain after the last line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chain {
    n_lines: u64,
    last_hash: String,
    without_entry: BTreeSet<u64>,
    forgotten: BTreeSet<u64>,
}

impl Chain {
    /// How many lines there are.
    pub(crate) fn n_lines(&self) -> u64 {
        self.n_lines
    }

    /// The hash of the last line; empty where there is none.
    pub(crate) fn last_hash(&self) -> &str {
        &self.last_hash
    }

    /// Makes `entry` the next line, which says that the entries of the lines `forgets` are forgotten.
    pub(crate) fn seal(&mut self, entry: Box<RawValue>, salt: String, forgets: Vec<u64>) -> Line {
        let mut line = Line {
            sequence: self.n_lines + 1,
            previous: self.last_hash.clone(),
            forgets,
            commitment: Line::commitment_of(&salt, &entry),
            salt: Some(salt),
            entry: Some(entry),
            hash: String::new(),
        };
        line.hash = line.own_hash();
        self.take(&line);
        line
    }

    /// Checks the next line, with its line end.
    pub(crate) fn follow(&mut self, text: &str) -> Result<Line, ChainError> {
        let line: Line =
            serde_json::from_str(text).map_err(|error| ChainError::NotALine(error.to_string()))?;
        if !line.is_unchanged(text) {
            return Err(ChainError::Changed);
        }
        if line.sequence != self.n_lines + 1 || line.previous != self.last_hash {
            return Err(ChainError::Unchained);
        }
        self.take(&line);
        Ok(line)
    }

    /// Checks, after the last line, that what was forgotten is what is gone.
    pub(crate) fn finish(&self) -> Result<(), ChainError> {
        let removed = self.without_entry.difference(&self.forgotten).next();
        let returned = self.forgotten.difference(&self.without_entry).next();
        match (removed, returned) {
            (Some(line), _) => Err(ChainError::Removed(*line)),
            (None, Some(line)) => Err(ChainError::Returned(*line)),
            (None, None) => Ok(()),
        }
    }

    fn take(&mut self, line: &Line) {
        self.n_lines += 1;
        self.last_hash.clone_from(&line.hash);
        self.forgotten.extend(&line.forgets);
        if line.entry.is_none() {
            self.without_entry.insert(line.sequence);
        }
    }
}

/// The hash of several texts, each with its length before it, so that no two lists of texts are the same bytes.
fn hash_of<const N: usize>(texts: [&str; N]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    let mut hash = hasher.finalize().to_hex().to_string();
    hash.truncate(HASH_DIGITS);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    fn three() -> Vec<Line> {
        let mut chain = Chain::default();
        ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]
            .map(|text| chain.seal(raw(text), format!("salt of {text}"), Vec::new()))
            .into()
    }

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| line.text().unwrap()).collect()
    }

    fn follow(texts: &[String]) -> Result<u64, ChainError> {
        let mut chain = Chain::default();
        for text in texts {
            chain.follow(text)?;
        }
        chain.finish()?;
        Ok(chain.n_lines())
    }

    #[test]
    fn a_ledger_is_read_as_it_was_written() {
        assert_eq!(follow(&texts(&three())), Ok(3));
        let mut chain = Chain::default();
        let line = chain.follow(&texts(&three())[0]).unwrap();
        assert_eq!(line.entry.unwrap().get(), "{\"a\":1}");
    }

    #[test]
    fn each_changed_byte_is_noticed() {
        let texts = texts(&three());
        for at in 0..texts[1].len() {
            let mut bytes = texts[1].clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let lines = [texts[0].clone(), changed, texts[2].clone()];
            assert!(follow(&lines).is_err(), "byte {at} of {}", texts[1]);
        }
        let spaced = [texts[0].replace("{\"a\"", "{ \"a\"")];
        assert_eq!(follow(&spaced), Err(ChainError::Changed));
    }

    #[test]
    fn a_missing_a_moved_and_a_foreign_line_are_noticed() {
        let texts = texts(&three());
        let at = |places: &[usize]| -> Vec<String> {
            places.iter().map(|&place| texts[place].clone()).collect()
        };
        for places in [&[0, 2][..], &[1], &[0, 0], &[0, 2, 1]] {
            assert_eq!(follow(&at(places)), Err(ChainError::Unchained));
        }
        // What is cut off at the end leaves a chain; see the head.
        assert_eq!(follow(&at(&[0, 1])), Ok(2));
        let foreign = ["{\"type\":\"end\"}\n".to_owned()];
        assert!(matches!(follow(&foreign), Err(ChainError::NotALine(_))));
    }

    #[test]
    fn an_entry_that_was_forgotten_leaves_the_chain_whole() {
        let mut chain = Chain::default();
        let mut lines = three();
        for text in texts(&lines) {
            chain.follow(&text).unwrap();
        }
        let last = chain.seal(raw("{\"forgot\":1}"), "salt".to_owned(), vec![2]);
        lines.push(last);
        // Said and not done, and done and not said.
        assert_eq!(follow(&texts(&lines)), Err(ChainError::Returned(2)));
        lines[1] = lines[1].clone().forgotten();
        assert_eq!(follow(&texts(&lines)), Ok(4));
        assert!(!texts(&lines).concat().contains("{\"a\":2}"));
        assert_eq!(follow(&texts(&lines[..3])), Err(ChainError::Removed(2)));
        // Another entry in its place.
        let (salt, entry) = (Some("s".to_owned()), Some(raw("{\"a\":9}")));
        (lines[1].salt, lines[1].entry) = (salt, entry);
        assert_eq!(follow(&texts(&lines)), Err(ChainError::Changed));
    }
}
