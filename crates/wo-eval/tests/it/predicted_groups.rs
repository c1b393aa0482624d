//! Groups of predictions: what a file does not say is unknown, and what it says is enough for baselines.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wo_testkit::{Run, tempdir};

use crate::tool;
use crate::written::{evaluated, of_type, predictions};

/// Predictions of which each line was changed.
fn changed(folder: &Path, change: impl Fn(usize, &mut Value)) -> PathBuf {
    let path = predictions(folder, "said.ndjson", 10);
    let text = fs::read_to_string(&path).expect("just written");
    let mut number = 0;
    let lines = text.lines().map(|line| {
        let mut record: Value = serde_json::from_str(line).expect("a record");
        if record["type"] == "prediction" {
            change(number, &mut record);
            number += 1;
        }
        record.to_string() + "\n"
    });
    let text: String = lines.collect();
    fs::write(&path, text).expect("write them anew");
    path
}

/// The report of predictions as text, and the headline of its page.
fn reported(folder: &Path, said: &Path) -> (String, String) {
    let page = folder.join("report.html");
    let run = tool()
        .args(["--table", "--report"])
        .arg(&page)
        .arg("--predictions")
        .arg(said)
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    (text, fs::read_to_string(&page).expect("a page"))
}

#[test]
fn any_text_is_no_person() {
    let folder = tempdir().unwrap();
    let unknown: [fn(usize, &mut Value); 4] = [
        |i, it| it["group"] = json!(format!("clip_{i}")),
        |_, it| drop(it.as_object_mut().unwrap().remove("group")),
        |_, it| it["group"] = json!(""),
        |i, it| it["group"] = json!(format!("video:{i}")),
    ];
    for (case, change) in unknown.into_iter().enumerate() {
        let said = changed(folder.path(), change);
        let (text, page) = reported(folder.path(), &said);
        for report in [&text, &page] {
            assert!(
                report.contains("No scored video has a person or a source"),
                "{case}: {report}"
            );
        }
        assert!(
            text.contains("on videos of unknown people: 80 videos"),
            "{case}: {text}"
        );
        assert!(page.contains("On videos of unknown people"), "{case}");
        for claim in ["never seen", "eld-out people", "held out from training"] {
            assert!(
                !text.contains(claim) && !page.contains(claim),
                "{case}: {claim}"
            );
        }
    }
    let said = changed(folder.path(), |_, _| ());
    let (text, page) = reported(folder.path(), &said);
    assert!(text.contains("held out from training"), "{text}");
    assert!(page.contains("On held-out people,"), "no source is known");
    assert!(!page.contains("lower bound"));
}

#[test]
fn one_file_under_several_ids_is_one_group() {
    let folder = tempdir().expect("a folder");
    let n_groups = |change: fn(usize, &mut Value)| {
        let said = changed(folder.path(), change);
        let run = evaluated(&said, &[]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        of_type(&run, "independence")[0]["n_groups"]
            .as_u64()
            .expect("a number")
    };
    let apart = n_groups(|i, it| it["path"] = json!(format!("{i}.mp4")));
    let in_pairs = n_groups(|i, it| it["path"] = json!(format!("{}.mp4", i / 4)));
    assert_eq!((apart, in_pairs), (40, 20));
}

#[test]
fn what_does_not_say_seen_may_have_been_seen() {
    let folder = tempdir().unwrap();
    let said = changed(folder.path(), |i, it| {
        if i < 4 {
            it.as_object_mut().unwrap().remove("seen");
        }
    });
    let (text, page) = reported(folder.path(), &said);
    let limit = "Whether the model has seen 4 of 80 scored videos in training is unknown";
    for report in [&text, &page] {
        assert!(report.contains(limit), "{report}");
        assert!(!report.contains("eld-out people"), "{report}");
    }
    assert!(
        text.contains("on videos that the model may have seen: 80 videos"),
        "{text}"
    );
}

#[test]
fn one_person_is_seen_by_any_key() {
    let folder = tempdir().unwrap();
    let said = changed(folder.path(), |i, it| {
        it["keys"] = json!([
            format!("person:{}", i / 2),
            format!("source:gym {}", i / 20)
        ]);
        it["seen"] = json!(i == 0);
    });
    let run = evaluated(&said, &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("19 predictions counted as seen"),
        "{}",
        run.stderr
    );
    let known = &of_type(&run, "independence")[0];
    assert_eq!((&known["n"], &known["n_groups"]), (&json!(60), &json!(3)));
}

#[test]
fn folds_and_videos_beside_predictions_give_baselines() {
    let folder = tempdir().unwrap();
    let gains = |run: &Run| -> Vec<String> {
        let scores = of_type(run, "score")
            .into_iter()
            .filter(|it| it["scope"] == "all");
        let names = scores.filter_map(|it| it["name"].as_str().map(str::to_owned));
        names.filter(|it| it.contains("_over_")).collect()
    };
    let alone = changed(folder.path(), |_, _| ());
    assert_eq!(gains(&evaluated(&alone, &[])), Vec::<String>::new());
    let folds = changed(folder.path(), |i, it| it["fold"] = json!(1 + i / 2 % 4));
    let run = evaluated(&folds, &[]);
    assert_eq!(
        gains(&run),
        ["balanced_accuracy_over_majority"],
        "{}",
        run.stderr
    );

    // Long videos are bad ones, which the length gives away.
    let text = fs::read_to_string(&folds).unwrap();
    let with_videos = text.lines().flat_map(|line| {
        let record: Value = serde_json::from_str(line).unwrap();
        let duration = if record["label"] == "bad_form" {
            9000.0
        } else {
            2000.0
        };
        let video =
            json!({"type": "video", "video_id": record["video_id"], "duration_ms": duration});
        let video = (record["type"] == "prediction").then(|| video.to_string());
        [
            Some(line.replace(r#""n_videos":0"#, r#""n_videos":80"#)),
            video,
        ]
        .into_iter()
        .flatten()
    });
    let both: Vec<String> = with_videos.collect();
    let path = folder.path().join("both.ndjson");
    fs::write(&path, both.join("\n") + "\n").unwrap();
    let run = evaluated(&path, &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        gains(&run),
        [
            "balanced_accuracy_over_majority",
            "balanced_accuracy_over_duration_only"
        ]
    );
    let duration = of_type(&run, "score").into_iter().find(|it| {
        it["by"] == "duration_only" && it["name"] == "balanced_accuracy" && it["scope"] == "all"
    });
    assert_eq!(duration.unwrap()["value"], 1.0);
}
