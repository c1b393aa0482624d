//! By what groups are made: persons, sources, or both.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Group;

/// By what videos are joined to groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// Videos of one person.
    Person,
    /// Videos of one source.
    Source,
    /// Videos of one person, and videos of one source.
    #[default]
    Both,
}

impl GroupBy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Person, Self::Source, Self::Both];

    /// Those of a video's keys that join it to others. Where the person or source that it takes is not known, the other
    /// stands in; where neither is, the video stands alone.
    pub fn joining(self, keys: &[Group], video_id: &str) -> Vec<Group> {
        let person = keys.iter().find(|it| it.is_person());
        let source = keys.iter().find(|it| it.is_source());
        let joining: Vec<Group> = match self {
            Self::Person => person.or(source).into_iter().cloned().collect(),
            Self::Source => source.or(person).into_iter().cloned().collect(),
            Self::Both => person.into_iter().chain(source).cloned().collect(),
        };
        if joining.is_empty() {
            return vec![Group::of_video_id(video_id)];
        }
        joining
    }

    /// Its name, as on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Source => "source",
            Self::Both => "both",
        }
    }
}

impl fmt::Display for GroupBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for GroupBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|it| it.as_str() == text);
        named.ok_or_else(|| "take person, source or both".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stands_in_where_the_other_is_unknown() {
        let joining = |by: GroupBy, keys: &[&str]| -> Vec<String> {
            let keys: Vec<Group> = keys.iter().map(|key| Group::of_text(key)).collect();
            let joining = by.joining(&keys, "v");
            joining.iter().map(ToString::to_string).collect()
        };
        let (person, source) = ("person:p", "source:s");
        for by in GroupBy::ALL {
            assert_eq!(joining(by, &[person]), [person], "{by}");
            assert_eq!(joining(by, &[source]), [source], "{by}");
            assert_eq!(joining(by, &[]), ["video:v"], "{by}");
            assert_eq!(by.as_str().parse(), Ok(by));
        }
        let all = [person, source];
        assert_eq!(joining(GroupBy::Person, &all), [person]);
        assert_eq!(joining(GroupBy::Source, &all), [source]);
        assert_eq!(joining(GroupBy::Both, &all), all);
        assert!("gym".parse::<GroupBy>().is_err());
    }
}
