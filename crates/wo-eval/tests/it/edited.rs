//! Models and labels that were changed after training.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wo_record::GroupBy;
use wo_testkit::{Run, tempdir};

use crate::groups::{judged, model_of_gyms};
use crate::model::{rewrite, write_model};

/// What the model says after its `wo.json` was changed.
fn edited(folder: &Path, original: &str, change: &dyn Fn(&mut Value)) -> Run {
    let model = folder.join("model");
    let mut manifest: Value = serde_json::from_str(original).expect("JSON");
    change(&mut manifest);
    fs::write(model.join("wo.json"), manifest.to_string()).expect("write it");
    judged(
        folder,
        &model,
        &[("a0", json!({"person_id": "anna"}))],
        &["--json"],
    )
}

#[test]
fn an_edited_model_is_refused() {
    let folder = tempdir().unwrap();
    let path = write_model(folder.path()).join("wo.json");
    let original = fs::read_to_string(&path).unwrap();
    let changes: [&dyn Fn(&mut Value); 5] = [
        &|it| drop(it["videos"].as_array_mut().unwrap().pop()),
        &|it| it["videos"][0]["split"] = json!("test"),
        &|it| it["videos"][0]["label"] = json!("good_form"),
        &|it| it["group_by"] = json!("person"),
        &|it| {
            it["trust"] = json!({"temperature": null, "wanted_risk": 0.1, "threshold": 0.0, "n_groups": 20,
            "measured_on": "validation", "min_exercise_probability": null, "min_sharpness": null, "min_brightness": null});
        },
    ];
    for change in changes {
        let run = edited(folder.path(), &original, change);
        assert_eq!((run.status, run.stdout.as_str()), (6, ""), "{}", run.stderr);
        for words in [
            "its wo.json is not the one that wo-train wrote",
            "hint: take wo.json from a backup",
        ] {
            assert!(run.stderr.contains(words), "{}", run.stderr);
        }
    }
    // Written by another program, with other spaces.
    assert_eq!(edited(folder.path(), &original, &|_| ()).status, 0);
}

#[test]
fn an_older_model_without_a_seal_is_read() {
    let folder = tempdir().unwrap();
    let model = write_model(folder.path());
    let original = fs::read_to_string(model.join("wo.json")).unwrap();
    let weights = model.join("model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let seal = bytes
        .windows(7)
        .position(|it| it == b"wo_seal")
        .expect("a seal");
    bytes[seal] = b'x';
    fs::write(&weights, bytes).unwrap();
    let fewer = |it: &mut Value| drop(it["videos"].as_array_mut().unwrap().pop());
    let run = edited(folder.path(), &original, &fewer);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(!run.stderr.contains("wo.json"), "{}", run.stderr);
}

#[test]
fn labels_that_differ_from_the_model_are_named() {
    let folder = tempdir().unwrap();
    let model = model_of_gyms(folder.path(), GroupBy::Both);
    let who = |person: &str| json!({"person_id": person});
    // By their ids t0 is good, as in the model, and t1 is bad; h1 is new.
    let videos = [("t0", who("anna")), ("h0", who("clara"))];
    let quiet = judged(folder.path(), &model, &videos, &["--table"]);
    assert_eq!(quiet.status, 0, "{}", quiet.stderr);
    assert!(!quiet.stderr.contains("in the model"), "{}", quiet.stderr);
    rewrite(&model, |manifest| {
        for video in &mut manifest.videos {
            video.label = "bad_form".into();
        }
    });
    let run = judged(folder.path(), &model, &videos, &["--table"]);
    let sentence = "2 videos have another label or exercise than in the model: t0.mp4 (squat good_form, in the model squat \
        bad_form), h0.mp4 (squat good_form, in the model squat bad_form).";
    assert!(run.stderr.contains(sentence), "{}", run.stderr);
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(sentence), "{text}");
}
