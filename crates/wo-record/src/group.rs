//! Groups: videos that a split keeps together.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::Video;

/// A person, a source or, where neither is known, one video; or several of them that videos join. All videos of a group
/// are on one side of a split. A group of videos is called like its first key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Group(String);

impl Group {
    /// The group of a video without person and source.
    pub fn of_video_id(video_id: &str) -> Self {
        Self(format!("video:{video_id}"))
    }

    /// Parses a group such as `person:anna`. Spellings of a person or a source are equal.
    pub fn of_text(text: &str) -> Self {
        match text.split_once(':') {
            Some((kind @ ("person" | "source"), id)) => Self(format!("{kind}:{}", same_id(id))),
            _ => Self(text.to_owned()),
        }
    }

    /// Whether it names a person.
    pub fn is_person(&self) -> bool {
        self.0.starts_with("person:")
    }

    /// Whether it names a source.
    pub fn is_source(&self) -> bool {
        self.0.starts_with("source:")
    }

    /// Whether it names a person or a source. Of any other text nobody knows who is in the video.
    pub fn is_known(&self) -> bool {
        self.is_person() || self.is_source()
    }

    /// The group as text: `person:…`, `source:…` or `video:…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Group {
    fn from(text: String) -> Self {
        Self::of_text(&text)
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.0
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The person and the source of a video, as far as they are known.
pub fn keys_of(video: &Video) -> Vec<Group> {
    let key = |kind: &str, id: &Option<String>| {
        let id = id.as_deref().filter(|id| !id.trim().is_empty())?;
        Some(Group(format!("{kind}:{}", same_id(id))))
    };
    let person = key("person", &video.person_id);
    let source = key("source", &video.source_id);
    person.into_iter().chain(source).collect()
}

/// The group of a video by itself: its person, else its source, else itself.
pub fn group_of(video: &Video) -> Group {
    let first = keys_of(video).into_iter().next();
    first.unwrap_or_else(|| Group::of_video_id(&video.video_id))
}

/// Letters that Unicode does not decompose.
const LETTERS: [(char, &str); 10] = [
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ø', "o"),
    ('ł', "l"),
    ('đ', "d"),
    ('ð', "d"),
    ('ı', "i"),
    ('þ', "th"),
    ('ħ', "h"),
];

/// Normalises the id of a person or a source: removes case, accents, and spaces, dashes and underscores between words.
/// `Anna  Müller`, `anna_muller` and `ANNA-MÜLLER` are one person. Between digits a space stays: `p1 1` is not `p11`.
pub fn same_id(id: &str) -> String {
    let mut same = String::with_capacity(id.len());
    let mut has_gap = false;
    let is_mark = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    for c in id
        .nfkd()
        .filter(|c| !is_mark(c))
        .flat_map(char::to_lowercase)
    {
        if is_mark(&c) || is_invisible(c) {
            continue;
        }
        if c.is_whitespace() || matches!(c, '_' | '-' | '\u{2010}'..='\u{2015}') {
            has_gap = true;
            continue;
        }
        if std::mem::take(&mut has_gap)
            && c.is_numeric()
            && same.chars().next_back().is_some_and(char::is_numeric)
        {
            same.push('_');
        }
        match LETTERS.iter().find(|(letter, _)| *letter == c) {
            Some((_, letters)) => same.push_str(letters),
            None => same.push(c),
        }
    }
    // An id of nothing but dashes is still an id.
    if same.is_empty() { id.to_owned() } else { same }
}

/// Invisible characters, which come with text copied from web pages.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
}

/// Joins groups that pairs of indexes connect. A joined group has the name of its first group in text order.
pub fn joined(groups: &[Group], pairs: impl IntoIterator<Item = (usize, usize)>) -> Vec<Group> {
    let mut sets = Sets::of(groups);
    for (a, b) in pairs {
        if let (Some(a), Some(b)) = (groups.get(a), groups.get(b)) {
            sets.join(a, b);
        }
    }
    groups.iter().map(|it| sets.first_of(it)).collect()
}

/// The group of each video by its keys: videos that share a key, directly or through others, are one group. It has the
/// name of its first key in text order. Each video needs a key.
pub fn components(keys: &[Vec<Group>]) -> Vec<Group> {
    let mut sets = Sets::of(keys.iter().flatten());
    for of_video in keys {
        for pair in of_video.windows(2) {
            sets.join(&pair[0], &pair[1]);
        }
    }
    let first = keys.iter().filter_map(|it| it.first());
    first.map(|it| sets.first_of(it)).collect()
}

/// Distinct groups in text order, and sets of them: each points to an earlier one of its set, the first to itself.
struct Sets<'a> {
    groups: Vec<&'a Group>,
    earlier: Vec<usize>,
}

impl<'a> Sets<'a> {
    fn of(groups: impl IntoIterator<Item = &'a Group>) -> Self {
        let groups: BTreeSet<&Group> = groups.into_iter().collect();
        Self {
            earlier: (0..groups.len()).collect(),
            groups: groups.into_iter().collect(),
        }
    }

    fn join(&mut self, one: &Group, other: &Group) {
        let (one, other) = (self.place_of_first(one), self.place_of_first(other));
        self.earlier[one.max(other)] = one.min(other);
    }

    fn first_of(&mut self, group: &Group) -> Group {
        let place = self.place_of_first(group);
        self.groups[place].clone()
    }

    fn place_of_first(&mut self, group: &Group) -> usize {
        let place = self.groups.binary_search(&group);
        let mut place = place.expect("made of all groups");
        while self.earlier[place] != place {
            // The way to the first is halved each time that it is gone.
            self.earlier[place] = self.earlier[self.earlier[place]];
            place = self.earlier[place];
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_id_are_one_id() {
        for id in [
            "Anna Müller",
            "anna müller",
            "ANNA MÜLLER",
            " Anna  Mu\u{308}ller ",
            "anna_muller",
            "Anna-Müller",
            "anna\u{a0}müller",
            "Anna\u{200b} Müller",
            "AnnaMüller",
            "ＡＮＮＡ　müller",
            "anna–müller",
        ] {
            assert_eq!(same_id(id), "annamuller", "{id:?}");
        }
        assert_eq!(same_id("Straße"), same_id("STRASSE"));
        assert_eq!(same_id("Łukasz Øye"), "lukaszoye");
        assert_eq!(same_id("gym 1"), same_id("gym1"));
        assert_eq!(same_id("p1 1"), same_id("p1-1"));
        for (one, other) in [("p1 1", "p11"), ("anna", "ana"), ("か", "き"), ("-", "_")] {
            assert_ne!(same_id(one), same_id(other), "{one} {other}");
        }
    }

    #[test]
    fn a_stored_group_is_the_group_of_today() {
        let stored: Group = serde_json::from_str("\"person:Anna M\"").unwrap();
        let video = Video {
            person_id: Some("anna m".into()),
            ..Video::default()
        };
        assert_eq!(stored, group_of(&video));
        let video: Group = serde_json::from_str("\"video:AB\"").unwrap();
        assert_eq!(video, Group::of_video_id("AB"));
    }

    #[test]
    fn person_wins_over_source_over_video() {
        let mut video = Video {
            video_id: "v".into(),
            ..Video::default()
        };
        assert_eq!(group_of(&video).as_str(), "video:v");
        video.source_id = Some("s".into());
        assert_eq!(group_of(&video).as_str(), "source:s");
        video.person_id = Some("p".into());
        assert_eq!(group_of(&video).as_str(), "person:p");
    }

    #[test]
    fn groups_that_pairs_connect_are_one() {
        let texts = [
            "video:b", "person:q", "person:p", "video:a", "source:s", "person:q",
        ];
        let groups = texts.map(Group::of_text);
        let joined = |pairs: &[(usize, usize)]| -> Vec<String> {
            let joined = joined(&groups, pairs.iter().copied());
            joined.iter().map(ToString::to_string).collect()
        };
        assert_eq!(joined(&[]), texts);
        assert_eq!(joined(&[(9, 0)]), texts);
        let one = "person:p";
        assert_eq!(
            joined(&[(0, 3), (1, 2), (0, 5)]),
            [one, one, one, one, "source:s", one]
        );
        assert_eq!(joined(&[(3, 0), (0, 0)])[0], "video:a");
    }

    #[test]
    fn a_person_in_two_gyms_joins_them() {
        let keys = |texts: &[&str]| -> Vec<Group> {
            texts.iter().map(|text| Group::of_text(text)).collect()
        };
        let videos = [
            keys(&["person:ben", "source:gym 2"]),
            keys(&["source:gym 3"]),
            keys(&["person:clara", "source:gym 1"]),
            // Only she was in both.
            keys(&["person:Anna", "source:gym 1"]),
            keys(&["person:anna", "source:GYM-2"]),
            keys(&["video:v"]),
        ];
        let groups: Vec<String> = components(&videos).iter().map(Group::to_string).collect();
        let one = "person:anna";
        assert_eq!(groups, [one, "source:gym3", one, one, one, "video:v"]);
        assert_eq!(components(&[]), []);
    }

    #[test]
    fn a_long_chain_is_one_group() {
        let key = |number: usize| Group::of_text(&format!("person:{number:06}"));
        let chain: Vec<Vec<Group>> = (0..20_000)
            .rev()
            .map(|it| vec![key(it), key(it + 1)])
            .collect();
        assert!(components(&chain).iter().all(|it| *it == key(0)));
    }
}
