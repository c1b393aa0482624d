//! The shortcut audit.

use maud::{Markup, html};

use crate::markup::estimate::{Estimate, Format};
use crate::markup::forest::{Scale, with_bar};
use crate::section::outcome::Outcome;

/// How much of the model's skill shortcut probes reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// What it came to.
    pub outcome: Outcome,
    /// The same in one sentence.
    pub summary: String,
    /// Chance level of balanced accuracy; drawn as a line.
    pub chance: f64,
    /// The model's own balanced accuracy on the same folds.
    pub model: Estimate,
    /// The probes, in the order to show.
    pub probes: Vec<Probe>,
}

/// A probe: a classifier that sees no form.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Its name, such as `duration` or `background`, with the part of the videos where that is not all of them.
    pub name: String,
    /// What it sees, such as `the length of the video`.
    pub sees: String,
    /// Its balanced accuracy.
    pub balanced_accuracy: Estimate,
    /// Its skill above chance as a part of the model's: 0 is nothing, 1 all of it.
    pub share: Estimate,
    /// What that came to.
    pub outcome: Outcome,
}

impl Audit {
    pub(crate) fn section(&self) -> Markup {
        let scale = Scale::unit(Some(self.chance));
        let share_scale = Scale::share(self.probes.iter().map(|probe| &probe.share));
        let accuracy = |it: &Estimate| with_bar(&it.shown(Format::Plain), it, scale);
        html! {
            p.promise { (self.outcome.badge()) " " (self.summary) }
            p { "Each probe is a small classifier that sees only the column “Sees”. Videos that it gets right, the model may "
                "get right by the same shortcut. A probe compares videos of one exercise, unless it sees the exercise. The share is the probe’s skill above chance, relative to the model’s; the dashed line is 100\u{a0}%." }
            div.scroll tabindex="0" role="region" aria-label="Shortcut audit" {
                table.wide {
                    caption { "Shortcut probes" }
                    thead { tr {
                        th scope="col" { "Probe" }
                        th scope="col" { "Balanced accuracy" }
                        th scope="col" { "Share of the model’s skill" }
                        th scope="col" { "Outcome" }
                    } }
                    tbody {
                        @for probe in &self.probes { tr {
                            th scope="row" { (probe.name) span.under { "sees " (probe.sees) } }
                            td { (accuracy(&probe.balanced_accuracy)) }
                            td { (with_bar(&probe.share.shown(Format::Share), &probe.share, share_scale)) }
                            td { (probe.outcome.badge()) }
                        } }
                        tr.model {
                            th scope="row" { "the model" span.under { "sees the frames" } }
                            td { (accuracy(&self.model)) }
                            td { span.why { "100\u{a0}% by definition" } }
                            td {}
                        }
                    }
                }
            }
        }
    }
}
