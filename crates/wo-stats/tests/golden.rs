//! Statistics beside scikit-learn, scipy, netcal and cleanlab: numbers that `scripts/dump_statistics.py` wrote.

use std::collections::BTreeMap;

use serde::Deserialize;
use wo_stats::{
    Binning, Confidence, Graded, Interval, Intervals, LabelErrors, McNemar, PowerLaw, Probe,
    ProbeData, Ranking, Reliability, RiskCoverage, SeenScore, Selection, Suspect, Suspicion,
    Temperature, average_calibration_error, brier_score, expected_calibration_error, log_loss,
    maximum_calibration_error, threshold,
};

#[derive(Deserialize)]
struct Golden {
    ranking: RankingCase,
    bootstrap: BootstrapCase,
    calibration: CalibrationCase,
    selective: SelectiveCase,
    mcnemar: Vec<(u64, u64, f64)>,
    label_errors: Vec<LabelErrorsCase>,
    power_law: Vec<PowerLawCase>,
    probe: Vec<ProbeCase>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("statistics.json")).expect("the file of the script")
}

fn close(actual: f64, expected: f64, tolerance: f64) {
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} is not {expected}"
    );
}

fn all_close(actual: impl IntoIterator<Item = f64>, expected: &[f64], tolerance: f64) {
    let actual: Vec<f64> = actual.into_iter().collect();
    assert_eq!(actual.len(), expected.len(), "{actual:?} {expected:?}");
    for (actual, expected) in actual.iter().zip(expected) {
        close(*actual, *expected, tolerance);
    }
}

fn alone(n: usize) -> Vec<usize> {
    (0..n).collect()
}

#[derive(Deserialize)]
struct RankingCase {
    scores: Vec<f64>,
    is_positive: Vec<bool>,
    groups: Vec<usize>,
    times_drawn: Vec<u64>,
    roc_auc: f64,
    roc_auc_drawn: f64,
    average_precision: f64,
    average_precision_drawn: f64,
    false_positive_rate: Vec<f64>,
    true_positive_rate: Vec<f64>,
    precision: Vec<f64>,
    recall: Vec<f64>,
    thresholds: Vec<f64>,
}

#[test]
fn rankings_are_scikit_learns() {
    let case = golden().ranking;
    let ranking = Ranking::new(&case.scores, &case.is_positive, &case.groups).unwrap();
    let once = vec![1; ranking.n_groups()];
    close(ranking.roc_auc(&once).unwrap(), case.roc_auc, 1e-12);
    close(
        ranking.roc_auc(&case.times_drawn).unwrap(),
        case.roc_auc_drawn,
        1e-12,
    );
    close(
        ranking.average_precision(&once).unwrap(),
        case.average_precision,
        1e-12,
    );
    close(
        ranking.average_precision(&case.times_drawn).unwrap(),
        case.average_precision_drawn,
        1e-12,
    );
    let roc = ranking.roc_curve();
    all_close(
        roc.iter().map(|p| p.false_positive_rate),
        &case.false_positive_rate,
        1e-12,
    );
    all_close(
        roc.iter().map(|p| p.true_positive_rate),
        &case.true_positive_rate,
        1e-12,
    );
    let curve = ranking.precision_recall_curve();
    all_close(curve.iter().map(|p| p.precision), &case.precision, 1e-12);
    all_close(curve.iter().map(|p| p.recall), &case.recall, 1e-12);
    all_close(curve.iter().map(|p| p.threshold), &case.thresholds, 1e-12);
}

#[derive(Deserialize)]
struct BootstrapCase {
    value: f64,
    resampled: Vec<f64>,
    left_out: Vec<f64>,
    percentile: (f64, f64),
    bca: (f64, f64),
    standard_error: f64,
}

#[test]
fn intervals_of_resampled_values_are_scipys() {
    let case = golden().bootstrap;
    let intervals = Intervals::of(
        case.value,
        case.resampled,
        Some(&case.left_out),
        Confidence::NINETY_FIVE,
    );
    let check = |interval: Option<Interval>, (low, high): (f64, f64)| {
        let interval = interval.unwrap();
        close(interval.low, low, 1e-9);
        close(interval.high, high, 1e-9);
    };
    check(intervals.percentile, case.percentile);
    check(intervals.bca, case.bca);
    assert!(case.bca.0 > case.percentile.0 + 0.1, "the case is skewed");
    close(intervals.standard_error.unwrap(), case.standard_error, 1e-9);
}

#[derive(Deserialize)]
struct CalibrationCase {
    truth: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    brier: f64,
    log_loss: f64,
    temperature: f64,
    loss_before: f64,
    loss_after: f64,
    ece: f64,
    ace: f64,
    mce: f64,
    ece_equal_number: f64,
    ece_of_class_0: f64,
}

#[test]
fn calibration_is_netcals_and_proper_scores_are_scikit_learns() {
    let case = golden().calibration;
    let brier = brier_score(&case.probabilities, &case.truth).unwrap();
    close(brier, case.brier, 1e-9);
    let loss = log_loss(&case.probabilities, &case.truth).unwrap();
    // The rows of the file add up to 1 but for the last digit, and the reference divides by their sum.
    close(loss, case.log_loss, 1e-6);
    let top: Vec<(usize, f64)> = case
        .probabilities
        .iter()
        .map(|row| {
            let classes = row.iter().copied().enumerate();
            classes
                .reduce(|best, next| if next.1 > best.1 { next } else { best })
                .unwrap()
        })
        .collect();
    let confidences: Vec<f64> = top.iter().map(|(_, p)| *p).collect();
    let is_right: Vec<bool> = top
        .iter()
        .zip(&case.truth)
        .map(|((class, _), truth)| class == truth)
        .collect();
    let groups = alone(case.truth.len());
    let bins = |confidences: &[f64], is_right: &[bool], binning| {
        let reliability = Reliability::new(confidences, is_right, &groups, binning).unwrap();
        reliability.bins(&vec![1; groups.len()])
    };
    let equal_width = bins(&confidences, &is_right, Binning::EqualWidth(15));
    close(
        expected_calibration_error(&equal_width).unwrap(),
        case.ece,
        1e-9,
    );
    close(
        average_calibration_error(&equal_width).unwrap(),
        case.ace,
        1e-9,
    );
    close(
        maximum_calibration_error(&equal_width).unwrap(),
        case.mce,
        1e-9,
    );
    let equal_number = bins(&confidences, &is_right, Binning::EqualNumber(15));
    close(
        expected_calibration_error(&equal_number).unwrap(),
        case.ece_equal_number,
        1e-9,
    );
    let of_class: Vec<f64> = case.probabilities.iter().map(|row| row[0]).collect();
    let is_class: Vec<bool> = case.truth.iter().map(|truth| *truth == 0).collect();
    let of_class = bins(&of_class, &is_class, Binning::EqualWidth(10));
    close(
        expected_calibration_error(&of_class).unwrap(),
        case.ece_of_class_0,
        1e-9,
    );
}

#[test]
fn the_temperature_is_scipys_least_loss() {
    let case = golden().calibration;
    let logarithms: Vec<Vec<f64>> = case
        .probabilities
        .iter()
        .map(|row| row.iter().map(|p| p.max(1e-300).ln()).collect())
        .collect();
    let fitted = Temperature::fit(&logarithms, &case.truth).unwrap();
    close(fitted.value, case.temperature, 1e-6);
    close(fitted.loss_before, case.loss_before, 1e-9);
    close(fitted.loss_after, case.loss_after, 1e-9);
}

#[derive(Deserialize)]
struct SelectiveCase {
    confidence: Vec<f64>,
    is_right: Vec<bool>,
    area: f64,
    exact: Vec<(f64, f64)>,
}

#[test]
fn the_area_is_the_mean_over_all_orders_of_ties_and_exact_intervals_are_scipys() {
    let case = golden().selective;
    let samples: Vec<Graded> = case
        .confidence
        .iter()
        .zip(&case.is_right)
        .enumerate()
        .map(|(group, (&confidence, &is_right))| Graded {
            group,
            confidence,
            is_right,
        })
        .collect();
    let curve = RiskCoverage::new(&samples).unwrap();
    close(curve.area(&[1; 12]).unwrap(), case.area, 1e-12);
    let shares = [(0, 20), (3, 30), (57, 60), (9, 9)];
    for ((hits, n), (low, high)) in shares.into_iter().zip(case.exact) {
        let interval = threshold::clopper_pearson(hits, n, 0.95).unwrap();
        close(interval.low, low, 1e-9);
        close(interval.high, high, 1e-9);
    }
}

#[test]
fn mcnemar_is_scipys_binomial_test() {
    for (only_first, only_second, p_value) in golden().mcnemar {
        let test = McNemar::of_counts(only_first, only_second);
        close(test.p_value, p_value, 1e-9);
    }
}

#[derive(Deserialize)]
struct LabelErrorsCase {
    labels: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    thresholds: Vec<f64>,
    joint: Vec<Vec<i64>>,
    self_confidence: Vec<f64>,
    normalized_margin: Vec<f64>,
    selected: BTreeMap<String, Vec<usize>>,
}

#[test]
fn label_errors_are_cleanlabs() {
    for case in golden().label_errors {
        let errors = LabelErrors::new(&case.labels, &case.probabilities).unwrap();
        let thresholds = errors.thresholds().iter().copied();
        all_close(thresholds.map(Option::unwrap), &case.thresholds, 1e-9);
        assert_eq!(errors.confident_joint(), case.joint);
        let ranked = |suspicion, selection| -> Vec<Suspect> {
            let mut suspects = errors.ranked(suspicion, selection);
            assert!(suspects.is_sorted_by(|a, b| a.score >= b.score));
            suspects.sort_by_key(|suspect| suspect.sample);
            suspects
        };
        for (suspicion, expected) in [
            (Suspicion::SelfConfidence, &case.self_confidence),
            (Suspicion::NormalizedMargin, &case.normalized_margin),
        ] {
            let suspects = ranked(suspicion, Selection::Both);
            let quality = suspects.iter().map(|suspect| 1.0 - suspect.score);
            all_close(quality.take(expected.len()), expected, 1e-9);
        }
        for (name, expected) in &case.selected {
            let selection = match name.as_str() {
                "confident_joint" => Selection::ConfidentJoint,
                "noise_rate" => Selection::NoiseRate,
                "class" => Selection::Class,
                _ => Selection::Both,
            };
            let suspects = ranked(Suspicion::NormalizedMargin, selection);
            let selected = suspects.iter().filter(|suspect| suspect.is_selected);
            let selected: Vec<usize> = selected.map(|suspect| suspect.sample).collect();
            assert_eq!(&selected, expected, "{name}");
            assert!(!selected.is_empty(), "{name}");
        }
    }
}

#[derive(Deserialize)]
struct PowerLawCase {
    n_videos: Vec<f64>,
    scores: Vec<f64>,
    weights: Vec<f64>,
    law: [f64; 3],
    at_100: f64,
}

#[test]
fn power_laws_are_scipys_least_squares() {
    for case in golden().power_law {
        let numbers = case.n_videos.iter().zip(&case.scores).zip(&case.weights);
        let seen: Vec<SeenScore> = numbers
            .map(|((&n_videos, &score), &weight)| SeenScore {
                n_videos,
                score,
                weight,
            })
            .collect();
        let law = PowerLaw::fit(&seen).unwrap();
        all_close([law.limit, law.drop, law.rate], &case.law, 2e-4);
        close(law.at(100.0), case.at_100, 1e-5);
    }
}

#[derive(Deserialize)]
struct ProbeCase {
    features: Vec<Vec<f64>>,
    classes: Vec<usize>,
    weights: Vec<f64>,
    inverse_penalty: f64,
    probabilities: Vec<Vec<f64>>,
}

#[test]
fn probes_are_scikit_learns_logistic_regression() {
    for case in golden().probe {
        let data = ProbeData {
            features: &case.features,
            classes: &case.classes,
            weights: &case.weights,
            n_classes: case.probabilities[0].len(),
        };
        let probe = Probe::fit(&data, case.inverse_penalty).unwrap();
        for (features, expected) in case.features.iter().zip(&case.probabilities) {
            all_close(probe.probabilities(features), expected, 1e-5);
        }
    }
}
