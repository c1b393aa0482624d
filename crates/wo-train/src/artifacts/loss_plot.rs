//! A plot of the losses of a run.

use anyhow::anyhow;
use plotters::prelude::*;
use wo_record::Metric;

const SIZE: (u32, u32) = (760, 380);
/// Blue and orange that colour-blind people can tell apart (Okabe & Ito 2008).
const TRAIN: RGBColor = RGBColor(0, 114, 178);
const VALIDATION: RGBColor = RGBColor(213, 94, 0);

/// Training and validation loss over the steps, as SVG; `None` with fewer than two points.
pub(crate) fn svg(history: &[Metric]) -> anyhow::Result<Option<String>> {
    let of = |name: &str| -> Vec<(f64, f64)> {
        let points = history
            .iter()
            .filter_map(|it| Some((it.step as f64, *it.values.get(name)?)));
        points.filter(|(_, value)| value.is_finite()).collect()
    };
    let (train, validation) = (of("train_loss"), of("validation_loss"));
    if train.len() < 2 {
        return Ok(None);
    }
    let all = || train.iter().chain(&validation);
    let most = all()
        .map(|(_, loss)| *loss)
        .fold(f64::MIN_POSITIVE, f64::max);
    let last = all().map(|(step, _)| *step).fold(1.0, f64::max);
    let mut svg = String::new();
    draw(&mut svg, &train, &validation, last, most * 1.05)
        .map_err(|e| anyhow!("draw the learning curve: {e}"))?;
    Ok(Some(svg))
}

fn draw(
    svg: &mut String,
    train: &[(f64, f64)],
    validation: &[(f64, f64)],
    last: f64,
    most: f64,
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .caption("Loss over the run", ("sans-serif", 18))
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..last, 0.0..most)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("steps")
        .y_desc("loss")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .label_style(("sans-serif", 13))
        .draw()?;
    for (points, colour, words) in [
        (train, TRAIN, "training"),
        (validation, VALIDATION, "validation"),
    ] {
        if points.is_empty() {
            continue;
        }
        chart
            .draw_series(
                LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3),
            )?
            .label(words)
            .legend(move |(x, y)| {
                PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(2))
            });
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(BLACK.mix(0.3))
        .background_style(WHITE.mix(0.9))
        .label_font(("sans-serif", 13))
        .draw()?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_run_is_drawn_and_a_single_point_is_not() {
        let point = |epoch: u32| Metric {
            epoch,
            step: u64::from(epoch) * 10,
            values: BTreeMap::from([
                ("train_loss".to_owned(), 1.0 / f64::from(epoch)),
                ("validation_loss".to_owned(), 1.5 / f64::from(epoch)),
            ]),
            caution: None,
        };
        let history: Vec<Metric> = (1..6).map(point).collect();
        let svg = svg(&history).expect("drawn").expect("there");
        for word in ["<svg", "Loss over the run", "validation", "#D55E00"] {
            assert!(svg.contains(word), "{word} is missing");
        }
        assert!(super::svg(&history[..1]).expect("no error").is_none());
    }
}
