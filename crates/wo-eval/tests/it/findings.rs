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

/// Predictions evaluated without a model.
fn evaluated(said: &Path, flags: &[&str]) -> Run {
    let tool = tool().args(flags).args(["--json", "--predictions"]);
    tool.arg(said).run()
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

/// Gives the model, as it names the videos of its training, the pictures of one of them.
fn name_pictures(model: &Path, hashes: &[&str]) {
    let path = model.join("wo.json");
    let text = std::fs::read_to_string(&path).expect("read the manifest");
    let mut manifest: Value = serde_json::from_str(&text).expect("a manifest");
    manifest["videos"][1]["hashes"] = json!(hashes);
    std::fs::write(&path, manifest.to_string()).expect("write the manifest");
}

/// A video whose frames have these hashes.
pub(crate) fn looking_like(
    folder: &Path,
    id: &str,
    person: &str,
    hashes: [&str; 3],
) -> Vec<String> {
    let label = if id.ends_with('0') {
        "good_form"
    } else {
        "bad_form"
    };
    let fields = json!({"exercise": "squat", "label": label, "person_id": person});
    let mut lines = video(folder, id, &fields);
    for (line, hash) in lines.iter_mut().skip(1).zip(hashes) {
        let mut frame: Value = serde_json::from_str(line).expect("a frame");
        frame["quality"] = json!({"sharpness": 100.0, "brightness": 0.5, "contrast": 0.2, "perceptual_hash": hash});
        *line = frame.to_string();
    }
    lines
}

const OF_TRAINING: [&str; 3] = ["00ff00ff00ff00ff", "0f0f0f0f0f0f0f0f", "3333333333333333"];
pub(crate) const OF_OTHERS: [&str; 3] =
    ["ff00ff00ff00ff00", "f0f0f0f0f0f0f0f0", "cccccccccccccccc"];
pub(crate) const OF_STRANGERS: [&str; 3] =
    ["0ff00ff00ff00ff0", "3c3c3c3c3c3c3c3c", "a5a5a5a5a5a5a5a5"];

#[test]
fn what_was_trained_on_is_known_under_another_name() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    name_pictures(&model, &OF_TRAINING);
    // Coded again: a bit or two of each hash differ.
    let coded_again = ["00ff00ff00ff00fe", "0f0f0f0f0f0f0f1d", "3333333333333333"];
    let lines = [
        looking_like(folder.path(), "copy0", "stranger", coded_again),
        looking_like(folder.path(), "a0", "anna", OF_OTHERS),
        looking_like(folder.path(), "b1", "ben", OF_STRANGERS),
    ]
    .concat();
    let run = |flags: &[&str]| {
        tool()
            .args(flags)
            .args(["--json", "--model"])
            .arg(&model)
            .stdin(stream(&lines))
            .run()
    };
    let refused = run(&[]);
    assert_eq!(refused.status, 6, "{}", refused.stderr);
    let error = &of_type(&refused, "error")[0];
    assert_eq!(error["code"], "near_duplicate");
    assert_eq!(error["video_id"], "copy0");
    assert!(
        error["what"].as_str().unwrap().contains("those of t1,"),
        "{error}"
    );
    let ids: Vec<Value> = of_type(&refused, "verdict")
        .iter()
        .map(|it| it["video_id"].clone())
        .collect();
    assert_eq!(ids, ["a0", "b1"]);
    let suspects = of_type(&refused, "suspect");
    assert_eq!(suspects.len(), 1, "{suspects:?}");
    assert_eq!(
        (&suspects[0]["video_id"], &suspects[0]["alike"]),
        (&json!("copy0"), &json!("t1"))
    );

    let apart = run(&["--allow-seen"]);
    assert_eq!(apart.status, 0, "{}", apart.stderr);
    let seen: Vec<Value> = of_type(&apart, "verdict")
        .iter()
        .map(|it| it["seen"].clone())
        .collect();
    assert_eq!(seen, [true, false, false]);
    let n = |scope: &str| {
        let is_it = |it: &&Value| it["scope"] == scope && it["name"] == "accuracy";
        let scores = of_type(&apart, "score");
        scores.iter().find(is_it).map(|it| it["n"].clone())
    };
    assert_eq!((n("all"), n("seen")), (Some(json!(2)), Some(json!(1))));
    assert!(
        apart
            .stderr
            .contains("copy0.mp4: most of its frames are those of t1")
    );
}

#[test]
fn copies_of_training_videos_are_not_compared_on() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    name_pictures(&model, &OF_TRAINING);
    let lines = [
        looking_like(folder.path(), "copy0", "stranger", OF_TRAINING),
        looking_like(folder.path(), "a0", "anna", OF_OTHERS),
        looking_like(folder.path(), "b1", "ben", OF_STRANGERS),
    ]
    .concat();
    let run = tool()
        .args(["compare", "--json"])
        .args([&model, &model])
        .stdin(stream(&lines))
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(of_type(&run, "comparison")[0]["n"], 2);
    assert!(
        run.stderr
            .contains("1 video excluded: both models were trained"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_cannot_be_read_is_told_once_by_a_comparison_too() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let labelled =
        |person: &str| json!({"exercise": "squat", "label": "good_form", "person_id": person});
    let mut lines = [
        video(folder.path(), "a0", &labelled("anna")),
        video(folder.path(), "b0", &labelled("ben")),
    ]
    .concat();
    lines.push("oops".to_owned());
    for index in 0..3 {
        std::fs::remove_file(folder.path().join(format!("b0_{index}.png"))).unwrap();
    }
    let run = tool()
        .args(["compare", "--json", "--on-error", "skip"])
        .args([&model, &model])
        .stdin(stream(&lines))
        .run();
    assert_eq!(run.status, 3, "{}", run.stderr);
    let errors = of_type(&run, "error");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(
        (&errors[0]["code"], &errors[0]["video_id"]),
        (&json!("bad_image"), &json!("b0"))
    );
    assert_eq!(
        run.stderr
            .matches("wo-eval: b0.mp4: no frame loads")
            .count(),
        1,
        "{}",
        run.stderr
    );
}

#[test]
fn predictions_are_told_from_models_by_what_is_in_them() {
    let folder = tempdir().unwrap();
    let new = predictions(folder.path(), "new.nd", 20);
    let old = predictions(folder.path(), "old", 4);
    let run = tool().args(["compare", "--json"]).args([&new, &old]).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(of_type(&run, "comparison")[0]["n"], 80);
}

#[test]
fn bad_predictions_are_skipped_on_demand() {
    let folder = tempdir().unwrap();
    let said = predictions(folder.path(), "said.ndjson", 10);
    let text = std::fs::read_to_string(&said).unwrap();
    let no_probability = text.replacen("0.9", "9.9", 1);
    assert_ne!(no_probability, text);
    std::fs::write(&said, no_probability.replacen('\n', "\noops\n", 1)).unwrap();
    let run = |flags: &[&str]| evaluated(&said, flags);
    assert_eq!(run(&[]).status, 6);
    let skipped = run(&["--on-error", "skip"]);
    assert_eq!(skipped.status, 3, "{}", skipped.stderr);
    let codes: Vec<Value> = of_type(&skipped, "error")
        .iter()
        .map(|it| it["code"].clone())
        .collect();
    assert_eq!(codes, ["bad_line", "bad_line"]);
    assert_eq!(of_type(&skipped, "selection")[0]["n"], 79);
    let compared = tool()
        .args(["compare", "--json", "--on-error", "skip"])
        .args([&said, &said])
        .run();
    assert_eq!(compared.status, 3, "{}", compared.stderr);
}

#[test]
fn what_is_asked_for_by_name_is_there_or_it_is_said_why() {
    let folder = tempdir().unwrap();
    let said = predictions(folder.path(), "said.ndjson", 10);
    let run = tool()
        .args([
            "--json",
            "--audit",
            "--next",
            "--slice-by",
            "ghost,exercise",
            "--predictions",
        ])
        .arg(&said)
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    for expected in [
        "no shortcut audit: the videos have no field that a probe uses",
        "no hints what to film next: the training videos are unknown",
        "no video has the field ghost; they have exercise",
        "no slices by exercise: it is squat wherever it is known",
    ] {
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
    }
    let silent = evaluated(&said, &[]);
    assert_eq!((silent.status, silent.stderr.as_str()), (0, ""));
}

#[test]
fn predictions_of_seen_videos_alone_are_no_evaluation() {
    let folder = tempdir().unwrap();
    let said = predictions(folder.path(), "said.ndjson", 10);
    let text = std::fs::read_to_string(&said).unwrap();
    std::fs::write(
        &said,
        text.replace(
            r#""type":"prediction""#,
            r#""type":"prediction","seen":true"#,
        ),
    )
    .unwrap();
    let run = |flags: &[&str]| evaluated(&said, flags);
    let refused = run(&[]);
    assert_eq!(refused.status, 6);
    assert!(
        refused
            .stderr
            .contains("no held-out video is left to score"),
        "{}",
        refused.stderr
    );
    assert_eq!(run(&["--allow-seen"]).status, 0);
}

#[test]
fn a_figure_that_there_is_not_is_a_slip_and_no_answer() {
    let folder = tempdir().unwrap();
    let said = predictions(folder.path(), "said.ndjson", 10);
    for terms in [
        "foo>=1",
        "accuracy=>0.5",
        "Accuracy>=0.5",
        "accuracy.middle>=0.5",
        "recall.middle>=0.5",
    ] {
        let run = tool()
            .args(["--json", "--fail-under", terms, "--predictions"])
            .arg(&said)
            .run();
        assert_eq!(run.status, 2, "{terms}: {}", run.stderr);
        let run = tool()
            .args(["compare", "--json", "--gate", terms])
            .args([&said, &said])
            .run();
        assert_eq!(run.status, 2, "{terms}: {}", run.stderr);
    }
}

#[test]
fn predictions_as_videos_are_pointed_to_their_flag() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let said = predictions(folder.path(), "said.ndjson", 10);
    let run = tool()
        .args(["--json", "--model"])
        .arg(&model)
        .arg(&said)
        .run();
    assert!(run.stderr.contains("--predictions FILE"), "{}", run.stderr);
}

#[test]
fn unclear_predictions_are_refusals() {
    let folder = tempdir().unwrap();
    let said = predictions(folder.path(), "said.ndjson", 1000);
    let text = std::fs::read_to_string(&said).unwrap();
    // All of the forty good videos but the first are said to be unclear.
    let unclear = text.replace(
        r#""labels":{"bad_form":0.09999999999999998,"good_form":0.9}"#,
        r#""labels":{"unclear":1.0}"#,
    );
    assert_ne!(unclear, text);
    std::fs::write(&said, unclear).unwrap();
    let run = tool().args(["--json", "--predictions"]).arg(&said).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let selection = &of_type(&run, "selection")[0];
    assert_eq!(selection["coverage"], json!(41.0 / 80.0));
    assert_eq!(selection["risk"], json!(1.0 / 80.0));
    let scores = of_type(&run, "score");
    let recall = |class: &str| {
        let is_it =
            |it: &&Value| it["name"] == "recall" && it["class"] == class && it["scope"] == "all";
        scores.iter().find(is_it).map(|it| it["value"].clone())
    };
    assert_eq!(
        (recall("good_form"), recall("unclear")),
        (Some(json!(0.0)), None)
    );
    assert!(
        scores.iter().all(|it| it["task"] == "label"),
        "no exercise was said"
    );
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
        // The other video of the person says nothing of it.
        assert!(
            run.stderr.contains("1 prediction counted as seen"),
            "{}",
            run.stderr
        );
        run.stdout
    };
    let without = table(&["--table"]);
    assert!(without.contains("on 78 videos of 39 groups"), "{without}");
    assert!(without.contains("2 videos excluded"), "{without}");
    let with = table(&["--table", "--allow-seen"]);
    assert!(with.contains("SEEN VIDEOS: 2 videos"), "{with}");
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
