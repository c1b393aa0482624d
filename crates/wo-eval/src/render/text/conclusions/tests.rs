//! Each sentence is printed in the cases that it is true of, and in no other.

use super::*;
use crate::fixtures::{classes, evaluated, squat};
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::{GroundTruth, Prediction};
use crate::score::evaluate::{Baselines, evaluate};
use crate::score::evaluation::Evaluation;
use crate::score::key::Whole;

/// What each sentence is told by.
const SENTENCES: [&str; 14] = [
    "All videos are labelled good_form",
    "cannot be compared with baselines: there are no other labelled videos",
    "cannot be compared with the best baseline",
    "is better than the best baseline",
    "is WORSE than the best baseline (duration_only)",
    "is NOT shown to be better than the best baseline",
    "The lowest recall of an exercise and label",
    "NOT shown to be better than chance for row: balanced accuracy 0.5",
    "NOT shown to be better than chance for bad form: recall 0.2",
    "Nothing is known of row",
    "too few independent groups (effective: 4.0 with bad form",
    "there is no confidence interval",
    "wide (more than 0.3)",
    "No mistake was made",
];

const BETTER: &str = "is better than the best baseline";
const LOWEST: &str = "The lowest recall of an exercise and label";
const WIDE: &str = "wide (more than 0.3)";

struct Case {
    what: &'static str,
    evaluation: Evaluation,
    /// Those of [`SENTENCES`] that are true; all others must not be said.
    said: &'static [&'static str],
}

/// One video of each of `n` persons.
fn squats(n: usize, is_wrong: impl Fn(usize) -> bool) -> Vec<Prediction> {
    let of_person = |i: usize| {
        let truth = i % 2;
        squat(
            i,
            truth,
            if is_wrong(i) { 1 - truth } else { truth },
            2000.0,
        )
    };
    (0..n).map(of_person).collect()
}

/// A squat and a row of each of `n` persons.
fn with_rows(n: usize, is_wrong: impl Fn(usize, usize, usize) -> bool) -> Vec<Prediction> {
    let of_number = |i: usize| {
        let exercise = i % 2;
        let (person, truth) = (i / 2, (i / 2 + exercise) % 2);
        let predicted = if is_wrong(exercise, truth, person) {
            1 - truth
        } else {
            truth
        };
        let mut video = squat(person, truth, predicted, 2000.0);
        video.ground_truth = GroundTruth::Scored {
            label: truth,
            exercise: Some(exercise),
        };
        video
    };
    (0..2 * n).map(of_number).collect()
}

fn without_training(videos: &[Prediction]) -> Evaluation {
    let space = LabelSpace::new(&classes());
    let videos: Vec<&Prediction> = videos.iter().collect();
    evaluate(
        &videos,
        &space,
        &Baselines::fit(&[], &space),
        Whole::HeldOut,
        0,
    )
}

fn cases() -> Vec<Case> {
    let case = |what, videos: &[Prediction], said| Case {
        what,
        evaluation: evaluated(videos),
        said,
    };
    let good = squats(80, |i| i % 10 == 9);
    let one_label: Vec<Prediction> = (0..40).map(|i| squat(i, 1, 1, 2000.0)).collect();
    let four: Vec<Prediction> = (0..80)
        .map(|i| squat(i / 2 % 4, i % 2, i % 2, 2000.0))
        .collect();
    let one: Vec<Prediction> = (0..40).map(|i| squat(0, i % 2, i % 2, 2000.0)).collect();
    let length = |i: usize| 900.0 + 3000.0 * (i % 2) as f64;
    let worse: Vec<Prediction> = (0..80)
        .map(|i| {
            squat(
                i,
                i % 2,
                if i % 10 < 3 { 1 - i % 2 } else { i % 2 },
                length(i),
            )
        })
        .collect();
    let guessed = with_rows(80, |exercise, _, person| {
        exercise == 0 && person / 2 % 2 == 0
    });
    let missed = with_rows(80, |_, truth, person| truth == 0 && person / 2 % 4 != 0);
    let mut of_one_label = with_rows(40, |_, _, _| false);
    of_one_label.retain(|it| it.true_exercise() == Some(1) || it.truth() == Some(1));
    let chance: Vec<Prediction> = (0..24)
        .map(|i| squat(i, i % 2, i / 2 % 2, 2000.0))
        .collect();
    vec![
        case("a good model", &good, &[BETTER, LOWEST]),
        Case {
            what: "no training videos",
            evaluation: without_training(&good),
            said: &[
                "cannot be compared with baselines: there are no other labelled videos",
                LOWEST,
            ],
        },
        case(
            "one label",
            &one_label,
            &["All videos are labelled good_form"],
        ),
        case(
            "four persons",
            &four,
            &[
                BETTER,
                LOWEST,
                "too few independent groups (effective: 4.0 with bad form",
                WIDE,
            ],
        ),
        case(
            "one person",
            &one,
            &[
                "cannot be compared with the best baseline",
                LOWEST,
                "there is no confidence interval",
            ],
        ),
        case(
            "the length tells more",
            &worse,
            &["is WORSE than the best baseline (duration_only)", LOWEST],
        ),
        case(
            "rows are guessed",
            &guessed,
            &[
                BETTER,
                LOWEST,
                "NOT shown to be better than chance for row: balanced accuracy 0.5",
            ],
        ),
        case(
            "bad form is missed",
            &missed,
            &[
                BETTER,
                LOWEST,
                "NOT shown to be better than chance for bad form: recall 0.2",
            ],
        ),
        case(
            "rows of one label",
            &of_one_label,
            &[
                BETTER,
                LOWEST,
                "Nothing is known of row",
                "No mistake was made",
            ],
        ),
        case(
            "a coin",
            &chance,
            &[
                "is NOT shown to be better than the best baseline",
                LOWEST,
                WIDE,
            ],
        ),
    ]
}

#[test]
fn each_is_said_where_it_is_true_and_nowhere_else() {
    let cases = cases();
    let mut all_wrong = Vec::new();
    let exercises = ["row".into(), "squat".into()];
    for Case {
        what,
        evaluation,
        said,
    } in &cases
    {
        let report = ScoreReport {
            evaluation,
            whole: Whole::HeldOut,
            exercises: &exercises,
        };
        let text = conclusions(&report, &Independence::default()).join(" ");
        let is_wrong = |it: &&str| text.contains(*it) != said.contains(it);
        let wrong: Vec<&str> = SENTENCES.into_iter().filter(is_wrong).collect();
        if !wrong.is_empty() {
            all_wrong.push(format!("{what}: {wrong:?}: {text}"));
        }
    }
    assert_eq!(all_wrong, Vec::<String>::new());
    for sentence in SENTENCES {
        let n_true = cases
            .iter()
            .filter(|it| it.said.contains(&sentence))
            .count();
        assert!((1..cases.len()).contains(&n_true), "{sentence}");
    }
}
