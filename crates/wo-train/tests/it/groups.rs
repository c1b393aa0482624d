//! What stays on one side of a split, and what is said where nobody knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::{Run, stream, tempdir};

use crate::{SMALL, tool, video};

/// `n` persons with a good and a bad video each, in gyms that `gym_of` numbers; without a number nobody knows the gym.
fn lifters(n: u8, gym_of: impl Fn(u8) -> Option<u8>) -> Vec<String> {
    let of_video = |number: u8| {
        let label = ["good_form", "bad_form"][usize::from(number % 2)];
        let mut lines = video(number, &format!("p{}", number / 2), label);
        let mut record: Value = serde_json::from_str(&lines[0]).expect("a record");
        record["source_id"] = json!(gym_of(number / 2).map(|gym| format!("gym {gym}")));
        lines[0] = record.to_string();
        lines
    };
    (0..2 * n).flat_map(of_video).collect()
}

fn train(output: &Path, lines: &[String], more: &[&str]) -> Run {
    let flags = ["--epochs", "1", "--validation", "0.34", "--test", "0.3"];
    let run = tool().args(SMALL).args(flags).arg("--output").arg(output);
    run.args(more).stdin(stream(lines)).run()
}

fn manifest(model: &Path) -> Value {
    let text = fs::read(model.join("wo.json")).expect("a model");
    serde_json::from_slice(&text).expect("JSON")
}

/// How many splits each gym is in, at most.
fn most_splits_of_a_gym(manifest: &Value) -> usize {
    let videos = manifest["videos"].as_array().expect("a list");
    let places: BTreeSet<(String, String)> = videos
        .iter()
        .map(|it| (it["keys"][1].to_string(), it["split"].to_string()))
        .collect();
    let gyms: BTreeSet<&String> = places.iter().map(|(gym, _)| gym).collect();
    let n_splits = |gym: &String| places.iter().filter(|(it, _)| it == gym).count();
    gyms.into_iter().map(n_splits).max().expect("gyms")
}

#[test]
fn no_gym_is_on_two_sides_unless_asked() {
    let folder = tempdir().expect("a folder");
    let lines = lifters(24, |person| Some(person % 8));
    let (both, person) = (folder.path().join("both"), folder.path().join("person"));
    let run = train(&both, &lines, &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let line = "\n24 groups by person, 8 by source, 8 by both; used: both\n";
    assert!(run.stderr.contains(line), "{}", run.stderr);
    let known = manifest(&both);
    assert_eq!(
        (most_splits_of_a_gym(&known), &known["group_by"]),
        (1, &json!("both"))
    );
    let video = &known["videos"][3];
    assert_eq!(video["keys"], json!(["person:p1", "source:gym1"]));
    assert_eq!(video["group"], "person:p1");

    let run = train(&person, &lines, &["--group-by", "person"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("8 by both; used: person\n"),
        "{}",
        run.stderr
    );
    let known = manifest(&person);
    assert!(most_splits_of_a_gym(&known) > 1);
    assert_eq!(known["group_by"], "person");
}

#[test]
fn one_gym_is_too_little_and_the_hint_works() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("m");
    let lines = lifters(20, |_| Some(0));
    let refused = train(&model, &lines, &[]);
    assert_eq!(refused.status, 6, "{}", refused.stderr);
    for words in [
        "40 videos of 1 group cannot be split into 3 parts",
        "hint: the videos are 20 groups by person, 1 by source, 1 by both; --group-by person joins fewer, but then metrics hold \
         for new people in sources of the training data, and not for new sources",
    ] {
        assert!(
            refused.stderr.contains(words),
            "{words}: {}",
            refused.stderr
        );
    }
    let folds = ["--folds", "5", "--validation", "0", "--test", "0"];
    let refused = train(&model, &lines, &folds);
    assert_eq!(refused.status, 6, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("--group-by person joins fewer"),
        "{}",
        refused.stderr
    );
    let run = train(&model, &lines, &["--group-by", "person", "--dry-run"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("20 groups by person, 1 by source"),
        "{}",
        run.stderr
    );
}

#[test]
fn who_is_unknown_is_said_before_training() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("m");
    let nobody = |lines: Vec<String>, is_unknown: fn(&Value) -> bool| -> Vec<String> {
        let forget = |line: String| {
            let mut record: Value = serde_json::from_str(&line).expect("a record");
            if record["type"] == "video" && is_unknown(&record) {
                record.as_object_mut().expect("fields").remove("person_id");
            }
            record.to_string()
        };
        lines.into_iter().map(forget).collect()
    };
    let all = nobody(lifters(8, |_| None), |_| true);
    let run = train(&model, &all, &["--dry-run"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for words in [
        "no video has a person or a source, so each counts as a group of its own",
        "hint: write groups.csv beside the videos, with a first line path,person_id,source_id",
        "16 of 16 videos without person and source\n",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let some = nobody(lifters(8, |_| None), |it| it["video_id"] == "video3");
    let run = train(&model, &some, &["--dry-run"]);
    let words = "1 of 16 videos has neither person nor source and counts as a group of its own";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    assert!(
        run.stderr.contains(": video3.mp4\nhint: "),
        "{}",
        run.stderr
    );
    let known = train(&model, &lifters(8, |_| None), &["--dry-run"]);
    assert!(!known.stderr.contains("groups.csv"), "{}", known.stderr);
}

#[test]
fn predictions_of_folds_say_which_gyms_their_models_know() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("m");
    let lines = lifters(12, |person| Some(person % 6));
    let predictions = |by: &str| -> Vec<Value> {
        let flags = [
            "--folds",
            "2",
            "--validation",
            "0",
            "--test",
            "0",
            "--method",
            "probe",
        ];
        let run = train(&model, &lines, &[&flags[..], &["--group-by", by]].concat());
        assert_eq!(run.status, 0, "{}", run.stderr);
        let text = fs::read_to_string(model.join("out_of_fold.ndjson")).expect("beside the model");
        crate::records(&text, "prediction")
    };
    let by_both = predictions("both");
    assert_eq!(by_both.len(), 24);
    for it in &by_both {
        assert_eq!((&it["seen"], it.get("seen_keys")), (&json!(false), None));
        assert_eq!(it["keys"].as_array().map(Vec::len), Some(2));
    }
    let by_person = predictions("person");
    assert!(
        by_person
            .iter()
            .all(|it| it["joining"].as_array().map(Vec::len) == Some(1))
    );
    let n_in_known_gyms = by_person
        .iter()
        .filter(|it| it["seen_keys"][0].is_string())
        .count();
    assert!(n_in_known_gyms > 0, "{by_person:?}");
}
