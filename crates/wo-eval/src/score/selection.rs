//! Selective classification: accuracy where the model abstains on the least confident videos.

use wo_clip::AbstentionPolicy;
use wo_record::{CoveragePoint, Selection};
use wo_stats::{
    Bootstrap, Confidence, Graded, RiskCoverage, RiskPoint, estimated_proportion, numbered,
    proportion,
};

use crate::judge::prediction::Prediction;
use crate::score::key::Scope;

/// The coverages at which accuracy is given.
const COVERAGES: [f64; 3] = [0.5, 0.8, 1.0];
/// Points of the curve that are kept.
const MAX_POINTS: usize = 100;

/// Risk and coverage. A video with any reason to abstain gets no label; predictions of `unclear` rank last. `None`
/// without videos.
pub(crate) fn selection(
    videos: &[&Prediction],
    trust: Option<&AbstentionPolicy>,
    scope: &Scope,
    seed: u64,
) -> Option<Selection> {
    let (groups, n_groups) = numbered(videos.iter().map(|it| &it.group));
    let graded = graded(videos, &groups);
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
    let answered = wrong_among_answered(videos, &groups, n_groups);
    let n_answered = answered.iter().map(|it| it.1).sum::<u64>() as f64;
    let n_wrong = answered.iter().map(|it| it.0).sum::<u64>() as f64;
    let among = estimated_proportion(&answered, seed);
    let ends = among.intervals.interval;
    Some(Selection {
        scope: scope.to_string(),
        wanted_risk: trust.map(|it| it.wanted_risk),
        threshold,
        n_fit_groups: trust.map_or(0, |it| it.n_groups),
        coverage: Some(n_answered / n),
        risk: (n_answered > 0.0).then(|| n_wrong / n),
        answered_risk: among.value,
        answered_risk_low: ends.map(|it| it.low),
        answered_risk_high: ends.map(|it| it.high),
        area: curve.area(&once),
        accuracy_at: COVERAGES
            .iter()
            .zip(estimates)
            .map(|(&coverage, estimate)| {
                let surest = surest(&graded, coverage, n_groups);
                let estimate = estimate.joined_with(proportion(&surest), Confidence::NINETY_FIVE);
                let interval = estimate.intervals.interval;
                CoveragePoint {
                    coverage,
                    accuracy: estimate.value,
                    low: interval.map(|it| it.low),
                    high: interval.map(|it| it.high),
                }
            })
            .collect(),
        curve: thinned(&curve.points(&once)),
        n: graded.len() as u64,
        n_groups: n_groups as u64,
    })
}

/// By group: wrong verdicts and all verdicts.
fn wrong_among_answered(
    videos: &[&Prediction],
    groups: &[usize],
    n_groups: usize,
) -> Vec<(u64, u64)> {
    let mut counts = vec![(0, 0); n_groups];
    for (video, group) in videos.iter().zip(groups) {
        let is_right = video.is_right().filter(|_| video.reasons.is_empty());
        if let (Some(is_right), Some((wrong, all))) = (is_right, counts.get_mut(*group)) {
            *wrong += u64::from(!is_right);
            *all += 1;
        }
    }
    counts
}

/// By group: right and all of the surest part of the videos.
fn surest(graded: &[Graded], coverage: f64, n_groups: usize) -> Vec<(u64, u64)> {
    let mut sorted: Vec<&Graded> = graded.iter().collect();
    sorted.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let n = (graded.len() as f64 * coverage).ceil() as usize;
    let mut counts = vec![(0, 0); n_groups];
    for video in sorted.into_iter().take(n) {
        if let Some((right, all)) = counts.get_mut(video.group) {
            *right += u64::from(video.is_right);
            *all += 1;
        }
    }
    counts
}

/// Each video with its confidence; a prediction of `unclear` has none.
fn graded(videos: &[&Prediction], groups: &[usize]) -> Vec<Graded> {
    let of_video = |(it, &group): (&&Prediction, &usize)| {
        let confidence = if it.says_unclear() {
            0.0
        } else {
            it.confidence()
        };
        Some(Graded {
            group,
            confidence,
            is_right: it.is_right()?,
        })
    };
    videos.iter().zip(groups).filter_map(of_video).collect()
}

/// At most [`MAX_POINTS`] points of the curve, the last among them.
fn thinned(points: &[RiskPoint]) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(MAX_POINTS).max(1);
    let kept = points.iter().rev().step_by(step).rev();
    kept.map(|point| (point.coverage, point.risk)).collect()
}

#[cfg(test)]
mod tests {
    use wo_record::AbstainReason;

    use super::*;
    use crate::fixtures::less_sure_when_wrong;
    use crate::score::calibration::calibration;

    fn trust() -> AbstentionPolicy {
        AbstentionPolicy {
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
    fn what_is_held_back_is_not_wrong() {
        let videos = less_sure_when_wrong();
        let videos: Vec<&Prediction> = videos.iter().collect();
        let selection = selection(&videos, Some(&trust()), &Scope::HELD_OUT, 0).expect("videos");
        assert_eq!(selection.coverage, Some(0.75));
        assert_eq!(selection.risk, Some(0.0));
        assert_eq!(selection.answered_risk, Some(0.0));
        // None of thirty persons, which is no proof.
        assert!(selection.answered_risk_high > Some(0.02), "{selection:?}");
        let at: Vec<_> = selection.accuracy_at.iter().map(|it| it.accuracy).collect();
        assert_eq!(at, [Some(1.0), Some(0.9375), Some(0.75)]);
    }

    #[test]
    fn who_is_refused_for_another_reason_gets_no_verdict_either() {
        let mut videos = less_sure_when_wrong();
        videos[1].reasons = vec![AbstainReason::TooDark];
        let videos: Vec<&Prediction> = videos.iter().collect();
        let selection = selection(&videos, Some(&trust()), &Scope::HELD_OUT, 0).expect("videos");
        assert_eq!(selection.coverage, Some(29.0 / 40.0));
        assert_eq!(selection.risk, Some(0.0));
    }

    #[test]
    fn what_says_unclear_is_answered_last_and_is_not_sure_of_a_label() {
        let mut videos = less_sure_when_wrong();
        for video in videos.iter_mut().step_by(2) {
            video.calibrated = vec![0.1, 0.0, 0.9];
            video.top.label = 2;
            video.reasons = vec![AbstainReason::SaysUnclear];
        }
        let videos: Vec<&Prediction> = videos.iter().collect();
        let selection = selection(&videos, None, &Scope::HELD_OUT, 0).expect("videos");
        assert_eq!(selection.coverage, Some(0.5));
        let at: Vec<_> = selection.accuracy_at.iter().map(|it| it.accuracy).collect();
        assert_eq!(at[0], Some(1.0), "the surest half says a label");
        assert_eq!(at[2], Some(0.5), "unclear is not right");
        let calibration = calibration(&videos, None, &Scope::HELD_OUT, 0).expect("videos");
        assert_eq!(calibration.n, 20);
        assert!((calibration.error.expect("an error") - 0.1).abs() < 1e-9);
    }

    #[test]
    fn wrong_among_verdicts_is_more_than_wrong_among_videos() {
        let mut videos = less_sure_when_wrong();
        // Of forty videos twenty get a verdict, five of them a wrong one.
        for (number, video) in videos.iter_mut().enumerate() {
            let gets_verdict = number % 8 < 4;
            video.reasons = if gets_verdict {
                Vec::new()
            } else {
                vec![AbstainReason::NoThreshold]
            };
        }
        let videos: Vec<&Prediction> = videos.iter().collect();
        let found = selection(&videos, None, &Scope::HELD_OUT, 0).expect("videos");
        assert_eq!((found.coverage, found.risk), (Some(0.5), Some(0.125)));
        assert_eq!(found.answered_risk, Some(0.25));
        assert!(found.answered_risk_low < Some(0.15) && found.answered_risk_high > Some(0.4));
        let none: Vec<Prediction> = videos
            .iter()
            .map(|it| Prediction {
                reasons: vec![AbstainReason::NoThreshold],
                ..Prediction::clone(it)
            })
            .collect();
        let none: Vec<&Prediction> = none.iter().collect();
        let found = selection(&none, None, &Scope::HELD_OUT, 0).expect("videos");
        assert_eq!((found.coverage, found.answered_risk), (Some(0.0), None));
        let at: Vec<_> = found.accuracy_at.iter().map(|it| it.accuracy).collect();
        assert_eq!(at[2], Some(0.75), "metrics count the best guess");
    }

    #[test]
    fn nothing_is_said_of_no_videos() {
        assert_eq!(selection(&[], None, &Scope::HELD_OUT, 0), None);
    }
}
