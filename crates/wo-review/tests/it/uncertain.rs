//! What to label next: the queue `uncertain`, as a list and on the page's API.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wo_testkit::{Run, TempDir, tempdir};

use crate::harness::{Server, folder, read, tool, video_id};

/// A `prediction` record: how probable bad form is.
pub(crate) fn prediction(video: usize, bad: f64) -> String {
    json!({"type": "prediction", "video_id": video_id(video), "group": "", "seen": false,
        "labels": {"bad_form": bad, "good_form": 1.0 - bad}})
    .to_string()
}

/// A `verdict` record of a video without a label, with the frame that speaks most for it.
fn verdict(video: usize, bad: f64, evidence: usize) -> String {
    json!({"type": "verdict", "video_id": video_id(video), "label": "unclear", "leaning": "bad_form",
        "probability": bad, "exercise": "squat", "exercise_probability": 0.9, "n_frames": 4,
        "evidence": {"index": evidence, "pts_ms": null, "probability": bad}, "reasons": ["low_confidence"]})
    .to_string()
}

/// A file of predictions beside the frames.
pub(crate) fn predictions(dir: &Path, lines: &[String]) -> PathBuf {
    let path = dir.join("predicted.ndjson");
    fs::write(&path, wo_testkit::stream(lines)).expect("write predictions");
    path
}

fn list(dir: &Path, predictions: &Path) -> Run {
    tool()
        .arg(dir)
        .args(["--queue", "uncertain", "--list", "--predictions"])
        .arg(predictions)
        .run()
}

/// The `queued` records of a list.
fn queued(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    let records = lines.map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    let queued: Vec<Value> = records.filter(|it| it["type"] == "queued").collect();
    let ranks: Vec<_> = queued.iter().map(|it| it["rank"].as_u64()).collect();
    let expected: Vec<_> = (1..=queued.len() as u64).map(Some).collect();
    assert_eq!(ranks, expected);
    queued
}

/// The video and the frame of each, by their numbers.
fn places(queued: &[Value]) -> Vec<(usize, u64)> {
    let video = |it: &Value| {
        let id = it["video_id"].as_str().expect("an id");
        usize::from_str_radix(id, 16).expect("a number")
    };
    let index = |it: &Value| it["index"].as_u64().expect("a number");
    queued.iter().map(|it| (video(it), index(it))).collect()
}

/// Changes the records of a folder.
fn edit(dir: &TempDir, change: impl Fn(&mut Value)) {
    let records = dir.path().join("records.ndjson");
    let mut text = String::new();
    for line in read(&records).lines() {
        let mut record: Value = serde_json::from_str(line).expect("a record");
        change(&mut record);
        text.extend([record.to_string(), "\n".to_owned()]);
    }
    fs::write(records, text).expect("write the records");
    fs::remove_file(dir.path().join("squat_good_form.csv")).ok();
}

#[test]
fn videos_come_by_their_distance_to_the_threshold_and_never_twice_in_a_row() {
    let dir = folder(4, 3);
    let lines = [
        prediction(0, 0.02),
        prediction(1, 0.6),
        prediction(2, 0.49),
        verdict(3, 0.75, 2),
    ];
    let run = list(dir.path(), &predictions(dir.path(), &lines));
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let queued = queued(&run);
    let order = [2, 1, 3, 0];
    let videos: Vec<usize> = places(&queued).iter().map(|it| it.0).collect();
    assert_eq!(videos, [order, order, order].concat());
    // The frame that speaks most for the verdict comes first, else the middle one.
    assert_eq!(places(&queued)[..3], [(2, 1), (1, 1), (3, 2)]);
    let first = &queued[0];
    assert_eq!(first["queue"], "uncertain");
    assert_eq!(first["path"], "videos/squat_002.mp4");
    assert_eq!(
        (&first["exercise"], &first["label"]),
        (&json!("squat"), &json!("good_form"))
    );
    assert_eq!(first["predicted_label"], "good_form");
    assert!((first["distance"].as_f64().expect("a number") - 0.02).abs() < 1e-9);
    assert!((queued[2]["distance"].as_f64().expect("a number") - 0.5).abs() < 1e-9);
}

#[test]
fn videos_without_a_prediction_come_last_and_that_is_said() {
    let dir = folder(4, 2);
    let lines = [prediction(1, 0.99), prediction(3, 0.9), prediction(77, 0.5)];
    let file = predictions(dir.path(), &lines);
    let run = list(dir.path(), &file);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let queued = queued(&run);
    let videos: Vec<usize> = places(&queued).iter().map(|it| it.0).collect();
    assert_eq!(videos[..4], [3, 1, 3, 1]);
    assert_eq!(queued[4].get("distance"), None);
    let (dir, file) = (dir.path().display(), file.display());
    let cure = format!("hint: wo-eval --model MODEL --data-dir {dir} --output {file} predicts");
    for said in [
        format!("1 of 3 predictions in {file} is about videos that are not in {dir}\n{cure}"),
        format!(
            "2 of 4 videos in {dir} have no prediction in {file} and come last in the queue\n{cure}"
        ),
    ] {
        assert!(run.stderr.contains(&said), "{said}\n{}", run.stderr);
    }
}

#[test]
fn predictions_of_another_folder_are_refused_with_a_cure() {
    let dir = folder(2, 2);
    let check = |lines: &[String], said: &str| {
        let file = predictions(dir.path(), lines);
        let run = list(dir.path(), &file);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        let cure = "hint: wo-eval --model MODEL --data-dir";
        assert!(
            run.stderr.contains(said) && run.stderr.contains(cure),
            "{}",
            run.stderr
        );
    };
    check(
        &[prediction(7, 0.5), prediction(8, 0.5)],
        "none of the 2 predictions in",
    );
    check(&[], "has no predictions");
    let run = tool().arg(dir.path()).args(["--queue", "uncertain"]).run();
    assert_eq!(run.status, 2);
    let said = "--queue uncertain needs --predictions FILE\nhint: wo-eval --model MODEL --data-dir";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(list(dir.path(), Path::new("nowhere.ndjson")).status, 2);
    fs::write(dir.path().join("cut.ndjson"), wo_testkit::BEGIN).expect("write a stream");
    assert_eq!(list(dir.path(), &dir.path().join("cut.ndjson")).status, 6);
}

#[test]
fn videos_without_a_label_come_before_those_that_have_one() {
    let dir = folder(3, 2);
    edit(&dir, |record| {
        if record["type"] == "frame" && record["video_id"] == video_id(2) {
            record["label"] = Value::Null;
        }
    });
    let lines = [prediction(0, 0.5), prediction(1, 0.6), prediction(2, 0.99)];
    let run = list(dir.path(), &predictions(dir.path(), &lines));
    let videos: Vec<usize> = places(&queued(&run)).iter().map(|it| it.0).collect();
    assert_eq!(videos, [2, 2, 0, 1, 0, 1]);
}

#[test]
fn persons_take_turns() {
    let dir = folder(12, 1);
    // Ten videos of one person, all nearer to the threshold than those of the two others.
    edit(&dir, |record| {
        if record["type"] == "video" {
            let number = record["video_id"].as_str().expect("an id");
            let number = usize::from_str_radix(number, 16).expect("a number");
            record["person_id"] = json!(if number < 10 { "anna" } else { "ben" });
        }
    });
    let lines: Vec<String> = (0..12)
        .map(|video| prediction(video, 0.5 + if video < 10 { 0.01 } else { 0.1 }))
        .collect();
    let run = list(dir.path(), &predictions(dir.path(), &lines));
    let videos: Vec<usize> = places(&queued(&run)).iter().map(|it| it.0).collect();
    let first_of_ben = videos
        .iter()
        .position(|video| *video >= 10)
        .expect("is there");
    assert!((1..=4).contains(&first_of_ben), "{videos:?}");
}

#[test]
fn what_people_decide_leaves_the_queue() {
    let dir = folder(3, 3);
    let lines = [prediction(0, 0.55), prediction(1, 0.7), prediction(2, 0.95)];
    let file = predictions(dir.path(), &lines);
    let server = Server::start(
        dir.path(),
        &[
            "--queue",
            "uncertain",
            "--predictions",
            &file.display().to_string(),
        ],
    );
    let anna = server.enter(0);
    assert_eq!(anna.queue("queue=uncertain"), [1, 4, 7, 0, 3, 6, 2, 5, 8]);
    assert_eq!(anna.get("/api/session").json()["first_queue"], "uncertain");
    let n = |name: &str| anna.get("/api/progress").json()["queues"][name].as_u64();
    assert_eq!(n("uncertain"), Some(9));
    anna.decide("r1", &[1], json!({"label": "bad_form"}));
    anna.decide("r2", &[4], json!({"deleted": true}));
    // A video with a deleted frame still waits for a decision; others of the one that was decided come a round later.
    assert_eq!(anna.queue("queue=uncertain"), [5, 7, 3, 2, 6, 0, 8]);
    assert_eq!(n("uncertain"), Some(7));
    // A list is possible while the page is served.
    assert_eq!(queued(&list(dir.path(), &file)).len(), 7);
    assert!(server.stop().success());
}

#[test]
fn without_predictions_the_queue_is_empty() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    assert_eq!(anna.queue("queue=uncertain"), Vec::<u64>::new());
    assert_eq!(anna.get("/api/progress").json()["queues"]["uncertain"], 0);
}

#[test]
fn any_queue_can_be_listed_and_an_empty_one_says_no() {
    let dir = folder(2, 2);
    let list = |queue: &str| {
        tool()
            .arg(dir.path())
            .args(["--list", "--queue", queue])
            .run()
    };
    assert_eq!(
        places(&queued(&list("all"))),
        [(0, 0), (0, 1), (1, 0), (1, 1)]
    );
    let run = list("trash");
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (1, "wo-review: the queue trash is empty\n")
    );
    assert_eq!(run.stdout.lines().count(), 2, "begin and end");
    assert!(
        !dir.path().join("reviews.ndjson").exists(),
        "nothing is written"
    );
    let list = || tool().arg(dir.path()).args(["--list"]);
    assert_eq!(list().into_dev_full().status, 5);
    let many = tempdir().expect("make a folder");
    crate::harness::fill(many.path(), 30, 30);
    let run = tool().arg(many.path()).arg("--list").into_closed_pipe();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}
