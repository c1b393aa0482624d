//! A metric and its confidence interval as a small bar, so that table rows can be compared by eye.

use maud::{Markup, html};

use crate::markup::estimate::Estimate;

/// The size of a bar, in pixels.
const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 16.0;
/// Room for the point at both ends of the scale, in pixels.
const MARGIN: f64 = 4.0;

/// What a bar is drawn on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    /// Where a thin line stands, such as chance.
    reference: Option<f64>,
}

impl Scale {
    /// From 0 to 1; the line stands at `reference`, such as what chance gives.
    pub(crate) fn unit(reference: Option<f64>) -> Self {
        Self {
            low: 0.0,
            high: 1.0,
            reference,
        }
    }

    /// Wide enough for all of the estimates, with a line at zero.
    pub(crate) fn around_zero<'a>(estimates: impl IntoIterator<Item = &'a Estimate>) -> Self {
        let (low, high) = ends(estimates);
        Self {
            low,
            high: if high > low { high } else { low + 1.0 },
            reference: Some(0.0),
        }
    }

    /// From 0 to the largest value above 1, with a line at 1.
    pub(crate) fn share<'a>(estimates: impl IntoIterator<Item = &'a Estimate>) -> Self {
        Self {
            low: 0.0,
            high: ends(estimates).1.max(1.0),
            reference: Some(1.0),
        }
    }

    /// Where a value stands, in pixels from the left; values beyond the ends stand at the ends.
    fn place(self, value: f64) -> f64 {
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        MARGIN + part * (WIDTH - 2.0 * MARGIN)
    }
}

/// The lowest and the highest of zero, the metrics and the ends of their intervals.
fn ends<'a>(estimates: impl IntoIterator<Item = &'a Estimate>) -> (f64, f64) {
    let all = estimates.into_iter().flat_map(|estimate| {
        let bounds = estimate.bounds();
        [
            estimate.number(),
            bounds.map(|it| it.low),
            bounds.map(|it| it.high),
        ]
    });
    all.flatten().fold((0.0_f64, 0.0_f64), |(low, high), end| {
        (low.min(end), high.max(end))
    })
}

/// The bar. The text beside it says the same, so it is hidden from screen readers.
pub(crate) fn bar(estimate: &Estimate, scale: Scale) -> Markup {
    let middle = HEIGHT / 2.0;
    let at = |value: f64| format!("{:.1}", scale.place(value));
    html! {
        svg.forest viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT) aria-hidden="true" focusable="false" {
            line.rail x1=(at(scale.low)) x2=(at(scale.high)) y1=(middle) y2=(middle) {}
            @if let Some(reference) = scale.reference {
                line.reference x1=(at(reference)) x2=(at(reference)) y1="1" y2=(HEIGHT - 1.0) {}
            }
            @if let Some(interval) = estimate.bounds() {
                @let (low, high) = (at(interval.low), at(interval.high));
                line.whisker x1=(low) x2=(high) y1=(middle) y2=(middle) {}
                line.whisker x1=(low) x2=(low) y1=(middle - 3.0) y2=(middle + 3.0) {}
                line.whisker x1=(high) x2=(high) y1=(middle - 3.0) y2=(middle + 3.0) {}
            }
            @if let Some(value) = estimate.number() {
                circle.point cx=(at(value)) cy=(middle) r="3.5" {}
            }
        }
    }
}

/// The text of an estimate and its bar.
pub(crate) fn with_bar(text: &Markup, estimate: &Estimate, scale: Scale) -> Markup {
    html! {
        div.estimate {
            (bar(estimate, scale))
            span { (text) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_scale_stay_on_the_bar() {
        let scale = Scale::unit(Some(0.5));
        assert!((scale.place(-3.0) - MARGIN).abs() < 1e-9);
        assert!((scale.place(7.0) - (WIDTH - MARGIN)).abs() < 1e-9);
        let drawn = bar(&Estimate::missing("nothing"), scale).into_string();
        assert!(!drawn.contains("circle") && !drawn.contains("whisker"));
    }

    #[test]
    fn a_scale_around_zero_has_width_even_without_estimates() {
        let scale = Scale::around_zero([]);
        assert!(scale.place(0.0).is_finite());
        let of = [Estimate::between(0.1, -0.1, 0.3)];
        let scale = Scale::around_zero(&of);
        assert!((scale.place(0.3) - (WIDTH - MARGIN)).abs() < 1e-9);
    }
}
