//! Paired differences of two models, resampled over groups.

use wo_record::{Comparison, Name, UNCLEAR};
use wo_stats::{Bootstrap, Figure, McNemar, Panel, Unit, smallest_detectable};

use crate::judge::label_space::Answers;
use crate::judge::prediction::{Prediction, Standing};
use crate::score::scoring_task::counted_units;

/// The differences of all figures of labels, in all and by exercise, and of exercises.
pub(crate) fn differences(
    candidate: &[Prediction],
    champion: &[Prediction],
    answers: &Answers,
    seed: u64,
) -> Vec<Comparison> {
    let pairs: Vec<(&Prediction, &Prediction)> = candidate.iter().zip(champion).collect();
    let mut found = differences_in(&pairs, &answers.labels, "label", "all", seed);
    for (number, exercise) in answers.exercises.iter().enumerate() {
        let of_it: Vec<_> = pairs
            .iter()
            .filter(|(it, _)| exercise_of(it) == Some(number))
            .copied()
            .collect();
        if !of_it.is_empty() && of_it.len() < pairs.len() {
            let scope = exercise.as_str();
            found.extend(differences_in(
                &of_it,
                &answers.labels,
                "label",
                scope,
                seed,
            ));
        }
    }
    let is_told = |it: &Prediction| it.said_exercise().is_some();
    if pairs.iter().all(|(a, b)| is_told(a) && is_told(b)) {
        found.extend(differences_in(
            &pairs,
            &answers.exercises,
            "exercise",
            "all",
            seed,
        ));
    }
    found
}

fn exercise_of(video: &Prediction) -> Option<usize> {
    match video.standing {
        Standing::Scored { exercise, .. } => exercise,
        _ => None,
    }
}

fn differences_in(
    pairs: &[(&Prediction, &Prediction)],
    classes: &[Name],
    task: &str,
    scope: &str,
    seed: u64,
) -> Vec<Comparison> {
    let is_label = task == "label";
    let said = |it: &Prediction| {
        if is_label {
            it.call.label
        } else {
            it.call.exercise
        }
    };
    let units: Vec<Unit<'_>> = pairs
        .iter()
        .filter_map(|(new, old)| {
            Some(Unit {
                group: &new.group,
                truth: if is_label {
                    new.truth()?
                } else {
                    exercise_of(new)?
                },
                said: vec![said(new), said(old)],
            })
        })
        .collect();
    let panel = Panel::new(&units, classes.len());
    let figures = Figure::all(classes.len());
    let compared = panel.compare(&figures, &Bootstrap::new(seed));
    let [new, old, gains] = [
        compared.scores.first(),
        compared.scores.get(1),
        compared.gains.get(1),
    ];
    let estimates = new.into_iter().flatten().zip(old.into_iter().flatten());
    figures
        .iter()
        .zip(estimates.zip(gains.into_iter().flatten()))
        .filter(|(figure, _)| {
            let class = figure.class().and_then(|class| classes.get(class));
            class.is_none_or(|class| class.as_str() != UNCLEAR)
        })
        .map(|(figure, ((new, old), gain))| {
            let test = mcnemar(*figure, &units);
            let (n, n_groups) = counted_of_either(*figure, &units);
            Comparison {
                task: task.to_owned(),
                scope: scope.to_owned(),
                name: figure.name().to_owned(),
                class: figure.class().and_then(|class| classes.get(class)).cloned(),
                candidate: new.value,
                champion: old.value,
                difference: gain.value,
                low: gain.intervals.percentile.map(|it| it.low),
                high: gain.intervals.percentile.map(|it| it.high),
                detectable: smallest_detectable(gain.intervals.standard_error),
                only_candidate_right: test.as_ref().map(|it| it.only_first),
                only_champion_right: test.as_ref().map(|it| it.only_second),
                p_value: test.as_ref().map(|it| it.p_value),
                n,
                n_groups,
            }
        })
        .collect()
}

/// How many units a figure of either model rests on, and of how many groups.
fn counted_of_either(figure: Figure, units: &[Unit<'_>]) -> (u64, u64) {
    let class = match figure {
        Figure::Precision(class) | Figure::F1(class) => Some(class),
        _ => None,
    };
    let of_unit = |it: &Unit<'_>| {
        // What one of the two says is of the class counts for both.
        let said = it.said.iter().copied();
        said.reduce(|first, next| if Some(next) == class { next } else { first })
    };
    let told = units.iter().map(|it| (it.group, it.truth, of_unit(it)));
    let (n, n_groups) = counted_units(figure, told);
    (n, n_groups as u64)
}

/// For accuracy over all units, for a recall over those of the class.
fn mcnemar(figure: Figure, units: &[Unit<'_>]) -> Option<McNemar> {
    let is_asked = |unit: &&Unit<'_>| match figure {
        Figure::Accuracy => true,
        Figure::Recall(class) => unit.truth == class,
        _ => false,
    };
    let asked: Vec<&Unit<'_>> = units.iter().filter(is_asked).collect();
    let right = |place: usize| -> Vec<bool> {
        let is_right = |it: &&Unit<'_>| it.said.get(place) == Some(&it.truth);
        asked.iter().map(is_right).collect()
    };
    (!asked.is_empty()).then(|| McNemar::of(&right(0), &right(1)))
}
