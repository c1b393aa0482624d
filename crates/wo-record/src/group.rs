//! Groups: videos that a split keeps together.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::Video;

/// A person, a source or, where neither is known, one video. All videos of a group are on one side of a split.
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

/// The group of a video: its person, else its source, else itself.
pub fn group_of(video: &Video) -> Group {
    let named = |id: &Option<String>| id.clone().filter(|id| !id.trim().is_empty());
    if let Some(person) = named(&video.person_id) {
        Group(format!("person:{}", same_id(&person)))
    } else if let Some(source) = named(&video.source_id) {
        Group(format!("source:{}", same_id(&source)))
    } else {
        Group::of_video_id(&video.video_id)
    }
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
    let mut parent: BTreeMap<&Group, &Group> = groups.iter().map(|it| (it, it)).collect();
    for (a, b) in pairs {
        let (Some(a), Some(b)) = (groups.get(a), groups.get(b)) else {
            continue;
        };
        let (a, b) = (root(&parent, a), root(&parent, b));
        parent.insert(a.max(b), a.min(b));
    }
    let called = |it| root(&parent, it).clone();
    groups.iter().map(called).collect()
}

fn root<'a>(parent: &BTreeMap<&'a Group, &'a Group>, mut group: &'a Group) -> &'a Group {
    while let Some(next) = parent.get(group).filter(|next| **next != group) {
        group = next;
    }
    group
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
}
