//! When the model abstains, measured on its predictions for videos that its weights were not fitted to.

use wo_cli::{count, verb};
use wo_clip::{AbstentionPolicy, Class, Split};
use wo_record::{Name, Prediction};
use wo_stats::{Graded, Temperature, estimated_proportion, numbered, threshold};

use crate::data::dataset::{Dataset, Example};
use crate::validation::metrics::{Probabilities, interval_words, labels_of, sum};

/// Limits are what all but this fraction of the training videos reach. One in a hundred counts as an outlier.
const OUTLIERS: f64 = 0.01;
/// Keeps the logarithm of a probability of zero finite.
const LEAST_PROBABILITY: f64 = 1e-300;

/// A video, and what was predicted for it.
struct ScoredVideo {
    group: String,
    truth: usize,
    labels: Vec<f64>,
    /// The probability of the most probable exercise.
    exercise: f64,
}

/// A policy, and what to say of it.
pub(crate) struct Measured {
    pub(crate) policy: Option<AbstentionPolicy>,
    pub(crate) words: String,
}

/// Measures the policy on out-of-fold predictions where there are some, else on the validation split. That split has
/// also chosen the epoch, so its policy is a little optimistic.
pub(crate) fn measure(
    dataset: &Dataset,
    judged: &[Probabilities],
    out_of_fold: Option<&[Prediction]>,
    wanted_risk: f64,
) -> Measured {
    let labels = labels_of(&dataset.classes);
    let (measured_on, predicted) = match out_of_fold {
        Some(predictions) => ("out_of_fold", of_predictions(predictions, &labels)),
        None => ("validation", of_validation(dataset, judged, &labels)),
    };
    if predicted.is_empty() {
        return Measured {
            policy: None,
            words: without_threshold(0, wanted_risk),
        };
    }
    let scores: Vec<Vec<f64>> = predicted
        .iter()
        .map(|it| {
            it.labels
                .iter()
                .map(|p| p.max(LEAST_PROBABILITY).ln())
                .collect()
        })
        .collect();
    let truth: Vec<usize> = predicted.iter().map(|it| it.truth).collect();
    let mut policy = AbstentionPolicy {
        temperature: Temperature::fit(&scores, &truth).map(|it| it.value),
        wanted_risk,
        threshold: None,
        n_groups: numbered(predicted.iter().map(|it| &it.group)).1 as u64,
        measured_on: measured_on.to_owned(),
        min_exercise_probability: lowest(predicted.iter().map(|it| it.exercise).collect()),
        min_sharpness: lowest(of_training(dataset, |it| it.sharpness)),
        min_brightness: lowest(of_training(dataset, |it| it.brightness)),
    };
    let graded = grade(&policy, &predicted);
    policy.threshold = threshold::of_wrong_answers(&graded, wanted_risk).map(|it| it.value);
    Measured {
        words: in_words(&policy, &graded),
        policy: Some(policy),
    }
}

/// The policy in sentences, with what it did to the videos that it was measured on.
fn in_words(policy: &AbstentionPolicy, graded: &[Graded]) -> String {
    let (n_groups, risk) = (policy.n_groups, policy.wanted_risk);
    let Some(threshold) = policy.threshold else {
        return without_threshold(n_groups, risk);
    };
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let largest = threshold::largest_of_wrong_answers(n_groups, risk).unwrap_or(1.0);
    let mut groups = vec![(0, 0); n_groups as usize];
    for video in graded.iter().filter(|it| it.confidence > threshold) {
        if let Some((wrong, answered)) = groups.get_mut(video.group) {
            *wrong += u64::from(!video.is_right);
            *answered += 1;
        }
    }
    let n_answered: u64 = groups.iter().map(|it| it.1).sum();
    let n_wrong: u64 = groups.iter().map(|it| it.0).sum();
    let among = estimated_proportion(&groups, 0);
    format!(
        "abstention threshold {threshold:.2}: up to this probability wo-eval says unclear. At most {} of videos get a \
         wrong verdict, on average over models; measured on {}, at most {} for 95 of 100 such models. Of {} {n_answered} \
         get a verdict, {n_wrong} a wrong one: {} of the verdicts",
        percent(risk),
        count(n_groups, "group"),
        percent(largest),
        count(graded.len(), "held-out video"),
        interval_words(among.value, among.intervals.interval)
    )
}

/// What a model without a threshold will do. What helps is in the plan.
fn without_threshold(n_groups: u64, risk: f64) -> String {
    format!(
        "no abstention threshold: a risk of {:.0} % needs {} to measure it on, and there {} {n_groups}; wo-eval will say unclear \
         (no_threshold) to every video",
        100.0 * risk,
        count(threshold::least_groups(risk), "group"),
        verb(n_groups, "is", "are")
    )
}

fn grade(policy: &AbstentionPolicy, predicted: &[ScoredVideo]) -> Vec<Graded> {
    let (groups, _) = numbered(predicted.iter().map(|it| &it.group));
    predicted
        .iter()
        .zip(groups)
        .filter_map(|(it, group)| {
            let labels = policy.calibrated(&it.labels);
            let (best, confidence) = labels
                .iter()
                .copied()
                .enumerate()
                .reduce(|best, next| if next.1 > best.1 { next } else { best })?;
            Some(Graded {
                group,
                confidence,
                is_right: best == it.truth,
            })
        })
        .collect()
}

fn of_validation(dataset: &Dataset, judged: &[Probabilities], labels: &[Name]) -> Vec<ScoredVideo> {
    let sum = |judged: &Probabilities, belongs: &dyn Fn(&Class) -> bool| {
        sum(&dataset.classes, judged, belongs)
    };
    dataset
        .of(Split::Validation)
        .into_iter()
        .zip(judged)
        .filter_map(|(example, judged)| {
            let exercises = dataset.classes.iter().map(|class| &class.exercise);
            Some(ScoredVideo {
                group: example.video.group.to_string(),
                truth: labels.iter().position(|it| *it == example.video.label)?,
                labels: labels
                    .iter()
                    .map(|l| sum(judged, &|c| c.label == *l))
                    .collect(),
                exercise: exercises
                    .map(|exercise| sum(judged, &|c| c.exercise == *exercise))
                    .fold(0.0, f64::max),
            })
        })
        .collect()
}

fn of_predictions(predictions: &[Prediction], labels: &[Name]) -> Vec<ScoredVideo> {
    predictions
        .iter()
        .filter_map(|it| {
            let truth = it.label.as_ref()?;
            Some(ScoredVideo {
                group: it.group.clone(),
                truth: labels.iter().position(|label| label == truth)?,
                labels: labels
                    .iter()
                    .map(|label| it.labels.get(label).copied().unwrap_or(0.0))
                    .collect(),
                exercise: it.exercises.values().copied().fold(0.0, f64::max),
            })
        })
        .collect()
}

fn of_training(dataset: &Dataset, number: fn(&Example) -> Option<f64>) -> Vec<f64> {
    let videos = dataset.of(Split::Train).into_iter();
    videos.filter_map(number).collect()
}

/// The value that all but the outliers reach.
fn lowest(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let n_outliers = (numbers.len() as f64 * OUTLIERS).floor() as usize;
    numbers.get(n_outliers).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicted(group: usize, truth: usize, good: f64) -> ScoredVideo {
        ScoredVideo {
            group: format!("person:{group}"),
            truth,
            labels: vec![1.0 - good, good],
            exercise: 0.9,
        }
    }

    fn policy() -> AbstentionPolicy {
        AbstentionPolicy {
            temperature: None,
            wanted_risk: 0.1,
            threshold: None,
            n_groups: 0,
            measured_on: "validation".to_owned(),
            min_exercise_probability: None,
            min_sharpness: None,
            min_brightness: None,
        }
    }

    #[test]
    fn predictions_are_graded_by_group() {
        let graded = grade(
            &policy(),
            &[
                predicted(4, 1, 0.8),
                predicted(2, 1, 0.3),
                predicted(4, 0, 0.3),
            ],
        );
        let seen: Vec<_> = graded.iter().map(|it| (it.group, it.is_right)).collect();
        assert_eq!(seen, [(0, true), (1, false), (0, true)]);
        assert!((graded[1].confidence - 0.7).abs() < 1e-12);
    }

    #[test]
    fn the_risk_is_said_among_all_and_among_the_verdicts() {
        let mut policy = policy();
        policy.n_groups = 3;
        let video = |group, is_right| Graded {
            group,
            confidence: if group < 10 { 0.8 } else { 0.6 },
            is_right,
        };
        let graded: Vec<Graded> = (0..12)
            .flat_map(|group| [video(group, true), video(group, group != 3)])
            .collect();
        assert!(in_words(&policy, &graded).starts_with(
            "no abstention threshold: a risk of 10 % needs 9 groups to measure it on, and there are 3;"
        ));
        (policy.n_groups, policy.threshold) = (12, Some(0.7));
        let words = in_words(&policy, &graded);
        let expected = "at most 10 % of videos get a wrong verdict, on average over models; measured on 12 groups, \
                        at most 22 % for 95 of 100 such models. of 24 held-out videos 20 get a verdict, 1 a wrong one: 0.05 [";
        assert!(words.to_lowercase().contains(expected), "{words}");
    }

    #[test]
    fn limits_are_what_all_but_outliers_reach() {
        assert_eq!(lowest(vec![3.0, 1.0, 2.0]), Some(1.0));
        assert_eq!(lowest((0..200).map(f64::from).collect()), Some(2.0));
        assert_eq!(lowest(Vec::new()), None);
    }
}
