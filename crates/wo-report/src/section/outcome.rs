//! What a check came to.

use maud::{Markup, html};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// No objection.
    Pass,
    /// An objection, or too little data.
    Warn,
    /// The model is right for the wrong reason.
    Fail,
}

impl Outcome {
    /// A word in a coloured frame; the word alone suffices without colours.
    pub(crate) fn badge(self) -> Markup {
        let (class, word) = match self {
            Self::Pass => ("good", "pass"),
            Self::Warn => ("fair", "warn"),
            Self::Fail => ("poor", "fail"),
        };
        html! { span class={ "badge " (class) } { (word) } }
    }
}
