//! Names of files on the way to Label Studio and back, and files that are large.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wo_testkit::{Run, TempDir};

use crate::harness::{folder, jpeg, log, tool};
use crate::studio::{address, choice, import, labels, task, text};

/// Names that an address or a spreadsheet could take for something else.
const NAMES: [&str; 6] = [
    "a b+c#d%e?f&g;h.jpg",
    "%41.jpg",
    "A.jpg",
    "Mu\u{308}ller.jpg",
    "скамья 🏋.jpg",
    "'=1.jpg",
];

fn folder_of_names() -> TempDir {
    let dir = wo_testkit::tempdir().expect("make a folder");
    let mut lines = vec![json!({"type": "video", "video_id": "v"}).to_string()];
    for (index, name) in NAMES.iter().enumerate() {
        fs::write(dir.path().join(name), jpeg(|_, _| [1, 2, 3])).expect("write a picture");
        let frame = json!({"type": "frame", "video_id": "v", "index": index, "image": {"file": {"path": name}},
            "exercise": "squat", "label": "good_form"});
        lines.push(frame.to_string());
    }
    fs::write(
        dir.path().join("records.ndjson"),
        wo_testkit::stream(&lines),
    )
    .expect("write the records");
    dir
}

#[test]
fn every_name_of_a_file_makes_the_round_trip() {
    let dir = folder_of_names();
    let run = tool()
        .arg("export")
        .arg(dir.path())
        .args(["--to", "label-studio"])
        .run();
    let mut tasks: Vec<Value> = serde_json::from_str(&run.stdout).expect("a list");
    for task in &mut tasks {
        // As after a way through Label Studio: the address alone is left.
        let image = task["data"]["image"].clone();
        assert!(
            image
                .as_str()
                .is_some_and(|it| it.is_ascii() && !it.contains([' ', '#', '&', '+']))
        );
        task["data"] = json!({"image": image});
        task["annotations"] =
            json!([{"result": [choice("label", &json!(["unclear"])), text("note", &image)]}]);
    }
    assert_eq!(import(dir.path(), &json!(tasks)).status, 0);
    assert_eq!(labels(dir.path()), ["unclear"; 6]);
    for (line, task) in log(dir.path()).iter().zip(&tasks) {
        assert_eq!(line["new"]["note"], task["data"]["image"]);
        assert_eq!(
            line["path"],
            NAMES[line["index"].as_u64().expect("an index") as usize]
        );
    }
    let spellings = ["M\u{fc}ller.jpg", ".\\a b+c#d%e?f&g;h.jpg", "СКАМЬЯ 🏋.JPG"];
    let tasks: Vec<Value> = spellings
        .iter()
        .map(|path| json!({"data": {"image": path}, "annotations": [{"result": [choice("label", &json!(["bad"]))]}]}))
        .collect();
    let run = import(dir.path(), &json!(tasks));
    assert_eq!(run, Run::new(0, "", "tasks.json: 3 tasks, 3 new reviews\n"));
}

#[test]
fn a_pipe_is_read_as_a_file_is() {
    let dir = folder(1, 1);
    let tasks = json!([task(0, &json!([choice("label", &json!(["bad"]))]))]).to_string();
    let run = tool().arg("import").arg(dir.path()).arg("/dev/stdin");
    let run = run.stdin(tasks).run();
    assert_eq!(run, Run::new(0, "", "/dev/stdin: 1 task, 1 new review\n"));
}

#[test]
fn long_paths_and_many_people_take_no_long_time() {
    let dir = folder(1, 2);
    let path = "a/".repeat(195_000);
    let people: Vec<Value> = (0..5000)
        .map(|who| json!({"completed_by": who, "result": [choice("label", &json!([if who % 2 == 0 { "good" } else { "bad" }]))]}))
        .collect();
    let tasks = json!([{"data": {"image": path}}, {"data": address(0), "annotations": people}]);
    let start = Instant::now();
    let run = import(dir.path(), &tasks);
    assert_eq!(
        (run.status, log(dir.path()).len()),
        (3, 5000),
        "{}",
        run.stderr
    );
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    let lines = log(dir.path());
    let last = lines.last().expect("a line");
    assert_eq!(
        (&last["reviewer"], &last["n_reviews"]),
        (&json!("label_studio 4999"), &json!(1))
    );
}
