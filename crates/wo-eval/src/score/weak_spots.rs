//! Weak spots: exercises and labels for which the model is not shown to be better than chance. A mean over all can be good
//! while one exercise is guessed.

use wo_record::Name;
use wo_stats::are_too_few;

use crate::score::evaluation::Evaluation;
use crate::score::key::{MetricName, Scope, ScoreKey, Task, Whole};
use crate::score::measurement::Measurement;

/// Videos that the model may judge no better than chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WeakSpot<'a> {
    pub(crate) exercise: Option<&'a Name>,
    /// `None` where it is about telling the labels of the exercise apart.
    pub(crate) label: Option<&'a Name>,
    /// A balanced accuracy, or the recall of the label.
    pub(crate) score: &'a Measurement,
    pub(crate) chance: f64,
}

/// What the evaluation says of parts of the videos.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct WeakSpots<'a> {
    /// Exercises, then labels, then labels of an exercise; of each the lowest first.
    pub(crate) spots: Vec<WeakSpot<'a>>,
    /// Exercises of which nothing is known: a label has videos of fewer than two groups.
    pub(crate) unknown: Vec<&'a Name>,
}

/// Where an interval includes chance, that is not ruled out. All of them must lie above it, so their number needs no
/// correction. A label of one exercise counts where it has enough groups: with few, its exercise has been named.
pub(crate) fn weak_spots(evaluation: &Evaluation, whole: Whole) -> WeakSpots<'_> {
    let all = Scope::Whole(whole);
    let mut weak = WeakSpots::default();
    let mut of_labels = spots_of_labels(evaluation, &all, None);
    let mut of_both = Vec::new();
    let exercises = evaluation.exercises(whole);
    for exercise in exercises.iter().copied().filter(|_| exercises.len() > 1) {
        let scope = Scope::Exercise(whole, exercise.clone());
        let key = ScoreKey {
            scope: scope.clone(),
            ..ScoreKey::of_labels(MetricName::BalancedAccuracy)
        };
        let known = evaluation.chance(Task::Label, &scope);
        let known = known.zip(evaluation.score(&key).filter(|it| it.low.is_some()));
        let Some((chance, score)) = known else {
            weak.unknown.push(exercise);
            continue;
        };
        if !score.is_above(chance) {
            weak.spots.push(WeakSpot {
                exercise: Some(exercise),
                label: None,
                score,
                chance,
            });
        }
        of_both.extend(
            spots_of_labels(evaluation, &scope, Some(exercise))
                .into_iter()
                .filter(|it| !are_too_few(it.score.n_effective)),
        );
    }
    for spots in [&mut weak.spots, &mut of_labels, &mut of_both] {
        let value = |it: &WeakSpot<'_>| it.score.value.unwrap_or(1.0);
        spots.sort_by(|a, b| value(a).total_cmp(&value(b)));
    }
    weak.spots.extend(of_labels);
    weak.spots.extend(of_both);
    weak
}

/// Labels whose recall may be no better than that of guessing. Without an interval nothing is claimed of them.
fn spots_of_labels<'a>(
    evaluation: &'a Evaluation,
    scope: &Scope,
    exercise: Option<&'a Name>,
) -> Vec<WeakSpot<'a>> {
    let Some(chance) = evaluation.chance(Task::Label, scope) else {
        return Vec::new();
    };
    let recalls = evaluation.recalls(scope).into_iter();
    recalls
        .filter(|(_, score)| score.low.is_some_and(|low| low <= chance))
        .map(|(label, score)| WeakSpot {
            exercise,
            label: Some(label),
            score,
            chance,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{evaluated, squat};
    use crate::judge::prediction::{GroundTruth, Prediction};

    /// A squat and a row of each of `n` persons; `is_wrong` tells which are judged wrong.
    fn two_exercises(n: usize, is_wrong: impl Fn(usize, usize, usize) -> bool) -> Vec<Prediction> {
        let of_person = |person: usize| {
            [0, 1].map(|exercise| {
                let truth = (person + exercise) % 2;
                let is_wrong = is_wrong(exercise, truth, person);
                let predicted = if is_wrong { 1 - truth } else { truth };
                let mut video = squat(person, truth, predicted, 1000.0);
                video.ground_truth = GroundTruth::Scored {
                    label: truth,
                    exercise: Some(exercise),
                };
                video
            })
        };
        (0..n).flat_map(of_person).collect()
    }

    fn named(videos: &[Prediction]) -> (Vec<String>, Vec<String>) {
        let evaluation = evaluated(videos);
        let weak = weak_spots(&evaluation, Whole::HeldOut);
        let name = |it: &WeakSpot<'_>| {
            let names = [it.exercise, it.label].into_iter().flatten();
            names.map(Name::as_str).collect::<Vec<_>>().join(" ")
        };
        let unknown = weak.unknown.iter().map(ToString::to_string);
        (weak.spots.iter().map(name).collect(), unknown.collect())
    }

    #[test]
    fn an_exercise_that_is_guessed_is_found_behind_a_good_mean() {
        let none: Vec<String> = Vec::new();
        let good = two_exercises(40, |_, _, _| false);
        assert_eq!(named(&good), (none.clone(), none.clone()));
        // Of rows (exercise 0) every other one is judged wrong, of both labels.
        let guessed = two_exercises(40, |exercise, _, person| {
            exercise == 0 && person / 2 % 2 == 0
        });
        assert!(evaluated(&guessed).is_better_than_chance(&Scope::HELD_OUT));
        let spots = ["row", "row bad_form", "row good_form"].map(str::to_owned);
        assert_eq!(named(&guessed), (spots.to_vec(), none));
        // Of few persons the exercise is named, and not its labels.
        let few = two_exercises(16, |exercise, _, person| {
            exercise == 0 && person / 2 % 2 == 0
        });
        let (spots, _) = named(&few);
        assert_eq!(spots.first().map(String::as_str), Some("row"));
        assert!(!spots.iter().any(|it| it.contains(' ')), "{spots:?}");
    }

    #[test]
    fn a_label_that_is_missed_is_found() {
        // Three of four bad videos are taken for good ones.
        let missed = two_exercises(40, |_, truth, person| truth == 0 && person / 2 % 4 != 0);
        let (spots, _) = named(&missed);
        assert!(spots.contains(&"bad_form".to_owned()), "{spots:?}");
        assert!(!spots.contains(&"good_form".to_owned()), "{spots:?}");
    }

    #[test]
    fn of_an_exercise_with_one_label_nothing_is_known() {
        let mut videos = two_exercises(40, |_, _, _| false);
        videos.retain(|it| it.true_exercise() == Some(1) || it.truth() == Some(1));
        assert_eq!(named(&videos), (Vec::new(), vec!["row".to_owned()]));
    }
}
