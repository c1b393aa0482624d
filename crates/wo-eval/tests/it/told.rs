//! What people say of videos that are scored is in force, or is named with what to do.

use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::{Run, stream, tempdir};

use crate::model::write_model;
use crate::tool;
use crate::written::{OF_OTHERS, OF_STRANGERS, looking_like};

fn eval(model: &Path, lines: &[String]) -> Run {
    let input = stream(lines);
    tool()
        .arg("--json")
        .arg("--model")
        .arg(model)
        .stdin(input)
        .run()
}

fn of_type(run: &Run, kind: &str) -> Vec<Value> {
    let all = run
        .stdout
        .lines()
        .map(|it| serde_json::from_str::<Value>(it).expect("JSON"));
    all.filter(|it| it["type"] == kind).collect()
}

fn with_label(line: &str, label: &str) -> String {
    let mut record: Value = serde_json::from_str(line).expect("a record");
    record["label"] = json!(label);
    record.to_string()
}

fn said(run: &Run, words: &[&str]) {
    for word in words {
        assert!(
            run.stderr.contains(word),
            "{word} is missing in\n{}",
            run.stderr
        );
    }
}

/// How many videos of how many groups are scored.
fn scored(run: &Run) -> Option<(u64, u64)> {
    let scores = of_type(run, "score");
    let score = scores.iter().find(|it| {
        it["task"] == "label"
            && it["unit"] == "video"
            && it["scope"] == "all"
            && it["name"] == "accuracy"
    })?;
    Some((score["n"].as_u64()?, score["n_groups"].as_u64()?))
}

#[test]
fn videos_that_look_alike_count_as_one_group() {
    let folder = tempdir().expect("a folder");
    let model = write_model(folder.path());
    let lines = [
        looking_like(folder.path(), "a0", "anna", OF_OTHERS),
        looking_like(folder.path(), "b0", "ben", OF_OTHERS),
        looking_like(folder.path(), "c1", "clara", OF_STRANGERS),
    ]
    .concat();
    let run = eval(&model, &lines);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(scored(&run), Some((3, 2)));
    said(
        &run,
        &["1 pair of near-duplicate videos counts as one group: b0.mp4 like a0.mp4"],
    );
    let groups: Vec<Value> = of_type(&run, "prediction")
        .iter()
        .map(|it| it["group"].clone())
        .collect();
    assert_eq!(groups, ["person:anna", "person:anna", "person:clara"]);
}

#[test]
fn one_video_under_two_labels_is_not_scored_and_named_last() {
    let folder = tempdir().expect("a folder");
    let model = write_model(folder.path());
    let strange = looking_like(folder.path(), "c1", "clara", OF_STRANGERS);
    // The same pictures in other bytes, and the same bytes.
    let near = [
        looking_like(folder.path(), "a0", "anna", OF_OTHERS),
        looking_like(folder.path(), "b1", "ben", OF_OTHERS),
    ]
    .concat();
    let mut again = near[..4].to_vec();
    again[0] = with_label(&again[0], "bad_form").replace("a0.mp4", "b1.mp4");
    let same = [near[..4].to_vec(), again].concat();
    for (lines, words) in [
        (near, "shows the same images as"),
        (same, "is the same video as"),
    ] {
        let run = eval(&model, &[lines, strange.clone()].concat());
        assert_eq!(run.status, 3, "{}", run.stderr);
        assert_eq!(scored(&run), Some((1, 1)), "{}", run.stderr);
        let errors = of_type(&run, "error");
        let named: Vec<_> = errors
            .iter()
            .map(|it| (it["code"].clone(), it["path"].clone()))
            .collect();
        assert_eq!(
            named,
            [
                (json!("label_conflict"), json!("a0.mp4")),
                (json!("label_conflict"), json!("b1.mp4"))
            ]
        );
        let last: Vec<&str> = run.stderr.trim_end().lines().rev().take(4).collect();
        assert!(
            last[0].starts_with("hint: remove one of the two videos"),
            "{last:?}"
        );
        assert!(
            last[2].contains("a0.mp4: ") && last[2].contains(words),
            "{last:?}"
        );
        assert_eq!(
            last[3],
            "wo-eval: 2 inputs failed, and the run went on without:"
        );
        assert_eq!(of_type(&run, "prediction").len(), 1);
    }
}

#[test]
fn a_video_counts_with_most_of_its_frames() {
    let folder = tempdir().expect("a folder");
    let model = write_model(folder.path());
    let mut mixed = looking_like(folder.path(), "a0", "anna", OF_OTHERS);
    mixed[3] = with_label(&mixed[3], "bad_form");
    let mut tied = looking_like(folder.path(), "b1", "ben", OF_STRANGERS);
    tied[1] = with_label(&tied[1], "good_form");
    tied.pop();
    let run = eval(&model, &[mixed, tied].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    said(
        &run,
        &[
            "1 frame of 1 video has another label than most frames of the video; the majority counts: a0.mp4.",
            "1 video judged but not scored, since their frames' labels are tied: b1.mp4 (bad_form and good_form).",
        ],
    );
    let truths: Vec<Value> = of_type(&run, "verdict")
        .iter()
        .map(|it| it["true_label"].clone())
        .collect();
    assert_eq!(truths, [json!("good_form"), Value::Null]);
    assert_eq!(scored(&run), Some((1, 1)));
}
