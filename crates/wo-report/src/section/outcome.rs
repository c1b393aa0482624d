//! What a search for a shortcut came to.

use maud::{Markup, html};

/// What a search for a shortcut came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is none that matters, or it would have been found.
    NotFound,
    /// Too little data.
    CannotTell,
    /// There is one.
    Found,
    /// The model is right for the wrong reason.
    FoundMost,
    /// What was looked at may be what the model is to look at.
    Information,
}

impl Outcome {
    /// A word in a coloured frame; the word alone suffices without colours.
    pub(crate) fn badge(self) -> Markup {
        let (class, word) = match self {
            Self::NotFound => ("good", "not found"),
            Self::CannotTell => ("fair", "cannot tell"),
            Self::Found => ("fair", "found"),
            Self::FoundMost => ("poor", "found: most of the skill"),
            Self::Information => ("fair", "may be form"),
        };
        html! { span class={ "badge " (class) } { (word) } }
    }
}
