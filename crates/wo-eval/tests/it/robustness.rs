//! Changed images, other words, and what to film next.

use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::{Run, stream, tempdir};

use crate::model::{video, write_model};
use crate::tool;
use crate::written::of_type;

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
    // Without good and bad the captions of this model are all the same, so nothing is said of that wording but why.
    assert_eq!(words.len(), 3, "{words:?}");
    assert_eq!(words[0], "a photo of {}");
    let why = "the wording \"{} without good or bad\" is skipped: it gives squat/good_form and squat/bad_form+knees_cave the same caption";
    assert!(run.stderr.contains(why), "{}", run.stderr);
}

/// Gives the classes of a model other captions.
fn call_classes(model: &Path, prompts: [&str; 4]) {
    let path = model.join("wo.json");
    let text = std::fs::read_to_string(&path).expect("the model has one");
    let mut manifest: Value = serde_json::from_str(&text).expect("JSON");
    manifest["prompts"] = prompts.iter().map(|prompt| json!([prompt])).collect();
    std::fs::write(&path, manifest.to_string()).expect("write it");
}

#[test]
fn captions_that_the_model_does_not_read_to_the_end_are_named() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let labelled = json!({"exercise": "squat", "label": "good_form", "person_id": "anna"});
    let evaluate = || {
        let run = tool()
            .args(["--json", "--robustness", "--model"])
            .arg(&model)
            .stdin(stream(&video(folder.path(), "a0", &labelled)))
            .run();
        assert_eq!(run.status, 0, "{}", run.stderr);
        let scores = of_type(&run, "score").into_iter();
        let scopes = scores.filter(|it| {
            it["scope"]
                .as_str()
                .is_some_and(|it| it.starts_with("words="))
        });
        (scopes.count(), run.stderr)
    };
    call_classes(
        &model,
        [
            "squat good form, knees out",
            "squat bad form, knees in",
            "row, flat back",
            "row, round back",
        ],
    );
    let (n_wordings, stderr) = evaluate();
    assert_eq!(n_wordings, 4, "{stderr}");
    assert!(!stderr.contains("the wording"), "{stderr}");
    // 75 letters of one token each fit; with more words before them their ends are cut off, where they differ.
    let letters = "7 ".repeat(74);
    let long = ["a", "b", "c", "d"].map(|end| format!("{letters}{end}"));
    call_classes(&model, [&long[0], &long[1], &long[2], &long[3]]);
    let (n_wordings, stderr) = evaluate();
    assert_eq!(n_wordings, 1, "{stderr}");
    for words in ["a photo of {}", "a video of a person: {}", "in the gym, {}"] {
        assert!(
            stderr.contains(&format!("the wording \"{words}\" is skipped")),
            "{words}: {stderr}"
        );
    }
    assert!(!stderr.contains("cannot separate it from"), "{stderr}");
    call_classes(
        &model,
        ["a squat", "A  squat", "row, flat back", "row, round back"],
    );
    let (_, stderr) = evaluate();
    let equal = "the model reads no caption that belongs to squat/good_form alone, so it cannot separate it from squat/bad_form+knees_cave";
    assert!(stderr.contains(equal), "{stderr}");
    assert!(stderr.contains("hint: train again"), "{stderr}");
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
