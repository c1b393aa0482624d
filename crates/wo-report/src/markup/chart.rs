//! Charts as inline SVG that follows the theme of the page.
//!
//! plotters writes fixed colours. It is given one colour for each role, and each is then replaced by a variable of the
//! style sheet, so that a chart is right in light, in dark and on paper.

use std::error::Error;
use std::ops::Range;

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;

/// The size of a chart in its own units. Small, so that the letters stay readable where it is shrunk to a phone's width.
pub(crate) const NORMAL: (u32, u32) = (440, 300);
/// That of one of several that stand side by side.
pub(crate) const SMALL: (u32, u32) = (320, 210);
/// plotters' SVG backend draws letters smaller by this factor.
const LETTERS: f64 = 13.0 * 1.24;
/// Half the width of the cross stroke at the end of an interval, in units of the chart.
const CAP: i32 = 3;

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// The model.
    Model,
    /// The reference.
    Other,
    /// Lines that help the eye.
    Help,
    /// The grid.
    Grid,
    /// Letters and axes.
    Text,
}

impl Ink {
    const ALL: [Self; 5] = [Self::Model, Self::Other, Self::Help, Self::Grid, Self::Text];

    /// The colour that plotters is told, and the variable that takes its place.
    fn names(self) -> (RGBColor, &'static str) {
        match self {
            Self::Model => (RGBColor(1, 1, 1), "--model"),
            Self::Other => (RGBColor(2, 2, 2), "--other"),
            Self::Help => (RGBColor(3, 3, 3), "--help"),
            Self::Grid => (RGBColor(4, 4, 4), "--grid"),
            Self::Text => (RGBColor(5, 5, 5), "--muted"),
        }
    }

    fn colour(self) -> RGBColor {
        self.names().0
    }
}

/// One kind of mark.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Layer {
    /// A tinted area between a lower and an upper end: `(x, low, high)`.
    Band(Vec<(f64, f64, f64)>, Ink),
    /// A line.
    Line(Vec<(f64, f64)>, Ink),
    /// A dashed line.
    Dashed(Vec<(f64, f64)>, Ink),
    /// Filled points.
    Points(Vec<(f64, f64)>, Ink),
    /// Rings.
    Rings(Vec<(f64, f64)>, Ink),
    /// Intervals as upright strokes: `(x, low, high)`.
    Whiskers(Vec<(f64, f64, f64)>, Ink),
    /// Tinted columns from the bottom: `(left, right, height)`.
    Columns(Vec<(f64, f64, f64)>, Ink),
}

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub(crate) title: String,
    pub(crate) range: Range<f64>,
    /// Where a label stands, and what it says.
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From `low` to 1 in steps of a fifth or a tenth.
    pub(crate) fn part(title: &str, low: f64) -> Self {
        let steps = if low > 0.35 { 10 } else { 5 };
        let ticks = (0..=steps)
            .map(|step| f64::from(step) / f64::from(steps))
            .filter(|tick| *tick >= low - 1e-9)
            .map(|tick| (tick, format!("{tick:.1}")));
        Self {
            title: title.to_owned(),
            range: low..1.0,
            ticks: ticks.collect(),
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        limit.0 + (part * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(at, _)| (at - value).abs() < 1e-9);
        tick.map_or_else(String::new, |(_, words)| words.clone())
    }
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    /// What it shows, for those who cannot see it.
    pub(crate) title: String,
    /// [`NORMAL`] or [`SMALL`].
    pub(crate) size: (u32, u32),
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// From the back to the front.
    pub(crate) layers: Vec<Layer>,
    /// What the inks mean.
    pub(crate) legend: Vec<(Ink, &'static str)>,
}

impl Chart {
    /// The chart with its legend.
    pub(crate) fn figure(&self) -> Markup {
        let mut drawn = String::new();
        let Ok(()) = self.draw(&mut drawn) else {
            return html! { p.why { "The chart “" (self.title) "” could not be drawn." } };
        };
        html! {
            figure.chart {
                svg viewBox={ "0 0 " (self.size.0) " " (self.size.1) } role="img" aria-label=(self.title) {
                    title { (self.title) }
                    (PreEscaped(themed(&drawn)))
                }
                @if !self.legend.is_empty() {
                    figcaption {
                        @for (ink, words) in &self.legend {
                            span.key { span class={ "swatch " (ink.names().1.trim_start_matches('-')) } {} (words) }
                            " "
                        }
                    }
                }
            }
        }
    }

    fn draw(&self, svg: &mut String) -> Result<(), Box<dyn Error>> {
        let area = SVGBackend::with_string(svg, self.size).into_drawing_area();
        self.draw_on(&area)?;
        area.present()?;
        Ok(())
    }

    fn draw_on(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Box<dyn Error>> {
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(16)
            .x_label_area_size(44)
            .y_label_area_size(48)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        let letters = ("inherit", LETTERS).into_font().color(&Ink::Text.colour());
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(Ink::Grid.colour())
            .axis_style(Ink::Help.colour())
            .x_desc(self.x.title.as_str())
            .y_desc(self.y.title.as_str())
            .label_style(letters.clone())
            .axis_desc_style(letters)
            .draw()?;
        for layer in &self.layers {
            layer.draw(&mut chart)?;
        }
        Ok(())
    }
}

impl Layer {
    fn draw(
        &self,
        chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<Axis, Axis>>,
    ) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Band(points, ink) => {
                let lower = points.iter().map(|(x, low, _)| (*x, *low));
                let upper = points.iter().rev().map(|(x, _, high)| (*x, *high));
                let outline: Vec<_> = lower.chain(upper).collect();
                chart.draw_series([Polygon::new(outline, ink.colour().mix(0.18))])?;
            }
            Self::Line(points, ink) => {
                chart.draw_series([PathElement::new(
                    points.clone(),
                    ink.colour().stroke_width(2),
                )])?;
            }
            Self::Dashed(points, ink) => {
                let style = ink.colour().stroke_width(1);
                chart.draw_series(DashedLineSeries::new(points.iter().copied(), 5, 4, style))?;
            }
            Self::Points(points, ink) => {
                let dot = |at: &(f64, f64)| Circle::new(*at, 4, ink.colour().filled());
                chart.draw_series(points.iter().map(dot))?;
            }
            Self::Rings(points, ink) => {
                let ring = |at: &(f64, f64)| Circle::new(*at, 5, ink.colour().stroke_width(2));
                chart.draw_series(points.iter().map(ring))?;
            }
            Self::Whiskers(ends, ink) => {
                for &(x, low, high) in ends {
                    let style = ink.colour().stroke_width(1);
                    chart.draw_series([PathElement::new(vec![(x, low), (x, high)], style)])?;
                    let cap = |y: f64| {
                        EmptyElement::at((x, y))
                            + PathElement::new(vec![(-CAP, 0), (CAP, 0)], style)
                    };
                    chart.draw_series([cap(low), cap(high)])?;
                }
            }
            Self::Columns(columns, ink) => {
                let column = |&(left, right, height): &(f64, f64, f64)| {
                    Rectangle::new(
                        [(left, 0.0), (right, height)],
                        ink.colour().mix(0.3).filled(),
                    )
                };
                chart.draw_series(columns.iter().map(column))?;
            }
        }
        Ok(())
    }
}

/// The marks of a drawing without its outermost element, in the colours of the page.
fn themed(svg: &str) -> String {
    let inner = svg
        .split_once('>')
        .map_or("", |(_, after)| after)
        .trim_end()
        .trim_end_matches("</svg>");
    Ink::ALL.iter().fold(inner.to_owned(), |drawn, ink| {
        let (RGBColor(r, g, b), variable) = ink.names();
        // With the quotes of an attribute: text between tags has none that are not escaped.
        drawn.replace(
            &format!("=\"#{r:02X}{g:02X}{b:02X}\""),
            &format!("=\"var({variable})\""),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(title: &str) -> Chart {
        Chart {
            title: title.to_owned(),
            size: NORMAL,
            x: Axis::part(title, 0.0),
            y: Axis::part("accuracy", 0.4),
            layers: vec![
                Layer::Band(vec![(0.1, 0.5, 0.7), (0.9, 0.6, 0.8)], Ink::Model),
                Layer::Line(vec![(0.1, 0.6), (0.9, 0.7)], Ink::Model),
                Layer::Dashed(vec![(0.0, 0.5), (1.0, 0.5)], Ink::Help),
                Layer::Points(vec![(0.1, 0.6)], Ink::Model),
                Layer::Rings(vec![(0.9, 0.7)], Ink::Other),
                Layer::Whiskers(vec![(0.9, 0.6, 0.8)], Ink::Other),
                Layer::Columns(vec![(0.2, 0.3, 0.5)], Ink::Help),
            ],
            legend: vec![(Ink::Model, "the model")],
        }
    }

    #[test]
    fn a_chart_has_no_colour_and_no_address_of_its_own() {
        let drawn = chart("coverage").figure().into_string();
        assert!(!drawn.contains("=\"#"), "{drawn}");
        assert!(!drawn.contains("http"), "{drawn}");
        assert_eq!(drawn.matches("<svg").count(), 1);
        assert_eq!(drawn.matches("</svg>").count(), 1);
        for word in ["var(--model)", "var(--other)", "0.4", "coverage"] {
            assert!(drawn.contains(word), "{word} is missing");
        }
    }

    #[test]
    fn hostile_titles_are_text() {
        let drawn = chart("</title><script>\"#010101\"").figure().into_string();
        assert!(!drawn.contains("<script"), "{drawn}");
        assert!(!drawn.contains("\"var(--model)\"&quot;"), "{drawn}");
    }
}
