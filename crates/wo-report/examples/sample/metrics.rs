//! The invented figures.

use wo_report::{
    Abstention, AtCoverage, Audit, Baseline, Bin, Calibration, Estimate, Metric, MetricBlock,
    Metrics, Outcome, Probe, RiskPoint, Selective, Slice, Slices,
};

fn baseline(name: &str, value: (f64, f64, f64), lead: (f64, f64, f64)) -> Baseline {
    Baseline {
        name: name.to_owned(),
        estimate: between(value),
        lead: Some(between(lead)),
    }
}

pub(crate) fn between((value, low, high): (f64, f64, f64)) -> Estimate {
    Estimate::between(value, low, high)
}

fn metric(name: &str, model: Estimate, n_videos: u64, n_groups: u64) -> Metric {
    Metric {
        name: name.to_owned(),
        model,
        chance: None,
        n_videos,
        n_groups,
        smallest_difference: Some(1.15 / (n_groups as f64).sqrt() / 2.0),
        baselines: Vec::new(),
    }
}

fn main_metric() -> Metric {
    Metric {
        chance: Some(0.5),
        baselines: vec![
            baseline("majority", (0.5, 0.5, 0.5), (0.21, 0.12, 0.3)),
            baseline("duration only", (0.57, 0.49, 0.65), (0.14, 0.03, 0.26)),
            baseline("metadata only", (0.63, 0.54, 0.71), (0.08, -0.03, 0.2)),
            baseline("zero shot", (0.53, 0.45, 0.61), (0.18, 0.07, 0.29)),
            Baseline {
                name: "linear probe".to_owned(),
                estimate: between((0.68, 0.59, 0.77)),
                lead: None,
            },
        ],
        ..metric(
            "balanced accuracy",
            between((0.71, 0.62, 0.8)).with_bca(0.61, 0.79),
            118,
            23,
        )
    }
}

fn exercises() -> Vec<Metric> {
    let mut exercises = vec![
        metric("squat", between((0.76, 0.64, 0.87)), 52, 14),
        metric("deadlift", between((0.69, 0.54, 0.82)), 41, 12),
        metric("overhead press", between((0.66, 0.47, 0.84)), 22, 7),
        metric("lunge", Estimate::missing("no video with bad form"), 3, 1),
    ];
    if let Some(lunge) = exercises.last_mut() {
        lunge.smallest_difference = None;
    }
    exercises
}

pub(crate) fn metrics() -> Metrics {
    let all = vec![
        main_metric(),
        metric(
            "accuracy",
            between((0.73, 0.65, 0.81)).with_bca(0.64, 0.8),
            118,
            23,
        ),
        metric("macro F1", between((0.71, 0.62, 0.79)), 118, 23),
        metric(
            "area under ROC",
            between((0.79, 0.69, 0.87)).with_bca(0.68, 0.86),
            118,
            23,
        ),
        metric(
            "area under precision–recall",
            between((0.74, 0.6, 0.85)),
            118,
            23,
        ),
        metric(
            "worst group",
            Estimate::alone(0.33, "only 3 videos in the group"),
            3,
            1,
        ),
    ];
    let labels = [
        ("precision of good form", (0.77, 0.67, 0.86), 64),
        ("recall of good form", (0.75, 0.64, 0.85), 64),
        ("F1 of good form", (0.76, 0.67, 0.84), 64),
        ("precision of bad form", (0.65, 0.52, 0.77), 54),
        ("recall of bad form", (0.67, 0.53, 0.79), 54),
        ("F1 of bad form", (0.66, 0.54, 0.76), 54),
    ];
    let block = |title: &str, metrics| MetricBlock {
        title: title.to_owned(),
        unit: "videos".to_owned(),
        metrics,
    };
    Metrics {
        n_videos: 118,
        n_groups: 23,
        warnings: vec![
            "14 of 118 videos come without person and source and count as groups of their own: intervals may be too narrow."
                .to_owned(),
        ],
        blocks: vec![
            block("All videos", all),
            block(
                "Per label",
                labels.into_iter().map(|(name, of, n)| metric(name, between(of), n, 23)).collect(),
            ),
            block("Balanced accuracy per exercise", exercises()),
        ],
    }
}

pub(crate) fn calibration() -> Calibration {
    let bins = [
        (0, None, None),
        (0, None, None),
        (17, Some(0.55), Some((0.53, 0.3, 0.75))),
        (24, Some(0.65), Some((0.62, 0.43, 0.79))),
        (28, Some(0.75), Some((0.71, 0.53, 0.86))),
        (31, Some(0.85), Some((0.84, 0.68, 0.94))),
        (18, Some(0.94), Some((0.89, 0.7, 0.98))),
    ];
    let bins = bins.into_iter().zip([0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
    let bin = |((n_videos, confidence, accuracy), low): ((u64, Option<f64>, Option<_>), f64)| Bin {
        low,
        high: low + 0.1,
        n_videos,
        confidence,
        accuracy: accuracy.map_or_else(|| Estimate::missing("no video"), between),
    };
    Calibration {
        temperature: Some(1.84),
        fitted_on: "41 validation videos of 9 groups".to_owned(),
        error_before: between((0.17, 0.11, 0.24)).with_bca(0.1, 0.23),
        error_after: between((0.05, 0.03, 0.11)),
        bins: bins.map(bin).collect(),
    }
}

pub(crate) fn selective() -> Selective {
    let point = |step: u32| {
        let coverage = f64::from(step) / 20.0;
        let risk = 0.06 + 0.21 * coverage.powf(1.6);
        let wide = 0.05 + 0.06 * (1.0 - coverage);
        RiskPoint {
            coverage,
            risk: Estimate::between(risk, (risk - wide).max(0.0), risk + wide),
        }
    };
    let at = |coverage, accuracy, n_videos| AtCoverage {
        coverage,
        accuracy: between(accuracy),
        n_videos,
    };
    let refusal = |reason: &str, measured: &str, n_videos| Abstention {
        reason: reason.to_owned(),
        measured: measured.to_owned(),
        n_videos,
    };
    Selective {
        curve: (1..=20).map(point).collect(),
        area: between((0.15, 0.1, 0.21)),
        at_coverage: vec![
            at(0.5, (0.86, 0.76, 0.94), 59),
            at(0.8, (0.78, 0.69, 0.86), 94),
            at(1.0, (0.73, 0.65, 0.81), 118),
        ],
        threshold: Some(0.72),
        guarantee: "With this threshold at most 20 % of the videos that are answered are expected to be answered wrongly, \
                    for videos like the 41 of the validation part."
            .to_owned(),
        n_unclear: 34,
        abstentions: vec![
            refusal("low confidence", "probability below 0.72", 27),
            refusal("person cut off", "head or feet outside of more than half of the frames", 6),
            refusal("too dark", "mean brightness below 0.12", 3),
        ],
    }
}

pub(crate) fn audit() -> Audit {
    let probe = |name: &str, sees: &str, accuracy, share, outcome| Probe {
        name: name.to_owned(),
        sees: sees.to_owned(),
        balanced_accuracy: between(accuracy),
        share: between(share),
        outcome,
    };
    Audit {
        outcome: Outcome::Found,
        summary: "62 % [15, 100 %] of the model’s skill above chance can be had without looking at the lifter: the files of \
                  good and of bad videos differ in size and rate."
            .to_owned(),
        chance: 0.5,
        model: between((0.71, 0.62, 0.8)),
        probes: vec![
            probe("duration", "the length of the video", (0.57, 0.49, 0.65), (0.33, 0.0, 0.72), Outcome::NotFound),
            probe("container facts", "codec, size, rate and bit rate", (0.63, 0.54, 0.71), (0.62, 0.15, 1.0), Outcome::Found),
            probe("source", "who uploaded it", (0.55, 0.47, 0.64), (0.24, 0.0, 0.66), Outcome::NotFound),
            probe("background", "the frames without what moves", (0.58, 0.49, 0.67), (0.38, 0.0, 0.81), Outcome::Found),
            probe("first frame", "the lifter before the repetition", (0.54, 0.46, 0.62), (0.19, 0.0, 0.57), Outcome::NotFound),
            probe("quality", "sharpness, brightness, noise", (0.52, 0.44, 0.6), (0.1, 0.0, 0.48), Outcome::NotFound),
            probe("random order", "all frames, shuffled", (0.72, 0.63, 0.8), (1.05, 0.71, 1.4), Outcome::Found),
        ],
    }
}

pub(crate) fn slices() -> Slices {
    let slice = |field: &str, value: &str, estimate, n_videos, n_groups| Slice {
        field: field.to_owned(),
        value: value.to_owned(),
        estimate,
        n_videos,
        n_groups,
        note: None,
    };
    Slices {
        metric: "balanced accuracy".to_owned(),
        overall: between((0.71, 0.62, 0.8)),
        slices: vec![
            slice("exercise", "squat", between((0.76, 0.64, 0.87)), 52, 14),
            slice("angle", "front", between((0.58, 0.44, 0.7)), 39, 11),
            slice("angle", "side", between((0.79, 0.68, 0.89)), 61, 17),
            slice("lighting", "dark", between((0.54, 0.36, 0.7)), 17, 6),
            slice("lighting", "bright", between((0.74, 0.65, 0.83)), 101, 22),
            slice(
                "resolution",
                "below 480 lines",
                between((0.63, 0.45, 0.8)),
                20,
                8,
            ),
            slice(
                "duration",
                "shortest quarter",
                between((0.61, 0.46, 0.75)),
                29,
                12,
            ),
            Slice {
                note: Some("left out of training in turn".to_owned()),
                ..slice(
                    "source",
                    "gym-channel-07",
                    between((0.49, 0.3, 0.68)),
                    16,
                    4,
                )
            },
            slice(
                "person",
                "p-019",
                Estimate::alone(0.33, "only one group"),
                3,
                1,
            ),
            slice(
                "exercise",
                "lunge",
                Estimate::missing("no video with bad form"),
                3,
                1,
            ),
        ],
    }
}
