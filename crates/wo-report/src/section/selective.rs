//! Selective classification: what abstaining gains.

use maud::{Markup, html};

use crate::markup::breakable::breakable;
use crate::markup::chart::{Axis, Chart, Ink, Layer, NORMAL};
use crate::markup::estimate::{DASH, Estimate, Format, counted, share};
use crate::markup::forest::{Scale, with_bar};

/// Risk and coverage if the model abstains on the least confident videos.
#[derive(Debug, Clone, PartialEq)]
pub struct Selective {
    /// The risk-coverage curve.
    pub curve: Vec<RiskPoint>,
    /// The area under that curve; less is better.
    pub area: Estimate,
    /// Accuracy at chosen coverages, such as 50, 80 and 100 %.
    pub at_coverage: Vec<AtCoverage>,
    /// The abstention threshold; `None` if none keeps the guarantee.
    pub threshold: Option<f64>,
    /// What the threshold guarantees, or why there is none.
    pub guarantee: String,
    /// How many videos are unclear.
    pub n_unclear: u64,
    /// Why; a video may have several reasons.
    pub abstentions: Vec<Abstention>,
}

/// One point of the risk-coverage curve.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskPoint {
    /// The coverage.
    pub coverage: f64,
    /// The risk: the share of wrong labels among them.
    pub risk: Estimate,
}

/// Accuracy at one coverage.
#[derive(Debug, Clone, PartialEq)]
pub struct AtCoverage {
    /// The coverage (videos with a label).
    pub coverage: f64,
    /// The accuracy of the labels.
    pub accuracy: Estimate,
    /// How many videos that is.
    pub n_videos: u64,
}

/// Videos without a label for one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Abstention {
    /// The reason, such as `too dark`.
    pub reason: String,
    /// What was measured, such as `mean brightness below 0.12`.
    pub measured: String,
    /// How many videos.
    pub n_videos: u64,
}

impl Selective {
    pub(crate) fn section(&self) -> Markup {
        html! {
            p { "A model that abstains (“unclear”) at low confidence is wrong less often on the rest." }
            dl.facts {
                div { dt { "Says unclear below" } dd {
                    @match self.threshold {
                        Some(threshold) if threshold <= 0.0 => span.why { (DASH) " never for want of confidence: the promise holds without" },
                        Some(threshold) => { span.value { (format!("{threshold:.2}")) } " " span.why { (DASH) " a choice, not an estimate" } },
                        None => span.why { (DASH) " no threshold" },
                    }
                } }
                div { dt { "Area under the curve" } dd { (self.area.shown(Format::Plain)) } }
            }
            p.promise { (self.guarantee) }
            div.beside {
                @if !self.curve.is_empty() { (self.chart().figure()) }
                div {
                    (self.coverages())
                    @if !self.abstentions.is_empty() { (self.reasons()) }
                }
            }
        }
    }

    fn chart(&self) -> Chart {
        let line = |point: &RiskPoint| Some((point.coverage, point.risk.number()?));
        let band = |point: &RiskPoint| {
            let bounds = point.risk.bounds()?;
            Some((point.coverage, bounds.low, bounds.high))
        };
        let line: Vec<_> = self.curve.iter().filter_map(line).collect();
        let band: Vec<_> = self.curve.iter().filter_map(band).collect();
        let highest = line
            .iter()
            .map(|(_, risk)| *risk)
            .chain(band.iter().map(|(_, _, high)| *high))
            .fold(0.1, f64::max);
        // The next tenth above, so that the curve fills the chart.
        let n_tenths = (highest * 10.0 - 1e-9).ceil().clamp(1.0, 10.0) as u32;
        let ticks = (0..=n_tenths).map(|tenth| {
            let tick = f64::from(tenth) / 10.0;
            (tick, format!("{tick:.1}"))
        });
        Chart {
            title:
                "Risk-coverage curve: share of wrong labels against share of videos with a label"
                    .to_owned(),
            size: NORMAL,
            x: Axis::part("coverage (videos with a label)", 0.0),
            y: Axis {
                title: "risk (wrong labels among them)".to_owned(),
                range: 0.0..f64::from(n_tenths) / 10.0,
                ticks: ticks.collect(),
            },
            layers: vec![Layer::Band(band, Ink::Model), Layer::Line(line, Ink::Model)],
            legend: vec![(
                Ink::Model,
                "the model, with its 95\u{a0}% interval as if each video were of another person",
            )],
        }
    }

    fn coverages(&self) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label="Accuracy by coverage" {
                table {
                    caption { "Accuracy by coverage, most confident videos first" }
                    thead { tr {
                        th scope="col" { "Answered" }
                        th scope="col" { "Accuracy" }
                        th.number scope="col" { "Videos" }
                    } }
                    tbody { @for row in &self.at_coverage { tr {
                        th scope="row" { (share(row.coverage)) }
                        td { (with_bar(&row.accuracy.shown(Format::Plain), &row.accuracy, Scale::unit(None))) }
                        td.number { (row.n_videos) }
                    } } }
                }
            }
        }
    }

    fn reasons(&self) -> Markup {
        let adds_up = self.abstentions.iter().map(|it| it.n_videos).sum::<u64>() == self.n_unclear;
        html! {
            div.scroll tabindex="0" role="region" aria-label="Reasons for unclear" {
                table {
                    caption {
                        "Why " (counted(self.n_unclear, "video")) " came out as unclear"
                        @if !adds_up { "; a video may have several reasons" }
                    }
                    thead { tr {
                        th scope="col" { "Reason" }
                        th scope="col" { "Measured" }
                        th.number scope="col" { "Videos" }
                    } }
                    tbody { @for refusal in &self.abstentions { tr {
                        th scope="row" { (breakable(&refusal.reason)) }
                        td { (refusal.measured) }
                        td.number { (refusal.n_videos) }
                    } } }
                }
            }
        }
    }
}
