//! Calibration on held-out videos: does the confidence equal the accuracy?

use wo_clip::AbstentionPolicy;
use wo_record::{Calibration, CalibrationBin};
use wo_stats::{
    Binning, Bootstrap, Reliability, ReliabilityBin, are_too_few, expected_calibration_error,
    numbered,
};

use crate::judge::prediction::Prediction;
use crate::score::key::Scope;
use crate::score::support::Support;

/// Bars of the reliability diagram: as many as Guo et al. 2017 have.
const N_BINS: usize = 15;

/// Expected calibration error, over the videos that get a label. `None` without any.
pub(crate) fn calibration(
    videos: &[&Prediction],
    trust: Option<&AbstentionPolicy>,
    scope: &Scope,
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
    let before = bins(|it| it.labels.get(it.top.label).copied().unwrap_or(0.0))?;
    let after = bins(Prediction::confidence)?;
    let estimates = Bootstrap::new(seed).estimates(n_groups, |drawn| {
        vec![expected_calibration_error(&after.bins(drawn))]
    });
    // There is no model of it: resampling few groups would only say that they are alike.
    let support = Support::of_classes(videos.iter().map(|it| (&it.group, ())));
    let interval = estimates
        .first()
        .filter(|estimate| !estimate.has_no_width())
        .and_then(|estimate| estimate.intervals.interval)
        .filter(|_| !are_too_few(support.n_effective));
    Some(Calibration {
        scope: scope.to_string(),
        temperature: trust.and_then(|it| it.temperature),
        n_fit_groups: trust.map_or(0, |it| it.n_groups),
        error_before: expected_calibration_error(&before.bins(&once)),
        error: expected_calibration_error(&after.bins(&once)),
        low: interval.map(|it| it.low),
        high: interval.map(|it| it.high),
        bins: after.bins(&once).into_iter().map(record).collect(),
        n: videos.len() as u64,
        n_groups: n_groups as u64,
    })
}

fn record(bin: ReliabilityBin) -> CalibrationBin {
    CalibrationBin {
        low: bin.low,
        high: bin.high,
        confidence: bin.confidence,
        accuracy: bin.accuracy,
        n: bin.n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::less_sure_when_wrong;

    #[test]
    fn the_error_is_how_far_confidence_is_from_accuracy() {
        let videos = less_sure_when_wrong();
        let calibration = calibration(
            &videos.iter().collect::<Vec<_>>(),
            None,
            &Scope::HELD_OUT,
            0,
        )
        .expect("videos");
        // Three quarters are right at 0.9 and a quarter wrong at 0.6.
        let expected = 0.75 * 0.1 + 0.25 * 0.6;
        assert!((calibration.error.expect("an error") - expected).abs() < 1e-9);
        assert_eq!((calibration.n, calibration.n_groups), (40, 40));
    }

    #[test]
    fn few_groups_give_no_interval() {
        let mut videos = less_sure_when_wrong();
        let of = |videos: &[Prediction]| {
            let videos: Vec<&Prediction> = videos.iter().collect();
            calibration(&videos, None, &Scope::HELD_OUT, 0).expect("videos")
        };
        assert!(of(&videos).low.is_some());
        // One person has most of the videos.
        let first = videos[0].group.clone();
        for video in videos.iter_mut().take(24) {
            video.group.clone_from(&first);
        }
        let found = of(&videos);
        assert_eq!((found.n_groups, found.low, found.high), (17, None, None));
    }

    #[test]
    fn nothing_is_said_of_no_videos() {
        assert_eq!(calibration(&[], None, &Scope::HELD_OUT, 0), None);
    }
}
