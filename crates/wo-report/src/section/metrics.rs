//! The metrics, each with its confidence interval and beside baselines.

use maud::{Markup, html};

use crate::markup::breakable::breakable;
use crate::markup::estimate::{DASH, Estimate, Format, counted};
use crate::markup::forest::{Scale, with_bar};

/// All metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// How many videos were scored.
    pub n_videos: u64,
    /// How many groups (persons or sources) they come from.
    pub n_groups: u64,
    /// Caveats in sentences, such as too few groups.
    pub warnings: Vec<String>,
    /// The metrics in blocks, such as `All videos`, `Per label` and `Per exercise`.
    pub blocks: Vec<MetricBlock>,
}

/// Metrics that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricBlock {
    /// What they are about.
    pub title: String,
    /// What is counted, such as `videos` or `frames`.
    pub unit: String,
    /// The metrics, in the order to show.
    pub metrics: Vec<Metric>,
}

/// One metric of the model, between 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// What it is, such as `balanced accuracy` or `recall of bad form`.
    pub name: String,
    /// The model's.
    pub model: Estimate,
    /// The chance level, if known; drawn as a line.
    pub chance: Option<f64>,
    /// How many videos, or frames, it rests on.
    pub n_videos: u64,
    /// How many groups they come from.
    pub n_groups: u64,
    /// The detectable difference (80 % power at the 5 % level).
    pub smallest_difference: Option<f64>,
    /// The baselines, such as `majority`, `duration only`, `metadata only`, `zero shot` and `linear probe`.
    pub baselines: Vec<Baseline>,
}

/// The same metric of a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// What it is.
    pub name: String,
    /// Its metric.
    pub estimate: Estimate,
    /// By how much the model is above it, from the same resamples (paired).
    pub lead: Option<Estimate>,
}

impl Metrics {
    pub(crate) fn section(&self) -> Markup {
        html! {
            p {
                "Measured on " (counted(self.n_videos, "video")) " of " (counted(self.n_groups, "group"))
                ". Brackets hold the 95\u{a0}% confidence interval. The dot is the metric, the line its interval, "
                "the dashed line chance; bars run from 0 to 1."
            }
            @for warning in &self.warnings { p.note { (warning) } }
            @for block in &self.blocks { (block.table()) }
        }
    }
}

impl MetricBlock {
    fn table(&self) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label=(self.title) {
                table.figures {
                    caption { (self.title) }
                    thead { tr {
                        th scope="col" { "Metric" }
                        th scope="col" { "Value and 95\u{a0}% confidence interval" }
                        @if self.has_baselines() { th scope="col" { "Model’s lead" } }
                        th.number scope="col" { (self.unit) }
                        th.number scope="col" { "Groups" }
                        th.number scope="col" { "Detectable difference" }
                    } }
                    @for metric in &self.metrics { (self.rows(metric)) }
                }
            }
        }
    }

    fn has_baselines(&self) -> bool {
        self.metrics.iter().any(|it| !it.baselines.is_empty())
    }

    fn rows(&self, metric: &Metric) -> Markup {
        let scale = Scale::unit(metric.chance);
        let estimate =
            |estimate: &Estimate| with_bar(&estimate.shown(Format::Plain), estimate, scale);
        html! {
            tbody {
                tr.model {
                    th scope="row" { (breakable(&metric.name)) }
                    td { (estimate(&metric.model)) }
                    @if self.has_baselines() { td {} }
                    td.number { (metric.n_videos) }
                    td.number { (metric.n_groups) }
                    td.number { (metric.smallest_difference.map_or_else(|| DASH.to_owned(), |it| format!("±\u{a0}{it:.2}"))) }
                }
                @for baseline in &metric.baselines {
                    tr.baseline {
                        th scope="row" { (baseline.name) }
                        td { (estimate(&baseline.estimate)) }
                        td.lead { @match &baseline.lead {
                            Some(lead) => (lead.shown(Format::Signed)),
                            None => span.why { (DASH) " not compared" },
                        } }
                        td {} td {} td {}
                    }
                }
            }
        }
    }
}
