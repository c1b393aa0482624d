use wo_record::Independence;

use super::*;
use crate::compare::difference::Difference;
use crate::fixtures::{classes, squat};
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::GroundTruth;
use crate::render::sentences::comparison::in_words;
use crate::score::key::{MetricName, Scope, ScoreKey, Whole};

/// What is said of thirty persons' videos where those below `n_wrong` are judged wrong.
fn predicted(n_wrong: usize) -> Vec<Prediction> {
    let space = LabelSpace::new(&classes());
    (0..30)
        .map(|person| {
            let truth = person % 2;
            let predicted = if person < n_wrong { 1 - truth } else { truth };
            squat(person, truth, predicted, 1000.0).among(&space, &space)
        })
        .collect()
}

fn compared(n_wrong: usize, n_wrong_of_champion: usize) -> Vec<Difference> {
    let pair = [predicted(n_wrong), predicted(n_wrong_of_champion)];
    let [new, old] = same_videos(pair).expect("videos").sides;
    differences(&new, &old, &LabelSpace::new(&classes()), Bootstrap::new(0))
}

#[test]
fn differences_are_paired() {
    let comparisons = compared(2, 12);
    let main = comparisons
        .iter()
        .map(|it| &it.record)
        .find(|it| it.name == "accuracy")
        .expect("accuracy");
    assert!((main.difference.expect("a difference") - 10.0 / 30.0).abs() < 1e-9);
    assert_eq!(
        (main.only_candidate_right, main.only_champion_right),
        (Some(10), Some(0))
    );
    assert!(main.p_value.expect("a test") < 0.01 && main.low.expect("an interval") > 0.0);
    let words = in_words(&comparisons).expect("words");
    assert!(words.starts_with("The candidate is better."), "{words}");
}

#[test]
fn a_draw_is_a_draw() {
    let words = in_words(&compared(5, 5)).expect("words");
    assert!(
        words.starts_with("Neither is significantly better"),
        "{words}"
    );
}

#[test]
fn what_one_has_seen_is_refused() {
    let mut pair = [predicted(3), predicted(3)];
    pair[1][0].seen = true;
    let paths = [PathBuf::from("a"), PathBuf::from("b")];
    let error = reject_seen(&pair, [&paths[0], &paths[1]]).expect_err("seen by one");
    assert!(
        error.to_string().contains("seen in training by one"),
        "{error}"
    );
    pair[0][0].seen = true;
    assert!(reject_seen(&pair, [&paths[0], &paths[1]]).is_ok());
    let [new, _] = same_videos(pair).expect("videos").sides;
    assert_eq!(new.len(), 29, "what both have seen is not compared on");
}

#[test]
fn other_labels_mean_other_data() {
    let mut pair = [predicted(0), predicted(0)];
    pair[0][4].ground_truth = GroundTruth::Scored {
        label: 1,
        exercise: Some(1),
    };
    let error = same_videos(pair).expect_err("another label").to_string();
    assert!(error.contains("disagree on the label"), "{error}");
}

#[test]
fn two_groups_have_no_winner() {
    let mut comparisons = compared(2, 12);
    for it in &mut comparisons {
        it.record.effective_groups = Some(2.71);
    }
    let words = in_words(&comparisons).expect("words");
    assert!(
        words.starts_with("Too few independent groups to say which is better: 2.7 effective"),
        "{words}"
    );
    assert!(!words.contains("detected"), "{words}");
}

#[test]
fn the_table_fits_and_says_what_each_line_is() {
    let mut comparisons = compared(2, 12);
    let mut row = comparisons[0].clone();
    row.key = ScoreKey {
        scope: Scope::Exercise(Whole::HeldOut, "single_leg_deadlift".into()),
        ..ScoreKey::of_labels(MetricName::BalancedAccuracy)
    };
    let record = &mut row.record;
    (record.difference, record.low, record.high, record.p_value) = (None, None, None, None);
    comparisons.push(row);
    let long = PathBuf::from(format!("models/{}/\u{1b}[31mred", "long/".repeat(30)));
    let text = comparison_table([&long, &long], &comparisons, None, &Independence::default());
    insta::assert_snapshot!(text, @r"
    candidate  models/long/long/long/long/long/long/long/long/long/long/long/long/lo
               ng/long/long/long/long/long/long/long/long/long/long/long/long/long/l
               ong/long/long/long//\u{1b}[31mred
    champion   models/long/long/long/long/long/long/long/long/long/long/long/long/lo
               ng/long/long/long/long/long/long/long/long/long/long/long/long/long/l
               ong/long/long/long//\u{1b}[31mred
    30 videos of 30 groups, held out for both

    FORM, per video
                         candidate  champion     difference [95 %]     ±  McNemar p
    ───────────────────────────────────────────────────────────────────────────────
    accuracy                  0.93      0.60  +0.33 [+0.12, +0.50]  0.27      0.002
    balanced accuracy         0.93      0.60  +0.33 [+0.11, +0.51]  0.28          -
    recall of bad_form        0.93      0.60  +0.33 [+0.02, +0.58]  0.40      0.062
    recall of good_form       0.93      0.60  +0.33 [+0.02, +0.58]  0.40      0.062

    FORM by exercise, balanced accuracy per video
                         candidate  champion  difference [95 %]     ±  McNemar p
    ────────────────────────────────────────────────────────────────────────────
    single_leg_deadlift       0.93      0.60                  -  0.27          -

    EXERCISE, per video
                       candidate  champion     difference [95 %]     ±  McNemar p
    ─────────────────────────────────────────────────────────────────────────────
    accuracy                0.00      0.00  +0.00 [-0.03, +0.03]  0.05      1.000
    balanced accuracy       0.00      0.00  +0.00 [-0.03, +0.03]  0.05          -
    recall of row              -         -                     -     -          -
    recall of squat         0.00      0.00  +0.00 [-0.03, +0.03]  0.05      1.000

    The candidate is better. With so many groups, a difference of 0.28 is detected
    in four of five evaluations.
    ± is the difference that so many groups detect in four of five evaluations.
    McNemar p: how likely so uneven a split of mistakes is if neither is better,
    taking videos as independent. - is undefined.
    ");
    assert!(text.lines().all(|it| it.chars().count() <= 80), "{text}");
}
