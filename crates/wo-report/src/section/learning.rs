//! The learning curve, and what to film next.

use maud::{Markup, html};

use crate::markup::chart::{Axis, Chart, Ink, Layer, NORMAL};
use crate::markup::estimate::{DASH, Estimate, Format};
use crate::section::collection_hints::{self, CollectionHint};

/// Where ticks may stand on the axis of videos, which is logarithmic.
const TICKS: [f64; 11] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 200.0, 500.0, 1000.0,
];
/// The axis goes this much beyond the outermost points, as a factor.
const BEYOND: f64 = 1.15;
/// The lowest value on the chart if nothing lies below it, such as chance.
const LOWEST: f64 = 0.4;

/// The metric against the number of training videos, and the conclusion.
#[derive(Debug, Clone, PartialEq)]
pub struct Learning {
    /// Which metric, such as `accuracy`; between 0 and 1.
    pub metric: String,
    /// What was measured, fewest videos first.
    pub points: Vec<LearningPoint>,
    /// What is to be expected of other numbers of videos.
    pub forecasts: Vec<Forecast>,
    /// What it says, in one sentence, such as whether the guideline holds for these videos.
    pub conclusion: String,
    /// What to film next, most useful first.
    pub hints: Vec<CollectionHint>,
}

/// Models fitted on a part of the videos.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningPoint {
    /// How many training videos a label they had, on average.
    pub n_videos: f64,
    /// How many models were fitted.
    pub n_fits: u64,
    /// Their figure.
    pub estimate: Estimate,
}

/// A forecast of the curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// How many training videos a label.
    pub n_videos: f64,
    /// The expected metric.
    pub estimate: Estimate,
    /// The rule of thumb at this size, such as 0.7 with 10 videos.
    pub guideline: Option<f64>,
}

impl Learning {
    pub(crate) fn section(&self) -> Markup {
        html! {
            @if !self.conclusion.is_empty() { p.promise { (self.conclusion) } }
            div.beside {
                @if !self.points.is_empty() { (self.chart().figure()) }
                @if !self.points.is_empty() || !self.forecasts.is_empty() { (self.table()) }
            }
            @if !self.hints.is_empty() { (collection_hints::list(&self.hints)) }
        }
    }

    fn chart(&self) -> Chart {
        let measured: Vec<_> = self
            .points
            .iter()
            .filter_map(|it| marks(it.n_videos, &it.estimate))
            .collect();
        let expected: Vec<_> = self
            .forecasts
            .iter()
            .filter_map(|it| marks(it.n_videos, &it.estimate))
            .collect();
        let promised = self
            .forecasts
            .iter()
            .filter_map(|it| Some((place(it.n_videos)?, it.guideline?)))
            .collect::<Vec<_>>();
        let ends = |marks: &[Marks]| marks.iter().filter_map(|it| it.ends).collect::<Vec<_>>();
        let dots = |marks: &[Marks]| marks.iter().map(|it| it.at).collect::<Vec<_>>();
        let lowest = measured
            .iter()
            .chain(&expected)
            .map(|it| it.ends.map_or(it.at.1, |(_, low, _)| low))
            .fold(LOWEST, f64::min);
        let low = (lowest.max(0.0) * 10.0).floor() / 10.0;
        // The forecast goes on where the last measurement ends.
        let forecast_line = measured.last().into_iter().chain(
            expected
                .iter()
                .filter(|it| measured.last().is_none_or(|last| it.at.0 > last.at.0)),
        );
        let forecast_line = forecast_line.map(|it| it.at).collect();
        Chart {
            title: format!(
                "Learning curve: {} against training videos a label",
                self.metric
            ),
            size: NORMAL,
            x: videos_axis(measured.iter().chain(&expected).map(|it| it.at.0)),
            y: Axis::part(&self.metric, low),
            layers: vec![
                Layer::Band(ends(&measured), Ink::Model),
                Layer::Dashed(forecast_line, Ink::Model),
                Layer::Line(dots(&measured), Ink::Model),
                Layer::Points(dots(&measured), Ink::Model),
                Layer::Whiskers(ends(&expected), Ink::Model),
                Layer::Rings(dots(&expected), Ink::Model),
                Layer::Points(promised, Ink::Other),
            ],
            legend: vec![
                (
                    Ink::Model,
                    "dots: measured; rings: expected; with 95\u{a0}% intervals",
                ),
                (Ink::Other, "the guideline"),
            ],
        }
    }

    fn table(&self) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label="Learning curve in numbers" {
                table {
                    caption { "The same in numbers" }
                    thead { tr {
                        th.number scope="col" { "Videos a label" }
                        th scope="col" { (self.metric) }
                        th.number scope="col" { "Models" }
                        th.number scope="col" { "Guideline" }
                    } }
                    tbody { @for point in &self.points { tr {
                        th.number scope="row" { (format!("{:.0}", point.n_videos)) }
                        td { (point.estimate.shown(Format::Plain)) }
                        td.number { (point.n_fits) }
                        td.number { (DASH) }
                    } } }
                    tbody { @for forecast in &self.forecasts { tr.forecast {
                        th.number scope="row" { (format!("{:.0}", forecast.n_videos)) }
                        td { (forecast.estimate.shown(Format::Plain)) }
                        td { "expected" }
                        td.number { (forecast.guideline.map_or_else(|| DASH.to_owned(), |it| format!("{it:.2}"))) }
                    } } }
                }
            }
        }
    }
}

/// Where an estimate is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Marks {
    at: (f64, f64),
    ends: Option<(f64, f64, f64)>,
}

fn marks(n_videos: f64, estimate: &Estimate) -> Option<Marks> {
    let x = place(n_videos)?;
    let bounds = estimate.bounds();
    Some(Marks {
        at: (x, estimate.number()?),
        ends: bounds.map(|it| (x, it.low, it.high)),
    })
}

/// Where a number of videos stands: each doubling is the same way.
fn place(n_videos: f64) -> Option<f64> {
    (n_videos.is_finite() && n_videos > 0.0).then(|| n_videos.ln())
}

fn videos_axis(places: impl Iterator<Item = f64> + Clone) -> Axis {
    let first = places.clone().fold(f64::INFINITY, f64::min);
    let last = places.fold(f64::NEG_INFINITY, f64::max);
    let (first, last) = if first <= last {
        (first - BEYOND.ln(), last + BEYOND.ln())
    } else {
        (0.0, 1.0)
    };
    let ticks = TICKS
        .into_iter()
        .map(|n| (n.ln(), format!("{n:.0}")))
        .filter(|(at, _)| (first..=last).contains(at));
    Axis {
        title: "training videos a label".to_owned(),
        range: first..last,
        ticks: ticks.collect(),
    }
}
