use std::path::PathBuf;

use super::words::in_words;
use super::*;
use crate::answers::tests::classes;
use crate::evaluation::tests::squat;

/// What is said of thirty persons' videos where those below `n_wrong` are judged wrong.
fn said(n_wrong: usize) -> Vec<Wire> {
    let answers = Answers::new(&classes());
    (0..30)
        .map(|person| {
            let truth = person % 2;
            let said = if person < n_wrong { 1 - truth } else { truth };
            squat(person, truth, said, 1000.0).record(&answers)
        })
        .collect()
}

fn compared(n_wrong: usize, n_wrong_of_champion: usize) -> Vec<Comparison> {
    let pair = same_videos([said(n_wrong), said(n_wrong_of_champion)]).expect("videos");
    let answers = answers_of(pair[0].iter().chain(&pair[1]));
    let [new, old] = pair.map(|wires| -> Vec<Prediction> {
        let wires = wires.into_iter();
        wires.map(|wire| prediction(wire, None, &answers)).collect()
    });
    differences(&new, &old, &answers, 0)
}

#[test]
fn differences_are_paired() {
    let comparisons = compared(2, 12);
    let main = comparisons
        .iter()
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
    assert!(words.starts_with("Neither is better"), "{words}");
}

#[test]
fn what_one_has_seen_is_refused() {
    let mut pair = [said(3), said(3)];
    pair[1][0].seen = true;
    let paths = [PathBuf::from("a"), PathBuf::from("b")];
    let error = refuse_seen(&pair, [&paths[0], &paths[1]]).expect_err("seen by one");
    assert!(
        error.to_string().contains("seen in training by one"),
        "{error}"
    );
    pair[0][0].seen = true;
    assert!(refuse_seen(&pair, [&paths[0], &paths[1]]).is_ok());
    let [new, _] = same_videos(pair).expect("videos");
    assert_eq!(new.len(), 29, "what both have seen is not compared on");
}

#[test]
fn other_labels_mean_other_data() {
    let mut pair = [said(0), said(0)];
    pair[0][4].label = Some("unclear".into());
    let error = same_videos(pair).expect_err("another label").to_string();
    assert!(error.contains("disagree on the label"), "{error}");
}
