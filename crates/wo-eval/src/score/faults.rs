//! Precision, recall and F1 of each fault. A video may have several.

use std::collections::BTreeSet;

use wo_record::{BAD_FORM, Name, Predictor};
use wo_stats::{Metric, Sample};

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::score::key::{Scope, Task, Unit};
use crate::score::measurement::Measurement;
use crate::score::scoring_task::ScoringTask;

/// The metrics of each true or predicted fault, over the videos with known faults.
pub(crate) fn faults(videos: &[&Prediction], space: &LabelSpace, seed: u64) -> Vec<Measurement> {
    let known: Vec<&Prediction> = videos
        .iter()
        .copied()
        .filter(|it| {
            let label = it.truth().and_then(|label| space.labels.get(label));
            label.is_some_and(|label| label.as_str() != BAD_FORM || !it.faults.is_empty())
        })
        .collect();
    let is_told = known.iter().any(|it| !it.faults.is_empty());
    let all: BTreeSet<&Name> = known
        .iter()
        .flat_map(|it| it.faults.iter().chain(&it.predicted_faults))
        .collect();
    let of_fault = |fault: &Name| -> Vec<Measurement> {
        let samples = known.iter().map(|video| Sample {
            group: &video.group,
            truth: usize::from(video.faults.contains(fault)),
            predicted: vec![usize::from(video.predicted_faults.contains(fault))],
        });
        let task = ScoringTask {
            task: Task::Fault,
            unit: Unit::Video,
            scope: Scope::HELD_OUT,
            classes: &[Name::new("other"), fault.clone()],
            predictors: vec![Predictor::Model],
            samples: samples.collect(),
            probabilities: Vec::new(),
        };
        [Metric::Precision(1), Metric::Recall(1), Metric::F1(1)]
            .into_iter()
            .filter_map(|metric| task.metric(metric, seed))
            .collect()
    };
    if is_told {
        all.into_iter().flat_map(of_fault).collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{classes, squat};
    use crate::score::key::MetricName;

    #[test]
    fn each_fault_has_its_own_figures() {
        let mut videos: Vec<Prediction> = (0..12).map(|i| squat(i, i % 2, i % 2, 1.0)).collect();
        for (number, video) in videos.iter_mut().enumerate().filter(|(i, _)| i % 2 == 0) {
            video.faults = vec!["knees_cave".into()];
            let predicted = if number < 4 {
                "rounded_back"
            } else {
                "knees_cave"
            };
            video.predicted_faults = vec![predicted.into()];
        }
        // Bad form without a known fault is not scored.
        videos[10].faults.clear();
        let scores = faults(
            &videos.iter().collect::<Vec<_>>(),
            &LabelSpace::new(&classes()),
            0,
        );
        let value = |fault: &str, name: MetricName| {
            let is_it = |it: &&Measurement| {
                it.key.name == name
                    && it
                        .key
                        .class
                        .as_ref()
                        .is_some_and(|class| class.as_str() == fault)
            };
            scores.iter().find(is_it).and_then(|it| it.value)
        };
        assert_eq!(value("knees_cave", MetricName::Recall), Some(0.6));
        assert_eq!(value("knees_cave", MetricName::Precision), Some(1.0));
        assert_eq!(value("rounded_back", MetricName::Precision), Some(0.0));
        assert!(scores.iter().all(|it| it.key.task == Task::Fault));
    }

    #[test]
    fn a_fault_of_one_video_says_nothing_of_others() {
        let mut videos: Vec<Prediction> = (0..12).map(|i| squat(i, i % 2, i % 2, 1.0)).collect();
        for (number, video) in videos.iter_mut().enumerate().filter(|(i, _)| i % 2 == 0) {
            let fault = if number == 0 {
                "knees_cave"
            } else {
                "rounded_back"
            };
            video.faults = vec![fault.into()];
            video.predicted_faults = vec![fault.into()];
        }
        let scores = faults(
            &videos.iter().collect::<Vec<_>>(),
            &LabelSpace::new(&classes()),
            0,
        );
        let recall = |fault: &str| {
            let is_it = |it: &&Measurement| {
                it.key.name == MetricName::Recall && it.key.class == Some(fault.into())
            };
            scores.iter().find(is_it).expect("a recall")
        };
        let (one, five) = (recall("knees_cave"), recall("rounded_back"));
        assert_eq!((one.value, one.n, one.n_groups), (Some(1.0), 1, 1));
        assert_eq!((one.low, one.high, one.bca_low), (None, None, None));
        assert_eq!((five.value, five.n, five.n_groups), (Some(1.0), 5, 5));
        // None of five was missed: of others nearly half may be.
        let expected = wo_stats::proportion(&[(1, 1); 5]).expect("five groups").low;
        assert!((five.low.expect("a lower end") - expected).abs() < 1e-9);
        assert!((0.5..0.6).contains(&expected), "{expected}");
        assert_eq!(five.high, Some(1.0));
    }

    #[test]
    fn without_known_faults_there_are_no_figures() {
        let mut video = squat(0, 0, 0, 1.0);
        video.predicted_faults = vec!["knees_cave".into()];
        assert_eq!(
            faults(
                &[&video, &squat(1, 1, 1, 1.0)],
                &LabelSpace::new(&classes()),
                0
            ),
            []
        );
    }
}
