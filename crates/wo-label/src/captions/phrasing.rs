//! The kinds of description templates.

use std::collections::BTreeMap;

/// A kind of description. Each has a list of templates in the section `phrasings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phrasing {
    /// Good form, in words of the table.
    Good,
    /// Faults, at least one of which has an issue.
    Bad,
    /// Faults without an issue, and bad form without a named fault, in words of the table.
    BadWithoutIssue,
    /// A label other than the three known ones, in words of the table.
    OwnLabel,
    /// A class that the table has no words for.
    Plain,
    /// What cannot be judged.
    Unclear,
}

/// The templates of each kind.
pub(super) type Phrasings = BTreeMap<Phrasing, Vec<String>>;

impl Phrasing {
    /// All kinds.
    pub(super) const ALL: [Self; 6] = [
        Self::Good,
        Self::Bad,
        Self::BadWithoutIssue,
        Self::OwnLabel,
        Self::Plain,
        Self::Unclear,
    ];

    /// Its key in the section.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::BadWithoutIssue => "bad_without_issue",
            Self::OwnLabel => "own_label",
            Self::Plain => "plain",
            Self::Unclear => "unclear",
        }
    }

    /// The blanks that each of its templates contains. It may contain no others.
    pub(super) const fn blanks(self) -> &'static [&'static str] {
        match self {
            Self::Good | Self::BadWithoutIssue => &["{exercise}", "{observations}"],
            Self::Bad => &["{exercise}", "{observations}", "{issues}"],
            Self::OwnLabel => &["{exercise}", "{label}", "{observations}"],
            Self::Plain => &["{exercise}", "{label}"],
            Self::Unclear => &["{exercise}"],
        }
    }
}
