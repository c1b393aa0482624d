//! Calibration: does confidence equal accuracy?

use maud::{Markup, html};

use crate::markup::chart::{Axis, Chart, Ink, Layer, NORMAL};
use crate::markup::estimate::{DASH, Estimate, Format};

/// How far the columns of counts may reach, as a part of the chart's height.
const COLUMNS_HEIGHT: f64 = 0.25;

/// Calibration before and after temperature scaling.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The temperature that divides logits: above 1 if the model was overconfident. `None` without one.
    pub temperature: Option<f64>,
    /// What the temperature was fitted on, such as `31 validation videos of 8 groups`; hidden without one.
    pub fitted_on: String,
    /// The expected calibration error before the correction, from 0 to 1.
    pub error_before: Estimate,
    /// That after it.
    pub error_after: Estimate,
    /// Bins of calibrated confidence, lowest first.
    pub bins: Vec<Bin>,
}

/// A bin of the reliability diagram.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    /// From which probability on.
    pub low: f64,
    /// To which probability.
    pub high: f64,
    /// How many videos are within.
    pub n_videos: u64,
    /// Their mean confidence; `None` without videos.
    pub confidence: Option<f64>,
    /// Their accuracy.
    pub accuracy: Estimate,
}

impl Calibration {
    pub(crate) fn section(&self) -> Markup {
        html! {
            p { "A prediction with 80\u{a0}% confidence should be right 8 times in 10. The calibration error is the mean distance from that; 0 is best." }
            dl.facts {
                div { dt { "Temperature" } dd {
                    @match self.temperature {
                        Some(temperature) => { span.value { (format!("{temperature:.2}")) } " " span.why { (DASH) " fitted on " (self.fitted_on) } },
                        None => span.why { (DASH) " none was fitted" },
                    }
                } }
                div { dt { "Calibration error before" } dd { (self.error_before.shown(Format::Plain)) } }
                div { dt { "Calibration error after" } dd { (self.error_after.shown(Format::Plain)) } }
            }
            div.beside {
                (self.chart().figure())
                (self.table())
            }
        }
    }

    fn chart(&self) -> Chart {
        let most = self.bins.iter().map(|bin| bin.n_videos).max().unwrap_or(0);
        let columns = self.bins.iter().map(|bin| {
            let height = COLUMNS_HEIGHT * bin.n_videos as f64 / most.max(1) as f64;
            (bin.low, bin.high, height)
        });
        let points = |bin: &Bin| Some((bin.confidence?, bin.accuracy.number()?));
        let whiskers = |bin: &Bin| {
            let bounds = bin.accuracy.bounds()?;
            Some((bin.confidence?, bounds.low, bounds.high))
        };
        Chart {
            title: "Reliability diagram: accuracy against confidence".to_owned(),
            size: NORMAL,
            x: Axis::part("confidence", 0.0),
            y: Axis::part("accuracy", 0.0),
            layers: vec![
                Layer::Columns(columns.collect(), Ink::Help),
                Layer::Dashed(vec![(0.0, 0.0), (1.0, 1.0)], Ink::Text),
                Layer::Whiskers(self.bins.iter().filter_map(whiskers).collect(), Ink::Model),
                Layer::Points(self.bins.iter().filter_map(points).collect(), Ink::Model),
            ],
            legend: vec![
                (Ink::Model, "the model, with 95\u{a0}% confidence interval"),
                (Ink::Text, "dashed: perfect calibration"),
                (Ink::Help, "columns: number of videos"),
            ],
        }
    }

    fn table(&self) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label="Calibration in numbers" {
                table {
                    caption { "The same in numbers" }
                    thead { tr {
                        th scope="col" { "Says" }
                        th.number scope="col" { "Mean" }
                        th scope="col" { "Is right" }
                        th.number scope="col" { "Videos" }
                    } }
                    tbody { @for bin in &self.bins { tr {
                        th scope="row" { (format!("{:.2} to {:.2}", bin.low, bin.high)) }
                        td.number { (bin.confidence.map_or_else(|| DASH.to_owned(), |it| format!("{it:.2}"))) }
                        td { (bin.accuracy.shown(Format::Plain)) }
                        td.number { (bin.n_videos) }
                    } } }
                    tfoot { tr {
                        th scope="row" { "All" }
                        td {} td {}
                        td.number { (self.bins.iter().map(|bin| bin.n_videos).sum::<u64>()) }
                    } }
                }
            }
        }
    }
}
