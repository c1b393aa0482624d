//! The findings of an evaluation: gates, comparisons, the page, and what is rejected.

use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::{stream, tempdir};

use crate::model::{video, write_model};
use crate::tool;
use crate::written::{evaluated, of_type, predictions};

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
