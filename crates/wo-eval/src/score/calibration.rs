//! How far the model's word can be taken on videos that it has not seen: calibration, and what holding back is worth.

use wo_clip::Trust;
use wo_record::{Calibration, CalibrationBin, CoveragePoint, Selection};
use wo_stats::{
    Binning, Bootstrap, Graded, Reliability, RiskCoverage, expected_calibration_error, numbered,
};

use crate::prediction::Prediction;

/// Bars of the reliability diagram: as many as Guo et al. 2017 have.
const N_BINS: usize = 15;
/// The coverages at which accuracy is told.
const COVERAGES: [f64; 3] = [0.5, 0.8, 1.0];
/// Points of the curve that are kept.
const MAX_POINTS: usize = 100;

/// Whether the model is as often right as it is sure, where it says a label. `None` without such videos.
pub(crate) fn calibration(
    videos: &[&Prediction],
    trust: Option<&Trust>,
    scope: &str,
    seed: u64,
) -> Option<Calibration> {
    let told: Vec<&Prediction> = videos
        .iter()
        .copied()
        .filter(|it| !it.says_unclear())
        .collect();
    let videos = told.as_slice();
    let is_right: Vec<bool> = videos.iter().filter_map(|it| it.is_right()).collect();
    if is_right.is_empty() || is_right.len() != videos.len() {
        return None;
    }
    let (groups, n_groups) = numbered(videos.iter().map(|it| &it.group));
    let bins = |confidence: fn(&Prediction) -> f64| {
        let confidences: Vec<f64> = videos.iter().map(|it| confidence(it)).collect();
        Reliability::new(
            &confidences,
            &is_right,
            &groups,
            Binning::EqualWidth(N_BINS),
        )
    };
    let once = vec![1; n_groups];
    let before = bins(|it| it.labels.get(it.call.label).copied().unwrap_or(0.0))?;
    let after = bins(Prediction::confidence)?;
    let estimates = Bootstrap::new(seed).estimates(n_groups, |drawn| {
        vec![expected_calibration_error(&after.bins(drawn))]
    });
    let interval = estimates
        .first()
        .and_then(|estimate| estimate.intervals.percentile);
    Some(Calibration {
        scope: scope.to_owned(),
        temperature: trust.and_then(|it| it.temperature),
        n_fit_groups: trust.map_or(0, |it| it.n_groups),
        error_before: expected_calibration_error(&before.bins(&once)),
        error: expected_calibration_error(&after.bins(&once)),
        low: interval.map(|it| it.low),
        high: interval.map(|it| it.high),
        bins: after
            .bins(&once)
            .into_iter()
            .map(|bin| CalibrationBin {
                low: bin.low,
                high: bin.high,
                confidence: bin.confidence,
                accuracy: bin.accuracy,
                n: bin.n,
            })
            .collect(),
        n: videos.len() as u64,
        n_groups: n_groups as u64,
    })
}

/// What comes of holding back. A video that is refused for any reason gets no verdict; what says `unclear` itself is the
/// last to be answered. `None` without videos.
pub(crate) fn selection(
    videos: &[&Prediction],
    trust: Option<&Trust>,
    scope: &str,
    seed: u64,
) -> Option<Selection> {
    let (groups, n_groups) = numbered(videos.iter().map(|it| &it.group));
    let graded: Vec<Graded> = videos
        .iter()
        .zip(&groups)
        .filter_map(|(it, &group)| {
            Some(Graded {
                group,
                confidence: if it.says_unclear() {
                    0.0
                } else {
                    it.confidence()
                },
                is_right: it.is_right()?,
            })
        })
        .collect();
    if graded.is_empty() {
        return None;
    }
    let curve = RiskCoverage::new(&graded)?;
    let once = vec![1; n_groups];
    let estimates = Bootstrap::new(seed).estimates(n_groups, |drawn| {
        COVERAGES
            .iter()
            .map(|&coverage| curve.accuracy_at(coverage, drawn))
            .collect()
    });
    let threshold = trust.and_then(|it| it.threshold);
    let n = graded.len() as f64;
    let answered = videos.iter().filter(|it| it.reasons.is_empty());
    let answered: Vec<bool> = answered.filter_map(|it| it.is_right()).collect();
    let n_answered = answered.len() as f64;
    let n_wrong = answered.iter().filter(|is_right| !**is_right).count() as f64;
    let points = curve.points(&once);
    let step = points.len().div_ceil(MAX_POINTS).max(1);
    Some(Selection {
        scope: scope.to_owned(),
        wanted_risk: trust.map(|it| it.wanted_risk),
        threshold,
        n_fit_groups: trust.map_or(0, |it| it.n_groups),
        coverage: Some(n_answered / n),
        risk: Some(n_wrong / n),
        area: curve.area(&once),
        accuracy_at: COVERAGES
            .iter()
            .zip(estimates)
            .map(|(&coverage, estimate)| CoveragePoint {
                coverage,
                accuracy: estimate.value,
                low: estimate.intervals.percentile.map(|it| it.low),
                high: estimate.intervals.percentile.map(|it| it.high),
            })
            .collect(),
        curve: points
            .iter()
            .rev()
            .step_by(step)
            .rev()
            .map(|point| (point.coverage, point.risk))
            .collect(),
        n: graded.len() as u64,
        n_groups: n_groups as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::tests::squat;

    /// Forty persons with a video each; one in four is judged wrong, and with less confidence.
    fn videos() -> Vec<Prediction> {
        (0..40)
            .map(|person| {
                let is_wrong = person % 4 == 0;
                let mut video = squat(person, 0, usize::from(is_wrong), 1000.0);
                let sure = if is_wrong { 0.6 } else { 0.9 };
                video.calibrated = if is_wrong {
                    vec![1.0 - sure, sure]
                } else {
                    vec![sure, 1.0 - sure]
                };
                video.labels = video.calibrated.clone();
                if is_wrong {
                    video.reasons = vec!["low_confidence"];
                }
                video
            })
            .collect()
    }

    fn trust() -> Trust {
        Trust {
            temperature: None,
            wanted_risk: 0.1,
            threshold: Some(0.7),
            n_groups: 20,
            measured_on: "validation".to_owned(),
            min_exercise_probability: None,
            min_sharpness: None,
            min_brightness: None,
        }
    }

    #[test]
    fn the_error_is_how_far_confidence_is_from_accuracy() {
        let videos = videos();
        let calibration =
            calibration(&videos.iter().collect::<Vec<_>>(), None, "all", 0).expect("videos");
        // Three quarters are right at 0.9 and a quarter wrong at 0.6.
        let expected = 0.75 * 0.1 + 0.25 * 0.6;
        assert!((calibration.error.expect("an error") - expected).abs() < 1e-9);
        assert_eq!((calibration.n, calibration.n_groups), (40, 40));
    }

    #[test]
    fn what_is_held_back_is_not_wrong() {
        let videos = videos();
        let videos: Vec<&Prediction> = videos.iter().collect();
        let selection = selection(&videos, Some(&trust()), "all", 0).expect("videos");
        assert_eq!(selection.coverage, Some(0.75));
        assert_eq!(selection.risk, Some(0.0));
        let at: Vec<_> = selection.accuracy_at.iter().map(|it| it.accuracy).collect();
        assert_eq!(at, [Some(1.0), Some(0.9375), Some(0.75)]);
    }

    #[test]
    fn who_is_refused_for_another_reason_gets_no_verdict_either() {
        let mut videos = videos();
        videos[1].reasons = vec!["too_dark"];
        let videos: Vec<&Prediction> = videos.iter().collect();
        let selection = selection(&videos, Some(&trust()), "all", 0).expect("videos");
        assert_eq!(selection.coverage, Some(29.0 / 40.0));
        assert_eq!(selection.risk, Some(0.0));
    }

    #[test]
    fn what_says_unclear_is_answered_last_and_is_not_sure_of_a_label() {
        let mut videos = videos();
        for video in videos.iter_mut().step_by(2) {
            video.calibrated = vec![0.1, 0.0, 0.9];
            video.call.label = 2;
            video.reasons = vec![crate::prediction::SAYS_UNCLEAR];
        }
        let videos: Vec<&Prediction> = videos.iter().collect();
        let selection = selection(&videos, None, "all", 0).expect("videos");
        assert_eq!(selection.coverage, Some(0.5));
        let at: Vec<_> = selection.accuracy_at.iter().map(|it| it.accuracy).collect();
        assert_eq!(at[0], Some(1.0), "the surest half says a label");
        assert_eq!(at[2], Some(0.5), "unclear is not right");
        let calibration = calibration(&videos, None, "all", 0).expect("videos");
        assert_eq!(calibration.n, 20);
        assert!((calibration.error.expect("an error") - 0.1).abs() < 1e-9);
    }

    #[test]
    fn nothing_is_said_of_no_videos() {
        assert_eq!(calibration(&[], None, "all", 0), None);
        assert_eq!(selection(&[], None, "all", 0), None);
    }
}
