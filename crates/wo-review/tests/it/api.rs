//! What decisions come to: in the log, in the records, in the tables, and after a restart.

use std::collections::HashSet;
use std::fs;

use serde_json::json;

use crate::harness::{Server, folder, frames, log, picture, read, tool, video_id};

#[test]
fn a_decision_is_in_the_log_and_then_in_records_and_tables() {
    let dir = folder(2, 3);
    let before = read(dir.path().join("records.ndjson"));
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let answer = anna.decide("r1", &[1], json!({"faults": ["knees_cave"]}));
    assert_eq!(
        (answer["decision"].as_u64(), answer["n_frames"].as_u64()),
        (Some(1), Some(1))
    );
    let lines = log(dir.path());
    assert_eq!(lines.len(), 1, "it is in the log before the answer comes");
    let line = &lines[0];
    assert_eq!(line["reviewer"], "anna");
    assert_eq!(line["old"]["label"], "good_form");
    assert_eq!(line["new"]["label"], "bad_form");
    assert_eq!(line["new"]["faults"], json!(["knees_cave"]));
    assert!(
        line["new"]["description"]
            .as_str()
            .is_some_and(|text| text.contains("knee"))
    );
    assert!(server.stop().success());
    // One line of the records changed, in the fields that were decided; the first names the last review.
    let after = read(dir.path().join("records.ndjson"));
    let changed: Vec<_> = before
        .lines()
        .zip(after.lines())
        .filter(|(a, b)| a != b)
        .collect();
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(changed[0].1.contains(r#""reviews":{"sequence":1,"#));
    assert!(
        changed[1].1.contains(r#""label_origin":"review""#)
            && changed[1].1.ends_with(r#""extra":"kept"}"#)
    );
    let bad = read(dir.path().join("squat_bad_form.csv"));
    assert_eq!(bad.lines().count(), 2);
    assert!(bad.contains(&picture(0, 1)));
    assert!(!read(dir.path().join("squat_good_form.csv")).contains(&picture(0, 1)));
}

#[test]
fn the_same_request_twice_is_one_decision() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let first = anna.decide("r1", &[0], json!({"label": "bad_form"}));
    let second = anna.decide("r1", &[0], json!({"label": "bad_form"}));
    assert_eq!(first["decision"], second["decision"]);
    assert_eq!(log(dir.path()).len(), 1);
    drop(server);
    let server = Server::start(dir.path(), &[]);
    server
        .enter(0)
        .decide("r1", &[0], json!({"label": "bad_form"}));
    assert_eq!(log(dir.path()).len(), 1, "after a restart too");
}

#[test]
fn decisions_are_taken_back_one_by_one_across_a_restart() {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r1", &[0], json!({"label": "bad_form"}));
    anna.decide("r2", &[0, 1, 2, 3], json!({"label": "unclear"}));
    assert!(server.stop().success());
    assert!(
        frames(dir.path())
            .iter()
            .all(|frame| frame["label"] == "unclear")
    );
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let undo = |request: &str| {
        anna.post("/api/undo", &json!({"request": request}))
            .expect("an answer")
    };
    assert_eq!(undo("u1").json()["n_frames"], 4);
    assert_eq!(anna.frame(0)["label"], "bad_form");
    assert_eq!(anna.frame(1)["label"], "good_form");
    assert_eq!(undo("u2").json()["n_frames"], 1);
    assert_eq!(anna.frame(0)["label"], "good_form");
    assert_eq!(
        undo("u2").json()["n_frames"],
        1,
        "the same request is not a second undo"
    );
    assert_eq!(undo("u3").status, 409);
    assert_eq!(anna.queue("queue=undecided").len(), 4);
    assert!(server.stop().success());
    assert!(
        frames(dir.path())
            .iter()
            .all(|frame| frame["label"] == "good_form" && frame["description"].is_null())
    );
    assert_eq!(log(dir.path()).len(), 10, "nothing ever leaves the log");
}

#[test]
fn a_deleted_frame_goes_to_the_trash_and_comes_back() {
    let dir = folder(2, 3);
    let path = dir.path();
    let now = || (meaning(path), read(path.join("squat_good_form.csv")));
    let before = now();
    let server = Server::start(path, &[]);
    server.enter(0).decide("r1", &[1], json!({"deleted": true}));
    assert!(server.stop().success());
    assert_eq!(frames(path).len(), 5);
    assert!(!path.join(picture(0, 1)).exists() && path.join("trash").join(picture(0, 1)).exists());
    assert!(read(path.join("trash/records.ndjson")).contains(&picture(0, 1)));
    assert!(!read(path.join("squat_good_form.csv")).contains(&picture(0, 1)));
    assert!(read(path.join("records.ndjson")).contains(r#""n_frames":2"#));
    let server = Server::start(path, &[]);
    let anna = server.enter(0);
    // The number of a frame may be another one after a restart; its place in the video is not.
    let trashed = anna.queue("queue=trash");
    assert_eq!((trashed.len(), anna.queue("queue=all").len()), (1, 5));
    assert_eq!(
        anna.get(&format!("/picture/x/{}", trashed[0])).status,
        200,
        "it can still be looked at"
    );
    anna.post("/api/undo", &json!({"request": "u1"}))
        .expect("an answer")
        .json();
    assert!(server.stop().success());
    assert_eq!(before, now(), "all is as it was, in its old order");
}

/// The records without fields that say nothing, and without the last review that they name.
fn meaning(dir: &std::path::Path) -> Vec<serde_json::Value> {
    let text = read(dir.join("records.ndjson"));
    let lines = text.lines().map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if let Some(fields) = line.as_object_mut() {
            fields.retain(|name, value| !value.is_null() && name != "reviews");
        }
        line
    });
    lines.collect()
}

#[test]
fn people_judge_alone_and_then_see_where_they_differ() {
    let dir = folder(1, 3);
    let server = Server::start(dir.path(), &["--reviewer", "anna", "--reviewer", "ben"]);
    let (anna, ben) = (server.enter(0), server.enter(1));
    anna.decide("a0", &[0], json!({"label": "bad_form"}));
    anna.decide("a1", &[1], json!({"label": "good_form"}));
    assert_eq!(
        ben.frame(0)["label"],
        "good_form",
        "ben sees what was there before anna"
    );
    assert_eq!(ben.queue("queue=second_opinion"), [0, 1]);
    assert_eq!(ben.queue("queue=undecided"), [2]);
    ben.decide("b0", &[0], json!({"label": "unclear"}));
    ben.decide("b1", &[1], json!({"label": "good_form"}));
    assert_eq!(ben.frame(0)["others"][0]["label"], "bad_form");
    assert_eq!(anna.queue("queue=disagreements"), [0]);
    let agreement = anna.get("/api/agreement").json();
    assert_eq!(agreement["rows"][0]["who"], "anna – ben");
    assert_eq!(agreement["rows"][0]["observed"], 0.5);
    assert_eq!(agreement["disputed"][0]["said"][1]["label"], "unclear");
    // A remark is no judgement.
    ben.decide("b2", &[2], json!({"note": "shoes"}));
    assert_eq!(anna.queue("queue=undecided"), [2]);
    assert!(server.stop().success());
    let labels: Vec<_> = frames(dir.path())
        .iter()
        .map(|frame| frame["label"].clone())
        .collect();
    assert_eq!(
        labels,
        ["unclear", "good_form", "good_form"],
        "the last word counts"
    );
}

#[test]
fn two_reviewers_at_once_lose_nothing() {
    let dir = folder(10, 10);
    let server = Server::start(dir.path(), &["--reviewer", "anna", "--reviewer", "ben"]);
    let workers: Vec<_> = (0..2)
        .map(|who| {
            let client = server.enter(who);
            std::thread::spawn(move || {
                for i in 0..100 {
                    client.decide(&format!("{who}-{i}"), &[i], json!({"label": "bad_form"}));
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().expect("no worker fails");
    }
    assert!(server.stop().success());
    let lines = log(dir.path());
    let requests: HashSet<_> = lines
        .iter()
        .map(|line| line["request"].to_string())
        .collect();
    assert_eq!((lines.len(), requests.len()), (200, 200));
    assert!(
        lines
            .iter()
            .enumerate()
            .all(|(i, line)| line["sequence"] == i as u64 + 1)
    );
}

#[test]
fn a_second_server_on_one_folder_is_refused() {
    let dir = folder(1, 1);
    let _server = Server::start(dir.path(), &[]);
    let run = tool().arg(dir.path()).arg("--no-open").run();
    assert_eq!(run.status, 75, "{}", run.stderr);
    assert!(
        run.stderr.contains("another wo-review has"),
        "{}",
        run.stderr
    );
}

#[test]
fn frames_are_asked_for_again_and_change_nothing_then() {
    let dir = folder(10, 10);
    let server = Server::start(dir.path(), &["--blind-repeats", "100"]);
    let anna = server.enter(0);
    let mut due = None;
    for i in 0..30 {
        let answer = anna.decide(&format!("r{i}"), &[i], json!({"label": "bad_form"}));
        due = due.or(answer["repeat"].as_u64());
    }
    assert_eq!(due, Some(0), "the first one first");
    let shown = anna.get("/api/frames?ids=0&repeat=true").json();
    assert_eq!(
        shown[0]["label"], "good_form",
        "as it looked the first time"
    );
    let body = json!({"request": "again", "frames": [0], "change": {"label": "unclear"}, "is_repeat": true});
    anna.post("/api/decide", &body).expect("an answer").json();
    assert_eq!(anna.frame(0)["label"], "bad_form");
    let row = &anna.get("/api/agreement").json()["rows"][0];
    assert_eq!(
        (row["who"].as_str(), row["n_frames"].as_u64()),
        (Some("anna again"), Some(1))
    );
}

#[test]
fn a_folder_of_tables_alone_keeps_its_other_columns() {
    let dir = folder(1, 3);
    let path = dir.path();
    fs::remove_file(path.join("records.ndjson")).expect("remove the records");
    fs::remove_file(path.join("squat_good_form.csv")).expect("remove the table");
    let rows: Vec<String> = (0..3)
        .map(|i| format!("{},good,by hand {i},x{i}", picture(0, i)))
        .collect();
    let table = format!("frame_path,label,description,camera\n{}\n", rows.join("\n"));
    fs::write(path.join("squat_good.csv"), &table).expect("write a table");
    let server = Server::start(path, &[]);
    let anna = server.enter(0);
    anna.decide("r1", &[1], json!({"label": "bad_form"}));
    anna.decide("r2", &[2], json!({"deleted": true}));
    assert!(server.stop().success());
    let after = read(path.join("squat_good.csv"));
    let expected = format!(
        "frame_path,label,description,camera\n{}\n{},bad_form,by hand 1,x1\n",
        rows[0],
        picture(0, 1)
    );
    assert_eq!(after, expected);
}

#[test]
fn queues_and_filters_find_frames() {
    let dir = folder(2, 4);
    let suspects = dir.path().join("s.ndjson");
    let line = |index: u32, score: f64| {
        json!({"type": "suspect", "video_id": video_id(1), "index": index, "label": "good_form",
        "suggested_label": "bad_form", "score": score, "reason": "label"})
        .to_string()
    };
    fs::write(&suspects, wo_testkit::stream(&[line(2, 0.5), line(0, 0.9)]))
        .expect("write suspects");
    let server = Server::start(dir.path(), &["--suspects", &suspects.display().to_string()]);
    let anna = server.enter(0);
    assert_eq!(anna.queue("queue=suspects"), [4, 6]);
    assert_eq!(anna.frame(4)["has_opinion"], true);
    assert!(
        !anna.get("/api/frames?ids=4").text().contains("suggested"),
        "the model's opinion is hidden"
    );
    assert_eq!(
        anna.get("/api/opinion/4").json()["suggested_label"],
        "bad_form"
    );
    let sharpness = |id: u64| {
        anna.frame(id as u32)["sharpness"]
            .as_f64()
            .expect("a number")
    };
    let blurry: Vec<f64> = anna
        .queue("queue=blurry")
        .into_iter()
        .map(sharpness)
        .collect();
    assert!(blurry.is_sorted(), "{blurry:?}");
    assert_eq!(
        anna.queue("queue=near_duplicates"),
        [0, 1, 2, 3, 4, 5, 6, 7]
    );
    assert_eq!(anna.queue("queue=all&video=squat_001"), [4, 5, 6, 7]);
    assert_eq!(
        anna.queue("queue=all&similar=5&video=squat_001")[..2],
        [5, 4][..]
    );
    anna.decide("r1", &[3], json!({"faults": ["knees_cave"]}));
    assert_eq!(anna.queue("queue=all&fault=knees_cave"), [3]);
    assert_eq!(
        anna.queue("queue=all&label=bad_form&origin=review&reviewer=anna&exercise=squat"),
        [3]
    );
    assert_eq!(anna.queue("queue=all&exercise=deadlift").len(), 0);
    assert_eq!(
        anna.queue("queue=all&max_sharpness=10").len(),
        blurry.iter().filter(|s| **s <= 10.0).count()
    );
}

#[test]
fn a_picture_that_became_another_one_is_not_the_reviewed_one() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    server
        .enter(0)
        .decide("r1", &[0], json!({"label": "bad_form"}));
    assert!(server.stop().success());
    let records = read(dir.path().join("records.ndjson"));
    let other = records
        .replace(
            "\"blake3\":\"0000000000000000\"",
            "\"blake3\":\"ffffffffffffffff\"",
        )
        .replace("\"pts_ms\":0.0", "\"pts_ms\":500.0")
        .replace("bad_form", "good_form");
    fs::write(dir.path().join("records.ndjson"), other).expect("write the records");
    let _ = fs::remove_file(dir.path().join("squat_bad_form.csv"));
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    assert_eq!(
        (
            anna.frame(0)["label"].as_str(),
            anna.frame(0)["is_judged"].as_bool()
        ),
        (Some("good_form"), Some(false))
    );
}
