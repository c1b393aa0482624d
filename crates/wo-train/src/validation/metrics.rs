//! Validation metrics: they choose an epoch, and are not for reporting.

use std::collections::BTreeMap;

use wo_cli::count;
use wo_clip::tch::{Device, Tensor, no_grad};
use wo_clip::{Class, Pooling};
use wo_record::{Group, Name};
use wo_stats::{Interval, Sample, effective_groups_by_class, paired_comparisons};

use crate::data::dataset::Example;

/// Keeps the logarithm of a probability of zero finite.
pub(crate) const LEAST_PROBABILITY: f64 = 1e-12;

/// Metrics over videos.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Validation {
    /// Mean negative log-likelihood of the true exercise and label.
    pub(crate) loss: f64,
    /// Mean recall over labels.
    pub(crate) balanced_accuracy: f64,
    /// Its 95 % confidence interval over groups, where each label has two or more.
    pub(crate) interval: Option<Interval>,
    /// Independent groups of the label that has the fewest.
    pub(crate) n_effective: f64,
    /// Accuracy of the exercise, where there are several.
    pub(crate) exercise_accuracy: Option<f64>,
}

/// What a model predicts for a video: a probability per class.
pub(crate) type Probabilities = Vec<f64>;

/// Judges each video by the pooled logits of its frames, whose features are on the CPU. `weights` `[classes, width]`
/// include the logit scale.
pub(crate) fn judge(features: &[Tensor], weights: &Tensor, pooling: Pooling) -> Vec<Probabilities> {
    no_grad(|| {
        let weights = weights.to_device(Device::Cpu);
        features
            .iter()
            .map(|features| {
                let logits = features.matmul(&weights.tr());
                Vec::try_from(pooling.probabilities(&logits)).expect("one row of doubles")
            })
            .collect()
    })
}

/// The label with the highest probability, as an index in `labels`.
pub(crate) fn predicted_label(classes: &[Class], labels: &[Name], probabilities: &[f64]) -> usize {
    let sums = labels
        .iter()
        .map(|label| sum(classes, probabilities, |class| class.label == *label));
    let best = sums
        .enumerate()
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or(0, |(index, _)| index)
}

/// All labels of the classes, in order.
pub(crate) fn labels_of(classes: &[Class]) -> Vec<Name> {
    let mut labels: Vec<Name> = classes.iter().map(|class| class.label.clone()).collect();
    labels.sort();
    labels.dedup();
    labels
}

/// The metrics of `judged` videos.
pub(crate) fn summarise(
    classes: &[Class],
    videos: &[&Example],
    judged: &[Probabilities],
    seed: u64,
) -> Validation {
    let labels = labels_of(classes);
    let mut loss = 0.0;
    let mut n_exercise_right = 0;
    let is_told = classes
        .iter()
        .any(|it| Some(&it.exercise) != classes.first().map(|it| &it.exercise));
    let mut samples = Vec::new();
    for (video, probabilities) in videos.iter().zip(judged) {
        let truth = &video.class;
        let right = sum(classes, probabilities, |class| {
            class.exercise == truth.exercise && class.label == truth.label
        });
        loss -= right.max(LEAST_PROBABILITY).ln();
        let mut by_exercise: BTreeMap<&Name, f64> = BTreeMap::new();
        for (class, probability) in classes.iter().zip(probabilities) {
            *by_exercise.entry(&class.exercise).or_default() += probability;
        }
        let predicted = by_exercise.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        n_exercise_right += usize::from(predicted.is_some_and(|(name, _)| *name == truth.exercise));
        if let Ok(truth) = labels.binary_search(&truth.label) {
            samples.push(Sample {
                group: &video.video.group,
                truth,
                predicted: vec![predicted_label(classes, &labels, probabilities)],
            });
        }
    }
    let compared = paired_comparisons(&samples, labels.len(), seed)
        .first()
        .copied();
    let n = judged.len().max(1) as f64;
    Validation {
        loss: loss / n,
        balanced_accuracy: compared.and_then(|it| it.balanced_accuracy).unwrap_or(0.0),
        interval: compared.and_then(|it| it.interval),
        n_effective: fewest_groups(samples.iter().map(|it| (it.group, it.truth))),
        exercise_accuracy: is_told.then(|| n_exercise_right as f64 / n),
    }
}

/// Independent groups of the label that has the fewest, of videos with their group and label. A group with most of the
/// videos counts for little more than itself.
pub(crate) fn fewest_groups<'a, L: Ord>(videos: impl Iterator<Item = (&'a Group, L)>) -> f64 {
    let of_labels = effective_groups_by_class(videos).into_values();
    of_labels.reduce(f64::min).unwrap_or(0.0)
}

/// The probability of several classes together. A sum of rounded numbers may exceed one by its last digit.
pub(crate) fn sum(
    classes: &[Class],
    probabilities: &[f64],
    wanted: impl Fn(&Class) -> bool,
) -> f64 {
    let pairs = classes.iter().zip(probabilities);
    let wanted = pairs.filter(|(class, _)| wanted(class)).map(|(_, p)| p);
    wanted.sum::<f64>().clamp(0.0, 1.0)
}

/// Adds the validation metrics under their names.
pub(crate) fn add_validation(values: &mut BTreeMap<String, f64>, result: &Validation) {
    let ends = result
        .interval
        .map(|it| [("low", it.low), ("high", it.high)]);
    for (end, value) in ends.into_iter().flatten() {
        values.insert(format!("validation_balanced_accuracy_{end}"), value);
    }
    let exercise = result.exercise_accuracy;
    let metrics = [
        ("validation_loss", Some(result.loss)),
        (
            "validation_balanced_accuracy",
            Some(result.balanced_accuracy),
        ),
        ("validation_exercise_accuracy", exercise),
    ];
    for (name, value) in metrics {
        values.extend(value.map(|value| (name.to_owned(), value)));
    }
}

/// `validation: loss 0.311, balanced accuracy 0.85 [0.74, 0.95], exercise 1.00 (20 videos)`.
pub(crate) fn validation_words(result: &Validation, n_videos: usize) -> String {
    let exercise = result
        .exercise_accuracy
        .map(|it| format!(", exercise {it:.2}"));
    format!(
        "validation: loss {:.3}, balanced accuracy {}{} ({})",
        result.loss,
        with_interval(
            Some(result.balanced_accuracy),
            result.interval,
            result.n_effective
        ),
        exercise.unwrap_or_default(),
        count(n_videos, "video")
    )
}

/// `0.85 [0.74, 0.95]`; without an interval of how few groups, of the label that has the fewest.
pub(crate) fn with_interval(
    value: Option<f64>,
    interval: Option<Interval>,
    n_effective: f64,
) -> String {
    match (value, interval) {
        (Some(value), None) => format!(
            "{value:.2} (no interval: too few independent groups, effective: {n_effective:.1})"
        ),
        _ => interval_words(value, interval),
    }
}

/// `0.85 [0.74, 0.95]`.
pub(crate) fn interval_words(value: Option<f64>, interval: Option<Interval>) -> String {
    match (value, interval) {
        (Some(value), Some(interval)) => {
            format!("{value:.2} [{:.2}, {:.2}]", interval.low, interval.high)
        }
        (Some(value), None) => format!("{value:.2} (no interval: too few groups)"),
        (None, _) => "-".to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use wo_clip::{Split, SplitVideo};

    use super::*;

    /// A video without frames.
    pub(crate) fn example(id: &str, class: &Class) -> Example {
        let (exercise, label) = (class.exercise.clone(), class.label.clone());
        let video = SplitVideo::new(
            id,
            Group::of_video_id(id),
            Split::Validation,
            exercise,
            label,
        );
        Example::without_frames(video, class.clone())
    }

    #[test]
    fn labels_and_exercises_are_summed_over_classes() {
        let class = |exercise: &str, label: &str, faults: &[&str]| Class {
            exercise: exercise.into(),
            label: label.into(),
            faults: faults.iter().map(|&f| f.into()).collect(),
        };
        let classes = [
            class("squat", "bad_form", &["a"]),
            class("squat", "bad_form", &["b"]),
            class("squat", "good_form", &[]),
            class("deadlift", "good_form", &[]),
        ];
        let videos = [example("a", &classes[0]), example("b", &classes[2])];
        let videos: Vec<&Example> = videos.iter().collect();
        let judged = [
            // No single bad class wins, but together they do.
            vec![0.3, 0.25, 0.4, 0.05],
            vec![0.1, 0.1, 0.2, 0.6],
        ];
        let result = summarise(&classes, &videos, &judged, 0);
        assert!((result.balanced_accuracy - 1.0).abs() < 1e-12);
        assert_eq!(result.exercise_accuracy, Some(0.5));
        assert!((result.loss - (-(0.55_f64.ln()) - 0.2_f64.ln()) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_metric_without_an_interval_says_of_how_few_groups_it_is() {
        let class = |label: &str| Class {
            exercise: "squat".into(),
            label: label.into(),
            faults: Vec::new(),
        };
        let classes = [class("bad_form"), class("good_form")];
        // Bad form of one person, however many videos.
        let mut videos: Vec<Example> = (0..6).map(|_| example("a", &classes[0])).collect();
        videos.extend(["b", "c", "d"].map(|id| example(id, &classes[1])));
        let videos: Vec<&Example> = videos.iter().collect();
        let judged = vec![vec![0.6, 0.4]; videos.len()];
        let words = |videos: &[&Example]| {
            validation_words(&summarise(&classes, videos, &judged, 0), videos.len())
        };
        let expected =
            "balanced accuracy 0.50 (no interval: too few independent groups, effective: 1.0)";
        assert!(words(&videos).contains(expected), "{}", words(&videos));
        let mut other = example("e", &classes[0]);
        other.video.group = Group::of_video_id("e");
        let more: Vec<&Example> = videos.iter().copied().chain([&other]).collect();
        let judged = vec![vec![0.6, 0.4]; more.len()];
        let result = summarise(&classes, &more, &judged, 0);
        // Six videos and one: 7² / (6² + 1²).
        assert!((result.n_effective - 49.0 / 37.0).abs() < 1e-12);
        let interval = result.interval.expect("two groups of each label");
        assert!(interval.high - interval.low > 0.3, "{interval:?}");
    }
}
