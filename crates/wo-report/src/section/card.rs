//! The data card and the model card.

use maud::{Markup, html};

use crate::markup::breakable::breakable;

/// The cards.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cards {
    /// About the videos: where from, how many, of whom, under which licence.
    pub data: Vec<Fact>,
    /// About the model: made from what, how, when, by which version.
    pub model: Vec<Fact>,
}

/// One line of a card.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is about.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Fact {
    /// A line of a card.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

impl Cards {
    pub(crate) fn section(&self) -> Markup {
        html! {
            div.beside {
                @for (title, facts) in [("Data card", &self.data), ("Model card", &self.model)] {
                    @if !facts.is_empty() {
                        div {
                            table.card {
                                caption { (title) }
                                tbody { @for fact in facts { tr {
                                    th scope="row" { (fact.key) }
                                    td { (breakable(&fact.value)) }
                                } } }
                            }
                        }
                    }
                }
            }
        }
    }
}
