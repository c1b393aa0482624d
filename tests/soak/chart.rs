//! The weeks as a chart.

use std::fmt::Write;

use crate::Week;
use crate::scores::Score;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 50.0;
const PLOT_HEIGHT: f64 = 240.0;
/// The lowest and the highest value that is drawn: half of all videos right is what chance gives.
const RANGE: (f64, f64) = (0.4, 1.0);
const N_LINES: u32 = 6;

/// The balanced accuracy of the model in use by week, with its interval and what was decided.
pub(crate) fn svg(weeks: &[Week], scores: &[Option<Score>]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">Balanced accuracy of the model in use, on held-out persons</text>\n"
    );
    for i in 0..=N_LINES {
        let value = RANGE.0 + (RANGE.1 - RANGE.0) * f64::from(i) / f64::from(N_LINES);
        let at = y(value);
        let right = WIDTH - LEFT / 2.0;
        add(
            &mut svg,
            &format!(
                "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>"
            ),
        );
        add(
            &mut svg,
            &format!(
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>",
                LEFT - 8.0,
                at + 4.0
            ),
        );
    }
    let step = (WIDTH - 1.5 * LEFT) / weeks.len().max(1) as f64;
    let mut line = String::new();
    let mut marks = String::new();
    for (i, (week, score)) in weeks.iter().zip(scores).enumerate() {
        let x = LEFT + step * (i as f64 + 0.5);
        let below = TOP + PLOT_HEIGHT;
        add(
            &mut marks,
            &format!(
                "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">week {}</text>",
                below + 22.0,
                week.number
            ),
        );
        let word = &week.outcome.word;
        add(
            &mut marks,
            &format!(
                "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"{}\">{word}</text>",
                below + 40.0,
                colour(week)
            ),
        );
        let Some(score) = score else {
            continue;
        };
        let (at, low, high) = (y(score.value), y(score.low), y(score.high));
        write!(line, "{x:.1},{at:.1} ").expect("a text takes text");
        add(
            &mut marks,
            &format!(
                "<line x1=\"{x:.1}\" y1=\"{low:.1}\" x2=\"{x:.1}\" y2=\"{high:.1}\" stroke=\"#555\" stroke-width=\"2\"/>"
            ),
        );
        add(
            &mut marks,
            &format!(
                "<circle cx=\"{x:.1}\" cy=\"{at:.1}\" r=\"5\" fill=\"{}\"><title>{}</title></circle>",
                colour(week),
                score.text()
            ),
        );
    }
    let line = line.trim_end();
    add(
        &mut svg,
        &format!("<polyline points=\"{line}\" fill=\"none\" stroke=\"#888\"/>"),
    );
    svg.push_str(&marks);
    svg.push_str("</svg>\n");
    svg
}

fn add(svg: &mut String, element: &str) {
    svg.push_str(element);
    svg.push('\n');
}

fn y(value: f64) -> f64 {
    let (low, high) = RANGE;
    let part = (value.clamp(low, high) - low) / (high - low);
    TOP + PLOT_HEIGHT * (1.0 - part)
}

fn colour(week: &Week) -> &'static str {
    match week.outcome.word.as_str() {
        "promoted" => "#1a7f37",
        "refused" => "#b35900",
        _ => "#555",
    }
}
