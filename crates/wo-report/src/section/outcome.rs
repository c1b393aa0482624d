//! What a check came to.

use maud::{Markup, html};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing speaks against the model here.
    Pass,
    /// Something does, or too little is known.
    Warn,
    /// The model is right for a wrong reason.
    Fail,
}

impl Outcome {
    /// A word in a coloured frame: the word alone is enough for those who see no colours.
    pub(crate) fn badge(self) -> Markup {
        let (class, word) = match self {
            Self::Pass => ("good", "pass"),
            Self::Warn => ("fair", "warn"),
            Self::Fail => ("poor", "fail"),
        };
        html! { span class={ "badge " (class) } { (word) } }
    }
}
