//! Robustness to degraded images and reworded classes.

use maud::{Markup, html};

use crate::markup::chart::{Axis, Chart, Ink, Layer, SMALL};
use crate::markup::estimate::{Estimate, Format};
use crate::markup::forest::{Scale, with_bar};

/// The lowest accuracy on the charts where nothing lies below it.
const LOWEST: f64 = 0.4;

/// A metric on changed images and with reworded classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Robustness {
    /// Which metric, such as `accuracy`.
    pub metric: String,
    /// The metric without a change; drawn as a line.
    pub unchanged: Estimate,
    /// The changes.
    pub changes: Vec<Change>,
    /// The texts of classes in other words.
    pub paraphrases: Vec<Paraphrase>,
}

/// One kind of change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What is changed, with its unit, such as `blur (radius in px)`.
    pub name: String,
    /// Its strengths, weakest first.
    pub steps: Vec<Step>,
}

/// A change of one strength.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// How strong, such as `4` or `on`.
    pub strength: String,
    /// The figure then.
    pub estimate: Estimate,
}

/// Reworded classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Paraphrase {
    /// The words, such as `a photo of a person doing a {exercise}`.
    pub text: String,
    /// The metric with them.
    pub estimate: Estimate,
}

impl Robustness {
    pub(crate) fn section(&self) -> Markup {
        html! {
            p { "The same videos, degraded step by step. Unchanged: " (self.metric) " " (self.unchanged.in_a_sentence(Format::Plain))
                ", the dashed line." }
            div.multiples {
                @for change in &self.changes {
                    div.multiple {
                        h3 { (change.name) }
                        @if change.steps.len() > 1 { (self.chart(change).figure()) }
                        (self.table(change))
                    }
                }
            }
            @if !self.paraphrases.is_empty() { (self.texts()) }
        }
    }

    fn chart(&self, change: &Change) -> Chart {
        let places = || change.steps.iter().zip(0_u32..);
        let line = places().filter_map(|(step, at)| Some((f64::from(at), step.estimate.number()?)));
        let whiskers = places().filter_map(|(step, at)| {
            let bounds = step.estimate.bounds()?;
            Some((f64::from(at), bounds.low, bounds.high))
        });
        let (line, whiskers): (Vec<_>, Vec<_>) = (line.collect(), whiskers.collect());
        let lowest = line
            .iter()
            .map(|(_, value)| *value)
            .chain(whiskers.iter().map(|(_, low, _)| *low))
            .fold(LOWEST, f64::min);
        let low = (lowest.max(0.0) * 10.0).floor() / 10.0;
        let last = change.steps.len().saturating_sub(1) as f64;
        let range = -0.4..last + 0.4;
        let unchanged = self.unchanged.number();
        let reference = unchanged.map(|value| vec![(range.start, value), (range.end, value)]);
        Chart {
            title: format!("{} by strength of {}", self.metric, change.name),
            size: SMALL,
            x: Axis {
                // The heading above says what it is.
                title: String::new(),
                range,
                ticks: places()
                    .map(|(step, at)| (f64::from(at), step.strength.clone()))
                    .collect(),
            },
            y: Axis::part(&self.metric, low),
            layers: vec![
                Layer::Dashed(reference.unwrap_or_default(), Ink::Text),
                Layer::Whiskers(whiskers, Ink::Model),
                Layer::Line(line.clone(), Ink::Model),
                Layer::Points(line, Ink::Model),
            ],
            legend: Vec::new(),
        }
    }

    fn table(&self, change: &Change) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label=(change.name) {
                table {
                    thead { tr { th.number scope="col" { "Strength" } th scope="col" { (self.metric) } } }
                    tbody { @for step in &change.steps { tr {
                        th.number scope="row" { (step.strength) }
                        td { (step.estimate.shown(Format::Plain)) }
                    } } }
                }
            }
        }
    }

    fn texts(&self) -> Markup {
        let scale = Scale::unit(self.unchanged.number());
        html! {
            div.scroll tabindex="0" role="region" aria-label="Other words" {
                table.wide {
                    caption { "Reworded classes" }
                    thead { tr { th scope="col" { "Text" } th scope="col" { (self.metric) } } }
                    tbody { @for paraphrase in &self.paraphrases { tr {
                        th scope="row" { (paraphrase.text) }
                        td { (with_bar(&paraphrase.estimate.shown(Format::Plain), &paraphrase.estimate, scale)) }
                    } } }
                }
            }
        }
    }
}
