//! The conclusion.

use maud::{Markup, html};

/// How far the model can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustLevel {
    /// It may be relied on for what was measured.
    Trust,
    /// It may help, but a person must look as well.
    Caution,
    /// It must not be relied on.
    DoNotTrust,
}

/// The answer to the reader's first question.
#[derive(Debug, Clone, PartialEq)]
pub struct Conclusion {
    /// The traffic light.
    pub trust: TrustLevel,
    /// One sentence that a coach understands.
    pub sentence: String,
    /// What it rests on, most important first; each a sentence.
    pub reasons: Vec<String>,
}

impl Conclusion {
    pub(crate) fn section(&self) -> Markup {
        let (class, word) = match self.trust {
            TrustLevel::Trust => ("good", "Trust"),
            TrustLevel::Caution => ("fair", "Caution"),
            TrustLevel::DoNotTrust => ("poor", "Do not trust"),
        };
        html! {
            div class={ "conclusion " (class) } {
                div.light {
                    // Lamps differ in place as well, as those at a crossing do.
                    svg viewBox="0 0 20 56" width="20" height="56" aria-hidden="true" focusable="false" {
                        @for (trust, cy) in [(TrustLevel::DoNotTrust, 10), (TrustLevel::Caution, 28), (TrustLevel::Trust, 46)] {
                            circle.lamp.lit[self.trust == trust] cx="10" cy=(cy) r="7" {}
                        }
                    }
                    strong { (word) }
                }
                p.sentence { (self.sentence) }
                @if !self.reasons.is_empty() {
                    ul { @for reason in &self.reasons { li { (reason) } } }
                }
            }
        }
    }
}
