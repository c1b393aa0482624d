//! Evaluations, and what is true of each.

use TrustLevel::{Caution, DoNotTrust, Trust};

use super::*;

/// An evaluation with the conclusion that is due.
pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) given: Given,
    pub(super) trust: TrustLevel,
    /// The sentences that are true; all others must not be said.
    pub(super) said: &'static [&'static str],
}

/// All of them.
pub(super) fn all() -> Vec<Case> {
    let all = [
        of_whole(),
        of_parts(),
        of_verdicts(),
        of_grounds(),
        of_baselines(),
    ];
    all.into_iter().flatten().collect()
}

fn case(
    what: &'static str,
    given: Given,
    trust: TrustLevel,
    said: &'static [&'static str],
) -> Case {
    Case {
        what,
        given,
        trust,
        said,
    }
}

/// Videos of squats and rows, `n` of each: the persons of the videos, and which are judged wrong.
fn videos(
    n: usize,
    person: impl Fn(usize) -> usize,
    is_wrong: impl Fn(usize, usize, usize) -> bool,
) -> Vec<Prediction> {
    let of_number = |number: usize| {
        [0, 1].map(|exercise| {
            let truth = (number + exercise) % 2;
            let is_wrong = is_wrong(exercise, truth, number);
            let predicted = if is_wrong { 1 - truth } else { truth };
            let mut video = squat(person(number), truth, predicted, 2000.0);
            video.video_id = format!("{number}-{exercise}");
            video.ground_truth = GroundTruth::Scored {
                label: truth,
                exercise: Some(exercise),
            };
            video
        })
    };
    (0..n).flat_map(of_number).collect()
}

fn one_each(number: usize) -> usize {
    number
}

/// The exercise 0, rows, is guessed.
fn guesses_rows(exercise: usize, _: usize, number: usize) -> bool {
    exercise == 0 && (number / 2).is_multiple_of(2)
}

fn errs_seldom(_: usize, _: usize, number: usize) -> bool {
    number % 10 == 9
}

fn with(mut given: Given, change: impl FnOnce(&mut Given)) -> Given {
    change(&mut given);
    given
}

const GOOD: &str = "On held-out people and sources";
const TELLS: &str = "tells good from bad form with balanced accuracy";

// Longer than 60 lines: a table of cases.
fn of_whole() -> Vec<Case> {
    let good = || Given::of(&good_model(80));
    let persons = |n: usize, of: usize| -> Vec<Prediction> {
        (0..n)
            .map(|i| squat(i / 2 % of, i % 2, i % 2, 2000.0))
            .collect()
    };
    vec![
        case(
            "nothing",
            Given::of(&[]),
            DoNotTrust,
            &["There is no result"],
        ),
        case(
            "one label",
            Given::of(&(0..40).map(|i| squat(i, 1, 1, 2000.0)).collect::<Vec<_>>()),
            DoNotTrust,
            &["The model cannot be assessed"],
        ),
        case("a good model", good(), Trust, &[GOOD, TELLS]),
        case(
            "no mistake",
            Given::of(&persons(80, 40)),
            Trust,
            &[GOOD, "judges all"],
        ),
        case(
            "no mistake on four persons",
            Given::of(&persons(80, 4)),
            Caution,
            &[
                "Too little to rely on: on",
                "judges all",
                "too few independent groups (effective: 4.0",
                "The confidence interval is",
            ],
        ),
        case(
            "one person",
            Given::of(&persons(40, 1)),
            DoNotTrust,
            &[
                "are too few to assess the model",
                "It is not significantly better than duration only",
            ],
        ),
        case(
            "no better than a coin",
            Given::of(
                &(0..80)
                    .map(|i| squat(i, i % 2, i / 2 % 2, 2000.0))
                    .collect::<Vec<_>>(),
            ),
            DoNotTrust,
            &[
                "not significantly better than chance",
                "It is not significantly better than duration only",
            ],
        ),
    ]
}

// Longer than 60 lines: a table of cases.
fn of_parts() -> Vec<Case> {
    // Three of four videos of bad form are taken for good ones.
    let bad_form_is_missed: Vec<Prediction> = (0..160_usize)
        .map(|i| {
            let is_missed = i % 2 == 0 && !(i / 2).is_multiple_of(4);
            squat(i, i % 2, if is_missed { 1 } else { i % 2 }, 2000.0)
        })
        .collect();
    // Of forty persons with bad form one has most of these videos; good form is of all alike.
    let mut dominated: Vec<Prediction> = (0..400).map(|i| squat(i % 40, 1, 1, 2000.0)).collect();
    dominated.extend((0..100).map(|i| squat(if i < 60 { 0 } else { i - 59 }, 0, 0, 2000.0)));
    let mut of_one_label = videos(40, one_each, |_, _, _| false);
    of_one_label.retain(|it| it.true_exercise() == Some(1) || it.truth() == Some(1));
    vec![
        case(
            "two exercises",
            Given::of(&videos(80, one_each, errs_seldom)),
            Trust,
            &[GOOD, TELLS],
        ),
        case(
            "rows are guessed",
            Given::of(&videos(80, one_each, guesses_rows)),
            Caution,
            &[
                GOOD,
                TELLS,
                "but not shown for row",
                "It is not shown to be better than chance for row: balanced accuracy 0.5",
            ],
        ),
        case(
            "bad form is missed",
            Given::of(&bad_form_is_missed),
            Caution,
            &[
                GOOD,
                TELLS,
                "but not shown for bad form",
                "It is not shown to be better than chance for bad form: recall 0.2",
            ],
        ),
        case(
            "rows of one label",
            Given::of(&of_one_label),
            Caution,
            &[
                GOOD,
                "judges all",
                ", with reservations",
                "Nothing is known of row",
            ],
        ),
        case(
            "one person has 60 % of bad form",
            Given::of(&dominated),
            Caution,
            &[
                "Too little to rely on: on",
                "judges all",
                "too few independent groups (effective: 2.7 with bad form",
            ],
        ),
    ]
}

// Longer than 60 lines: a table of cases.
fn of_verdicts() -> Vec<Case> {
    let good = || Given::of(&good_model(80));
    let unset = |given: &mut Given| {
        if let Some(selection) = &mut given.findings.selection {
            selection.threshold = None;
        }
    };
    let abstains = |reason: AbstainReason| {
        move |given: &mut Given| {
            given.findings.abstentions.insert(reason, 8);
        }
    };
    vec![
        case(
            "it abstains on some",
            good().abstaining(8),
            Trust,
            &[
                GOOD,
                TELLS,
                "It abstains (unclear) on",
                "metrics count its best guess there",
            ],
        ),
        case(
            "it says unclear of some",
            with(good().abstaining(8), abstains(AbstainReason::SaysUnclear)),
            Trust,
            &[
                GOOD,
                TELLS,
                "It abstains (unclear) on",
                "metrics count these as wrong",
            ],
        ),
        case(
            "it abstains on most",
            good().abstaining(78),
            Caution,
            &[
                GOOD,
                TELLS,
                ", with reservations",
                "It abstains (unclear) on",
                "metrics count its best guess there",
                "It gives a verdict for only",
            ],
        ),
        case(
            "it abstains on all",
            good().abstaining(80),
            DoNotTrust,
            &["it abstains on all 80 videos"],
        ),
        case(
            "no threshold",
            with(good().abstaining(80), abstains(AbstainReason::NoThreshold)),
            DoNotTrust,
            &["gives no verdict: without an abstention threshold all 80 videos are unclear"],
        ),
        case(
            "verdicts without a threshold",
            with(good().abstaining(0), unset),
            Caution,
            &[
                GOOD,
                TELLS,
                ", with reservations",
                "nothing bounds how many of them are wrong",
            ],
        ),
    ]
}

// Longer than 60 lines: a table of cases.
fn of_grounds() -> Vec<Case> {
    let good = || Given::of(&good_model(80));
    vec![
        case(
            "a shortcut",
            with(good(), |it| {
                it.findings.audit = vec![audit(AuditVerdict::Fail)];
            }),
            DoNotTrust,
            &["may come from shortcuts"],
        ),
        case(
            "no audit",
            with(good(), |it| it.findings.audit.clear()),
            Caution,
            &[
                GOOD,
                TELLS,
                ", with reservations",
                "The shortcut audit could not run",
            ],
        ),
        case(
            "no hashes",
            with(good(), |it| it.tally.has_no_hashes = true),
            Caution,
            &[
                GOOD,
                TELLS,
                ", with reservations",
                "Duplicates of training videos cannot be detected",
            ],
        ),
        case(
            "unknown people",
            with(good(), |it| {
                it.findings.independence = Independence {
                    n: 80,
                    n_ungrouped: 80,
                    ..Independence::default()
                };
            }),
            Caution,
            &["On videos of unknown people", TELLS, ", with reservations"],
        ),
        case(
            "unknown training videos",
            with(good(), |it| {
                it.trained_on.clear();
                it.evaluate(&good_model(80), &LabelSpace::new(&classes()));
            }),
            Caution,
            &[
                GOOD,
                TELLS,
                ", with reservations",
                "no other labelled videos are known",
            ],
        ),
    ]
}

fn of_baselines() -> Vec<Case> {
    vec![
        case(
            "the length tells more",
            Given::of(
                &(0..80)
                    .map(|i| {
                        let predicted = if i % 10 < 3 { 1 - i % 2 } else { i % 2 };
                        squat(i, i % 2, predicted, 900.0 + 3000.0 * (i % 2) as f64)
                    })
                    .collect::<Vec<_>>(),
            ),
            DoNotTrust,
            &["the baseline duration only is better"],
        ),
        case(
            "the length tells as much",
            Given::of(
                &(0..80)
                    .map(|i| {
                        let is_wrong = i % 10 == 9;
                        let length = 900.0 + 3000.0 * ((i + usize::from(i % 10 == 4)) % 2) as f64;
                        squat(i, i % 2, if is_wrong { 1 - i % 2 } else { i % 2 }, length)
                    })
                    .collect::<Vec<_>>(),
            ),
            Caution,
            &[
                GOOD,
                TELLS,
                ", with reservations",
                "It is not significantly better than duration only",
            ],
        ),
    ]
}
