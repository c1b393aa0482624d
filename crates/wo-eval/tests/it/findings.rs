//! What an evaluation finds beyond figures: gates, comparisons, a page, and what it refuses.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wo_testkit::{Run, stream, tempdir};

use crate::model::{video, write_model};
use crate::tool;

/// Writes predictions of forty persons with a good and a bad squat each; of every `n`-th video the label is missed.
fn predictions(folder: &Path, name: &str, n: usize) -> PathBuf {
    let lines: Vec<String> = (0..80)
        .map(|i| {
            let truth = ["good_form", "bad_form"][i % 2];
            let good = if (i % 2 == 0) == (i % n != 0) {
                0.9
            } else {
                0.1
            };
            json!({"type": "prediction", "video_id": format!("v{i}"), "path": format!("v{i}.mp4"),
                "group": format!("person:{}", i / 2), "exercise": "squat", "label": truth,
                "labels": {"good_form": good, "bad_form": 1.0 - good}})
            .to_string()
        })
        .collect();
    let path = folder.join(name);
    std::fs::write(&path, stream(&lines)).expect("write predictions");
    path
}

fn of_type(run: &Run, kind: &str) -> Vec<Value> {
    let lines = run.lines().into_iter();
    let records = lines.map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    records.filter(|record| record["type"] == kind).collect()
}

#[test]
fn predictions_are_evaluated_without_a_model() {
    let folder = tempdir().unwrap();
    let said = predictions(folder.path(), "said.ndjson", 10);
    let page = folder.path().join("report.html");
    let run = tool()
        .arg("--json")
        .arg("--predictions")
        .arg(&said)
        .arg("--report")
        .arg(&page)
        .args(["--fail-under", "balanced_accuracy>=0.8, accuracy.low>=0.99"])
        .run();
    assert_eq!(run.status, 1, "{}", run.stderr);
    let gate = &of_type(&run, "gate")[0];
    let passed: Vec<bool> = gate["terms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|term| term["passed"].as_bool().unwrap())
        .collect();
    assert_eq!(passed, [true, false], "{gate}");
    let suspects = of_type(&run, "suspect");
    assert!(
        !suspects.is_empty() && suspects.iter().all(|it| it["reason"] == "label"),
        "{suspects:?}"
    );
    let calibration = &of_type(&run, "calibration")[0];
    assert!(
        calibration["error"].as_f64().unwrap() < 0.05,
        "{calibration}"
    );
    let html = std::fs::read_to_string(page).unwrap();
    assert!(html.contains("<!DOCTYPE html>") && !html.contains("http://"));
}

#[test]
fn two_are_compared_on_the_same_videos() {
    let folder = tempdir().unwrap();
    let new = predictions(folder.path(), "new.ndjson", 20);
    let old = predictions(folder.path(), "old.ndjson", 4);
    let compare = |first: &Path, second: &Path| {
        tool()
            .args(["compare", "--json", "--gate", "balanced_accuracy>=champion"])
            .arg(first)
            .arg(second)
            .run()
    };
    let better = compare(&new, &old);
    assert_eq!(better.status, 0, "{}", better.stderr);
    let main = of_type(&better, "comparison")
        .into_iter()
        .find(|it| it["name"] == "balanced_accuracy" && it["scope"] == "all")
        .unwrap();
    assert!(main["low"].as_f64().unwrap() > 0.0, "{main}");
    let worse = compare(&old, &new);
    assert_eq!(worse.status, 1, "{}", worse.stderr);
    assert_eq!(of_type(&worse, "gate")[0]["passed"], false);
}

#[test]
fn a_champion_needs_a_comparison() {
    let run = tool().args(["--fail-under", "accuracy>=champion"]).run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("wo-eval compare"), "{}", run.stderr);
    let run = tool().args(["--fail-under", "accuracy=1"]).run();
    assert_eq!(run.status, 2);
}

#[test]
fn a_new_video_of_a_trained_person_is_refused_and_the_rest_is_scored() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let labelled =
        |person: &str| json!({"exercise": "squat", "label": "good_form", "person_id": person});
    let lines = [
        video(folder.path(), "k0", &labelled("known")),
        video(folder.path(), "a0", &labelled("anna")),
    ]
    .concat();
    let run = tool()
        .arg("--json")
        .arg("--model")
        .arg(&model)
        .stdin(stream(&lines))
        .run();
    assert_eq!(run.status, 6, "{}", run.stderr);
    assert_eq!(of_type(&run, "error")[0]["code"], "seen_group");
    let verdicts = of_type(&run, "verdict");
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0]["video_id"], "a0");
    assert_eq!(of_type(&run, "end").len(), 1, "what was scored is whole");
}

#[test]
fn predictions_of_seen_videos_are_left_out_and_said_to_be() {
    let folder = tempdir().unwrap();
    let said = predictions(folder.path(), "said.ndjson", 10);
    let text = std::fs::read_to_string(&said).unwrap();
    let seen = text.replace(r#""video_id":"v7""#, r#""video_id":"v7","seen":true"#);
    assert_ne!(seen, text);
    std::fs::write(&said, seen).unwrap();
    let table = |flags: &[&str]| {
        let run = tool().args(flags).arg("--predictions").arg(&said).run();
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stdout
    };
    let without = table(&["--table"]);
    assert!(without.contains("on 79 videos of 40 groups"), "{without}");
    assert!(without.contains("1 video left out"), "{without}");
    let with = table(&["--table", "--allow-seen"]);
    assert!(with.contains("SEEN VIDEOS: 1 video"), "{with}");
}

#[test]
fn what_to_film_next_and_other_words_are_asked_for() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let labelled = |person: &str, label: &str| json!({"exercise": "squat", "label": label, "person_id": person, "angle": "side"});
    let lines = [
        video(folder.path(), "a0", &labelled("anna", "good_form")),
        video(folder.path(), "a1", &labelled("anna", "bad_form")),
        video(folder.path(), "b0", &labelled("ben", "good_form")),
    ]
    .concat();
    let run = tool()
        .args(["--json", "--next", "--robustness", "--model"])
        .arg(&model)
        .stdin(stream(&lines))
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let shots = of_type(&run, "shot");
    let kinds: Vec<_> = shots
        .iter()
        .map(|it| (it["label"].as_str().unwrap(), it["n_videos"].as_u64()))
        .collect();
    assert_eq!(kinds, [("bad_form", Some(1)), ("good_form", Some(1))]);
    assert!(shots.iter().all(|it| it["gain"].is_null()), "no curve");
    let words: Vec<String> = of_type(&run, "score")
        .iter()
        .filter_map(|it| Some(it["scope"].as_str()?.strip_prefix("words=")?.to_owned()))
        .collect();
    assert_eq!(words.len(), 4, "{words:?}");
    assert_eq!(words[0], "a photo of {}");
}

#[test]
fn a_long_video_is_judged_as_its_frames_are() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let labelled = |label: &str| json!({"exercise": "squat", "label": label, "person_id": "anna"});
    // The same three pictures, once and twenty times: too many to be held at once.
    let judged = |n_times: u64| {
        let mut lines = Vec::new();
        for (id, label) in [("a0", "good_form"), ("a1", "bad_form")] {
            let short = video(folder.path(), id, &labelled(label));
            lines.push(short[0].clone());
            for index in 0..3 * n_times {
                let mut frame: Value =
                    serde_json::from_str(&short[1 + index as usize % 3]).unwrap();
                frame["index"] = json!(index);
                lines.push(frame.to_string());
            }
        }
        let report = folder.path().join("report.html");
        let run = tool()
            .args(["--json", "--robustness", "-j", "1", "--model"])
            .arg(&model)
            .arg("--report")
            .arg(&report)
            .stdin(stream(&lines))
            .run();
        assert_eq!(run.status, 0, "{}", run.stderr);
        run
    };
    let (short, long) = (judged(1), judged(20));
    let probabilities = |run: &Run| -> Vec<f64> {
        let verdicts = of_type(run, "verdict");
        let probability = |it: &Value| it["probability"].as_f64().unwrap();
        verdicts.iter().map(probability).collect()
    };
    assert_eq!(of_type(&long, "verdict")[0]["n_frames"], 60);
    for (short, long) in probabilities(&short).iter().zip(probabilities(&long)) {
        assert!((short - long).abs() < 1e-6, "{short} {long}");
    }
    let after_changes = |run: &Run| -> Vec<(Value, Value)> {
        let scores = of_type(run, "score");
        let is_of_change = |it: &&Value| it["scope"].as_str().is_some_and(|it| it.contains('='));
        let of_change = |it: &Value| (it["scope"].clone(), it["value"].clone());
        scores.iter().filter(is_of_change).map(of_change).collect()
    };
    assert!(after_changes(&long).len() > 10);
    assert_eq!(after_changes(&short), after_changes(&long));
}
