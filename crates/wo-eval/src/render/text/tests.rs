use wo_record::Independence;

use super::*;
use crate::fixtures::{evaluated, evaluated_as, squat};
use crate::judge::prediction::Prediction;
use crate::render::text::confusion::{fits, mistakes};
use crate::render::text::layout::WIDTH;
use crate::score::evaluation::ConfusionMatrix;
use crate::score::key::{Scope, Task, Unit};

fn report_of(predictions: &[Prediction], tally: &Tally) -> String {
    let exercises = ["row".into(), "squat".into()];
    report(
        "models/tiny.pt",
        &Findings {
            held_out: evaluated(predictions),
            ..Findings::default()
        },
        &exercises,
        tally,
    )
}

/// Of `n` persons with a good and a bad squat each; every third person has one that is taken for the other.
fn persons(n: usize) -> Vec<Prediction> {
    (0..2 * n)
        .map(|i| {
            let (person, truth) = (i / 2, i % 2);
            let predicted = if person.is_multiple_of(3) { 0 } else { truth };
            squat(person, truth, predicted, 900.0 + 100.0 * person as f64)
        })
        .collect()
}

#[test]
fn the_whole_report() {
    let tally = Tally {
        n_scored: 24,
        n_excluded_as_seen: 40,
        n_unclear: 1,
        ..Tally::default()
    };
    insta::assert_snapshot!(report_of(&persons(12), &tally), @r"
    Model models/tiny.pt
    on 24 videos of 12 groups, held out from training

    FORM, per video (95 % confidence interval in brackets)
                   balanced accuracy           accuracy  videos  groups     ±
    ─────────────────────────────────────────────────────────────────────────
    model          0.83 [0.60, 0.96]  0.83 [0.60, 0.96]      24      12  0.26
    majority       0.50 [0.50, 0.50]  0.50 [0.30, 0.70]      24      12     -
    duration_only  0.50 [0.50, 0.50]  0.50 [0.30, 0.70]      24      12     -

    The model is better than the best baseline (majority): balanced accuracy +0.33
    [+0.07, +0.46].
    The lowest recall of an exercise and label (squat, good form) is 0.67 [0.34,
    0.92]; the interval allows for having picked the lowest.
    NOT shown to be better than chance for good form: recall 0.67 [0.37, 0.92],
    where chance gives 0.50.
    Too little to conclude: the confidence interval of balanced accuracy is 0.36
    wide (more than 0.3).

    FORM by exercise, per video (last two columns: balanced accuracy of the
    baselines)
           balanced accuracy  videos  groups     ±  majority  duration
    ──────────────────────────────────────────────────────────────────
    squat  0.83 [0.60, 0.96]      24      12  0.26      0.50      0.50

    FORM by label, per video
                       precision             recall    F1  videos  groups     ±
    ───────────────────────────────────────────────────────────────────────────
    bad_form   0.75 [0.50, 0.92]  1.00 [0.78, 1.00]  0.86      12      12  0.16
    good_form  1.00 [0.69, 1.00]  0.67 [0.37, 0.92]  0.80      12      12  0.39

    FORM, confusion matrix: true label (row), predicted label (column)
               bad_form  good_form
    ──────────────────────────────
    bad_form         12          0
    good_form         4          8

    EXERCISE, per video
              balanced accuracy           accuracy  videos  groups     ±
    ────────────────────────────────────────────────────────────────────
    model     1.00 [0.83, 1.00]  1.00 [0.83, 1.00]      24      12  0.12
    majority  1.00 [1.00, 1.00]  1.00 [0.83, 1.00]      24      12     -

    EXERCISE by exercise, per video
                   precision             recall    F1  videos  groups     ±
    ───────────────────────────────────────────────────────────────────────
    row                    -                  -     -       0       0     -
    squat  1.00 [0.83, 1.00]  1.00 [0.83, 1.00]  1.00      24      12  0.12

    EXERCISE, confusion matrix: true exercise (row), predicted exercise (column)
           row  squat
    ─────────────────
    row      0      0
    squat    0     24

    FRAMES, each judged alone (one frame may not show what its video shows)
              balanced accuracy           accuracy  frames  groups     ±
    ────────────────────────────────────────────────────────────────────
    form      0.83 [0.62, 0.96]  0.83 [0.64, 0.96]      48      12  0.24
    exercise  1.00 [0.85, 1.00]  1.00 [0.85, 1.00]      48      12  0.11

    [low, high] is the 95 % confidence interval over whole groups (people, sources).
    It holds with few groups, and is absent where a class has fewer than two. ± is
    the difference that so many groups detect in four of five evaluations. - is
    undefined. duration_only is fitted to other videos, mostly those of the
    training; the shortcut probe duration to folds of these videos.

    40 videos excluded: the model was trained or chosen on them or their group
    (--allow-seen scores them apart).
    1 video judged but not scored: labelled unclear.
    ");
}

#[test]
fn seen_videos_have_a_part_of_their_own() {
    let tally = Tally {
        n_seen: 6,
        ..Tally::default()
    };
    let text = report(
        "m",
        &Findings {
            seen: evaluated_as(&persons(3), Whole::Seen),
            ..Findings::default()
        },
        &["squat".into()],
        &tally,
    );
    insta::assert_snapshot!(text.lines().take(10).collect::<Vec<_>>().join("\n"), @r"
    Model m: there is no held-out labelled video to score.

    SEEN VIDEOS: 6 videos of 3 groups that the model was trained or chosen on.
    These metrics do not say how good it is on new videos.

    FORM, per video (95 % confidence interval in brackets)
                   balanced accuracy           accuracy  videos  groups     ±
    ─────────────────────────────────────────────────────────────────────────
    model          0.83 [0.31, 1.00]  0.83 [0.32, 1.00]       6       3  0.50
    majority       0.50 [0.50, 0.50]  0.50 [0.15, 0.85]       6       3     -
    ");
}

#[test]
fn a_wide_confusion_is_a_list_of_mistakes() {
    let classes: Vec<Name> = (0..12)
        .map(|i| format!("exercise_{i}").as_str().into())
        .collect();
    let mut counts = vec![vec![0; 12]; 12];
    (counts[3][4], counts[5][5], counts[7][1], counts[8][2]) = (2, 9, 5, 2);
    let confusion = ConfusionMatrix {
        task: Task::Exercise,
        unit: Unit::Video,
        scope: Scope::HELD_OUT,
        classes,
        counts,
    };
    assert!(!fits(&confusion));
    insta::assert_snapshot!(mistakes(&confusion), @r"
    EXERCISE, the 3 most frequent mistakes of 3 kinds (the records have all)
    true         taken for  videos
    ──────────────────────────────
    exercise_7  exercise_1       5
    exercise_3  exercise_4       2
    exercise_8  exercise_2       2
    ");
}

#[test]
fn no_line_is_wider_than_the_paper() {
    let independence = Independence {
        n: 4,
        n_ungrouped: 3,
        n_seen_unknown: 4,
        n_training: 9,
        n_training_ungrouped: 9,
        ..Independence::default()
    };
    for n in [1, 2, 20] {
        let findings = Findings {
            held_out: evaluated(&persons(n)),
            independence: independence.clone(),
            ..Findings::default()
        };
        let text = report("m", &findings, &[], &Tally::default());
        assert!(
            text.contains("on videos that the model may have seen: "),
            "{text}"
        );
        for line in text.lines() {
            assert!(line.chars().count() <= usize::from(WIDTH), "{line}");
        }
    }
}

#[test]
fn names_of_files_cannot_drive_the_terminal() {
    let mut findings = Findings {
        held_out: evaluated(&persons(4)),
        ..Findings::default()
    };
    let mut slice = findings.held_out.scores()[0].clone();
    slice.key.scope = Scope::Part {
        field: "source_id".to_owned(),
        value: format!("\u{1b}[31m{}", "x".repeat(100)),
    };
    findings.leave_one_source_out = vec![slice.clone()];
    findings.slices = vec![slice];
    let text = report("a\u{1b}[2Jb\nc", &findings, &[], &Tally::default());
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    assert!(
        text.starts_with("Model a\\u{1b}[2Jb\\nc\non 8 videos"),
        "{text}"
    );
    for line in text.lines() {
        assert!(line.chars().count() <= usize::from(WIDTH), "{line}");
    }
}

#[test]
fn one_label_is_said_to_be_one() {
    let videos: Vec<_> = (0..20).map(|i| squat(i, 1, 1, 2000.0)).collect();
    let text = report_of(&videos, &Tally::default()).replace('\n', " ");
    assert!(text.contains("All videos are labelled good_form"), "{text}");
}

#[test]
fn the_words_say_what_the_figures_do_not() {
    let check = |predictions: &[Prediction], words: &[&str]| {
        let text = report_of(predictions, &Tally::default()).replace('\n', " ");
        for words in words {
            assert!(text.contains(words), "{words}: {text}");
        }
    };
    let all_right = |n| {
        (0..n)
            .map(|i| squat(i, i % 2, i % 2, 2000.0))
            .collect::<Vec<_>>()
    };
    check(
        &all_right(20),
        &[
            "is better than the best baseline (majority)",
            "No mistake was made; the interval says what may still come.",
        ],
    );
    let one: Vec<_> = (0..4).map(|i| squat(0, i % 2, i % 2, 2000.0)).collect();
    check(
        &one,
        &[
            "too few independent groups (effective: 1.0 with bad form; 10 are needed)",
            "there is no confidence interval",
            "1.00 [-]",
        ],
    );
    let chance: Vec<_> = (0..24)
        .map(|i| squat(i, i % 2, (i / 2) % 2, 2000.0))
        .collect();
    check(&chance, &["NOT shown to be better", "wide (more than 0.3)"]);
    // The lengths tell the labels, the model gets all wrong.
    let worse: Vec<_> = (0..24)
        .map(|i| squat(i, i % 2, 1 - i % 2, 900.0 + 3000.0 * (i % 2) as f64))
        .collect();
    check(&worse, &["WORSE than the best baseline (duration_only)"]);
}
