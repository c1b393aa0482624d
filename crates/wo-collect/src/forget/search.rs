//! Finds traces in bytes and texts.
//!
//! Ids, paths and addresses are found wherever they stand, also as JSON, HTML and addresses spell them. Names of persons are
//! words of a language too, so they are looked for apart, and as whole words only.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;

use crate::forget::traces::Traces;

/// The digits of an id in the names of its frames.
const SHORT_ID: usize = 16;
/// What stays as it is in a path within an address.
const IN_PATHS: AsciiSet = NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Finds traces.
#[derive(Debug)]
pub(crate) struct Search {
    finder: AhoCorasick,
    /// What takes the place of each pattern.
    tokens: Vec<String>,
    /// What may not stand right before and after each pattern.
    bounds: Vec<Bound>,
    names: BTreeSet<String>,
}

/// Which characters go on with a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// Letters and digits.
    Word,
    /// Those, and what stands in names of files. An ending may follow.
    FileName,
}

/// A trace in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    start: usize,
    end: usize,
    pattern: usize,
}

impl Search {
    /// Finds these traces.
    pub(crate) fn of(traces: &Traces) -> anyhow::Result<Self> {
        let mut patterns = Patterns::default();
        let token = traces.token();
        for (id, token) in &traces.videos {
            patterns.add(id, token, Bound::Word);
            if let Some(short) = id.get(..SHORT_ID) {
                patterns.add(short, token, Bound::Word);
            }
        }
        for (key, token) in &traces.keys {
            patterns.add_spellings(key, token, Bound::Word);
        }
        let texts = traces.images.iter().chain(&traces.addresses);
        for text in texts.chain(&traces.parts) {
            patterns.add_spellings(text, &token, Bound::Word);
        }
        for path in traces.paths.iter().chain(&traces.file_names) {
            patterns.add_spellings(path, &token, Bound::FileName);
        }
        let texts: Vec<&String> = patterns.0.keys().collect();
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&texts)
            .context("look for so many texts at once")?;
        let (tokens, bounds) = patterns.0.values().cloned().unzip();
        let names = traces.names.iter().map(|it| words(it));
        Ok(Self {
            finder,
            tokens,
            bounds,
            names: names
                .filter(|it| it.trim_matches('_').chars().count() > 1)
                .collect(),
        })
    }

    /// The first trace in some bytes.
    fn first(&self, bytes: &[u8], from: usize) -> Option<Found> {
        let mut from = from;
        loop {
            let found = self.finder.find(Input::new(bytes).range(from..))?;
            let pattern = found.pattern().as_usize();
            let (start, end) = (found.start(), found.end());
            let bound = self.bounds.get(pattern).copied().unwrap_or(Bound::Word);
            if bound.holds(bytes, start, end) {
                return Some(Found {
                    start,
                    end,
                    pattern,
                });
            }
            from = start + 1;
        }
    }

    /// Whether there is a trace in some bytes.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.first(bytes, 0).is_some()
    }

    /// The text with something else in the place of each trace; `None` where there is none.
    pub(crate) fn replaced(&self, text: &str) -> Option<String> {
        let mut rest = 0;
        let mut new = String::new();
        while let Some(found) = self.first(text.as_bytes(), rest) {
            new.push_str(text.get(rest..found.start).unwrap_or_default());
            new.push_str(self.tokens.get(found.pattern).map_or("", String::as_str));
            rest = found.end;
        }
        (rest > 0).then(|| new + text.get(rest..).unwrap_or_default())
    }

    /// Whether the name of a person or a source that is forgotten is among the words of a text.
    pub(crate) fn names(&self, text: &str) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let words = words(text);
        self.names.iter().any(|name| words.contains(name.as_str()))
    }
}

impl Bound {
    /// Whether a text from `start` to `end` is no part of a longer word.
    fn holds(self, bytes: &[u8], start: usize, end: usize) -> bool {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
        let begins_as_word = bytes.get(start).is_some_and(|byte| is_word(*byte));
        let ends_as_word = end.checked_sub(1).and_then(|it| bytes.get(it));
        let ends_as_word = ends_as_word.is_some_and(|byte| is_word(*byte));
        let before = start.checked_sub(1).and_then(|it| bytes.get(it).copied());
        let after = bytes.get(end).copied();
        let goes_on = |byte: u8| match self {
            Self::Word => is_word(byte),
            Self::FileName => is_word(byte) || byte == b'_' || byte == b'-',
        };
        // An escape of JSON such as \n is no letter of the word behind it.
        let is_escape = start.checked_sub(2).and_then(|it| bytes.get(it)) == Some(&b'\\');
        let before = before.filter(|_| begins_as_word && !is_escape);
        let after = after.filter(|_| ends_as_word);
        !before.is_some_and(goes_on) && !after.is_some_and(goes_on)
    }
}

/// What is looked for, by its text.
#[derive(Debug, Default)]
struct Patterns(BTreeMap<String, (String, Bound)>);

impl Patterns {
    fn add(&mut self, text: &str, token: &str, bound: Bound) {
        if !text.trim().is_empty() {
            self.0.insert(text.to_owned(), (token.to_owned(), bound));
        }
    }

    /// As it is, in both Unicode forms, and as JSON, HTML, addresses and paths that are not UTF-8 spell it.
    fn add_spellings(&mut self, text: &str, token: &str, bound: Bound) {
        let forms: [Cow<'_, str>; 3] = [
            text.into(),
            text.nfc().collect::<String>().into(),
            text.nfd().collect::<String>().into(),
        ];
        for form in forms {
            let json = serde_json::to_string(&form).unwrap_or_default();
            let json = json.trim_matches('"');
            for spelling in [
                form.to_string(),
                json.to_owned(),
                ascii_json(json),
                form.replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;"),
                utf8_percent_encode(&form, &IN_PATHS).to_string(),
                form.replace('/', "\\/"),
                form.replace('/', "\\"),
                form.replace('/', "\\\\"),
            ] {
                self.add(&spelling, token, bound);
            }
            // Where it is all that was encoded.
            self.add(&STANDARD.encode(form.as_bytes()), token, bound);
        }
    }
}

/// JSON without letters beyond ASCII, as Python writes it.
fn ascii_json(json: &str) -> String {
    let mut text = String::new();
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

/// The words of a text in lower case, without accents, `_` around each.
fn words(text: &str) -> String {
    let mut words = String::from("_");
    for c in text.nfkd().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            words.push(c);
        } else if !('\u{300}'..='\u{36f}').contains(&c) && !words.ends_with('_') {
            words.push('_');
        }
    }
    if !words.ends_with('_') {
        words.push('_');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search() -> Search {
        let id = "0123456789abcdef".repeat(4);
        let set = |texts: &[&str]| texts.iter().map(|&it| it.to_owned()).collect();
        let traces = Traces {
            id: "7".to_owned(),
            videos: BTreeMap::from([(id, "forgotten-7-1".to_owned())]),
            keys: BTreeMap::from([(
                "person:annamuller".to_owned(),
                "person:forgotten-7-2".to_owned(),
            )]),
            names: set(&["Anna Müller"]),
            paths: set(&["squat/good form/Müller & co.mp4"]),
            file_names: set(&["anna_1.mp4"]),
            addresses: set(&["https://a.org/v?x=1&y=2"]),
            ..Traces::default()
        };
        Search::of(&traces).unwrap()
    }

    #[test]
    fn each_spelling_is_found_and_replaced() {
        let search = search();
        let id = "0123456789abcdef".repeat(4);
        for text in [
            format!("<{id}>"),
            "<0123456789abcdef_003_0001200.jpg>".to_owned(),
            "<squat/good form/Müller & co.mp4>".to_owned(),
            "<data/squat/good form/Mu\u{308}ller & co.mp4.part>".to_owned(),
            r"<squat\\good form\\Müller & co.mp4>".to_owned(),
            r"<squat\/good form\/Müller & co.mp4>".to_owned(),
            r"<squat/good form/M\u00fcller & co.mp4>".to_owned(),
            "<squat/good%20form/M%C3%BCller%20%26%20co.mp4>".to_owned(),
            "<squat/good form/Müller &amp; co.mp4>".to_owned(),
            "<https://a.org/v?x=1&amp;y=2>".to_owned(),
            format!("<{}>", STANDARD.encode("squat/good form/Müller & co.mp4")),
            r#"{"note":"\nanna_1.mp4"}"#.to_owned(),
        ] {
            let replaced = search.replaced(&text).unwrap_or_default();
            assert!(replaced.contains("forgotten-7"), "{text}: {replaced}");
            assert!(!search.is_in(replaced.as_bytes()), "{replaced}");
        }
        let line = r#"{"group":"person:annamuller","keys":["person:annamuller"]}"#;
        let expected = r#"{"group":"person:forgotten-7-2","keys":["person:forgotten-7-2"]}"#;
        assert_eq!(search.replaced(line).as_deref(), Some(expected));
    }

    #[test]
    fn parts_of_longer_words_are_others() {
        for other in [
            "person:annamullerin",
            "co-anna_1.mp4",
            "banna_1.mp4",
            "anna_1.mp42",
            "f0123456789abcdef",
            "0123456789abcdef0",
            "",
        ] {
            assert_eq!(search().replaced(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_is_found_as_whole_words() {
        let search = search();
        for text in [
            "by anna_muller,",
            "ANNA MU\u{308}LLER",
            "anna-müller",
            "(Anna  Müller)",
        ] {
            assert!(search.names(text), "{text}");
        }
        for text in ["Joanna Müller", "anna", "Anna B. Müller"] {
            assert!(!search.names(text), "{text}");
        }
    }
}
