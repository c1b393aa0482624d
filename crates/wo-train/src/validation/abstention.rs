//! When the model abstains, measured on its predictions for videos that its weights were not fitted to.

use wo_cli::{count, verb};
use wo_clip::{AbstentionPolicy, Class, Split};
use wo_record::{Name, Prediction};
use wo_stats::{Graded, Temperature, numbered, threshold};

use crate::data::dataset::{Dataset, Example};
use crate::validation::metrics::{Probabilities, labels_of, sum};

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

/// Measures the policy on out-of-fold predictions where there are some, else on the validation split. That split has
/// also chosen the epoch, so its policy is a little optimistic.
pub(crate) fn measure(
    dataset: &Dataset,
    judged: &[Probabilities],
    out_of_fold: Option<&[Prediction]>,
    wanted_risk: f64,
) -> Option<AbstentionPolicy> {
    let labels = labels_of(&dataset.classes);
    let (measured_on, predicted) = match out_of_fold {
        Some(predictions) => ("out_of_fold", of_predictions(predictions, &labels)),
        None => ("validation", of_validation(dataset, judged, &labels)),
    };
    if predicted.is_empty() {
        return None;
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
    Some(policy)
}

/// The policy as a sentence.
pub(crate) fn in_words(policy: Option<&AbstentionPolicy>) -> String {
    let Some(policy) = policy else {
        return "no validation split: wo-eval never abstains by confidence".to_owned();
    };
    let risk = 100.0 * policy.wanted_risk;
    match policy.threshold {
        Some(threshold) => format!(
            "abstention threshold {threshold:.2}: below this probability wo-eval says unclear; at most {risk:.0} % of a new group's videos \
             are expected to get a wrong verdict ({})",
            count(policy.n_groups, "group")
        ),
        None => format!(
            "{} {} too few to set an abstention threshold for a risk of {risk:.0} %",
            count(policy.n_groups, "group"),
            verb(policy.n_groups, "is", "are")
        ),
    }
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
    fn limits_are_what_all_but_outliers_reach() {
        assert_eq!(lowest(vec![3.0, 1.0, 2.0]), Some(1.0));
        assert_eq!(lowest((0..200).map(f64::from).collect()), Some(2.0));
        assert_eq!(lowest(Vec::new()), None);
    }
}
