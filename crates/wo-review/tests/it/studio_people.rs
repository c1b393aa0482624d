//! What several people say in Label Studio, and what was said here.

use std::fs;

use serde_json::{Value, json};
use wo_testkit::Run;

use crate::harness::{Server, folder, frames, log, picture, tool};
use crate::studio::{address, choice, import, labels, task, text};

#[test]
fn what_two_people_say_of_a_frame_holds_beside_each_other() {
    let dir = folder(1, 2);
    let by = |who: &str, result: &Value| json!({"completed_by": {"email": who}, "result": result});
    let bad = json!([
        choice("label", &json!(["bad"])),
        choice("faults", &json!(["knees_cave"]))
    ]);
    let tasks = json!([
        {"data": address(0), "annotations": [by("anna", &bad), by("ben", &json!([text("note", &json!("dark"))]))]},
        {"data": address(1), "annotations": [by("anna", &json!([choice("label", &json!(["bad"]))])), by("anna", &bad),
            by("ben", &json!([choice("label", &json!(["bad"]))]))]},
    ]);
    let run = import(dir.path(), &tasks);
    let said = "tasks.json: 2 tasks, 4 new reviews\n\
        wo-review: tasks.json: 1 answer is replaced by a later answer of the same person\n";
    assert_eq!(run, Run::new(0, "", said));
    let frame = &frames(dir.path())[0];
    assert_eq!(
        (&frame["label"], &frame["faults"]),
        (&json!("bad_form"), &json!(["knees_cave"]))
    );
    let lines = log(dir.path());
    let said: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["reviewer"].as_str(),
                &line["index"],
                &line["new"]["faults"],
            )
        })
        .collect();
    let cave = json!(["knees_cave"]);
    let expected = [
        (Some("anna"), &json!(0), &cave),
        (Some("anna"), &json!(1), &cave),
        (Some("ben"), &json!(0), &cave),
        (Some("ben"), &json!(1), &json!([])),
    ];
    assert_eq!(said, expected, "nobody says what others said");
    assert!(import(dir.path(), &tasks).stderr.contains("0 new reviews"));
}

#[test]
fn what_a_person_changed_since_counts_by_its_time() {
    let dir = folder(1, 1);
    let said = |label: &str, at: &str| {
        json!([{"data": address(0), "annotations": [{"completed_by": {"email": "anna"}, "updated_at": at,
            "result": [choice("label", &json!([label]))]}]}])
    };
    let (before, after) = ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00.5Z");
    for (label, at, n) in [
        ("bad", before, 1),
        ("unclear", before, 2),
        ("bad", before, 2),
        ("bad", after, 3),
    ] {
        let run = import(dir.path(), &said(label, at));
        assert_eq!(
            (run.status, log(dir.path()).len()),
            (0, n),
            "{}",
            run.stderr
        );
        let is_older = run
            .stderr
            .contains("1 answer is older than a decision of the same person");
        assert_eq!(is_older, label == "bad" && at == before && n == 2);
    }
    assert_eq!(labels(dir.path()), ["bad_form"]);
}

#[test]
fn a_description_of_the_captions_table_follows_the_label_and_one_of_a_person_stays() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r1", &[0, 1], json!({"faults": ["knees_cave"]}));
    anna.decide(
        "r2",
        &[1],
        json!({"description": "knees in, seen from the side", "note": "dark"}),
    );
    assert!(server.stop().success());
    let run = tool()
        .arg("export")
        .arg(dir.path())
        .args(["--to", "label-studio"])
        .run();
    let bad = frames(dir.path())[0]["description"].clone();
    let mut tasks: Value = serde_json::from_str(&run.stdout).expect("a list");
    for task in tasks.as_array_mut().expect("a list") {
        let result = &mut task["annotations"][0]["result"];
        result[0]["value"]["choices"] = json!(["good_form"]);
        let result = result.as_array_mut().expect("a list");
        result.retain(|answer| {
            !["faults", "note"].contains(&answer["from_name"].as_str().expect("a name"))
        });
    }
    let run = import(dir.path(), &tasks);
    let said = format!(
        "tasks.json: 2 tasks, 2 new reviews\nwo-review: tasks.json: 1 answer lacks faults or a text that the frame has; \
         the frame keeps them:\n  {}\nhint: remove it on the page of wo-review\n",
        picture(0, 1)
    );
    assert_eq!(run, Run::new(0, "", &said));
    let frames = frames(dir.path());
    let description = |i: usize| frames[i]["description"].as_str().expect("a description");
    assert_eq!(
        (&frames[0]["label"], &frames[0]["faults"]),
        (&json!("good_form"), &json!([]))
    );
    assert_ne!(description(0), bad);
    assert_eq!(description(1), "knees in, seen from the side");
    assert_eq!(log(dir.path())[4]["new"]["note"], "dark");
}

#[test]
fn a_deleted_frame_stays_deleted_and_that_is_said() {
    let dir = folder(1, 2);
    let server = Server::start(dir.path(), &[]);
    server.enter(0).decide("r1", &[0], json!({"deleted": true}));
    assert!(server.stop().success());
    let draft = json!({"result": [choice("label", &json!(["bad"]))]});
    let mut task = task(0, &json!([choice("label", &json!(["bad"]))]));
    task["drafts"] = json!([draft]);
    let run = import(dir.path(), &json!([task]));
    let said = "tasks.json: 1 task, 1 new review\n\
        wo-review: tasks.json: 1 answer is about deleted frames, which stay deleted:\n  ";
    assert!(
        run.status == 0 && run.stderr.starts_with(said),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("1 draft is not imported, since nobody submitted them\nhint: submit them")
    );
    assert_eq!(frames(dir.path()).len(), 1);
    // The cure: what was said counts again.
    let server = Server::start(dir.path(), &[]);
    let undone = server.enter(0).post("/api/undo", &json!({"request": "u1"}));
    assert_eq!(undone.expect("an answer").status, 200);
    assert!(server.stop().success());
    assert_eq!(labels(dir.path()), ["bad_form", "good_form"]);
}

#[test]
fn an_import_that_a_crash_cut_off_is_done_again() {
    let dir = folder(1, 3);
    let people: Vec<Value> = (0..4)
        .map(|who| json!({"completed_by": who, "result": [choice("label", &json!(["bad"]))]}))
        .collect();
    let tasks: Vec<Value> = (0..3)
        .map(|i| json!({"data": address(i), "annotations": people}))
        .collect();
    let tasks = json!(tasks);
    assert_eq!(import(dir.path(), &tasks).status, 0);
    let path = dir.path().join("reviews.ndjson");
    let whole = fs::read(&path).expect("read the log");
    let ends: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
    // Within the second person's answers, with and without a block that never reached the disk.
    let mut hole = whole.clone();
    hole[ends[3] + 20..ends[4] - 20].fill(0);
    let records = dir.path().join("records.ndjson");
    for torn in [whole[..ends[4] + 30].to_vec(), hole] {
        fs::write(&path, torn).expect("write the log");
        // Nothing of the import was acknowledged, nor made into records.
        fs::remove_file(dir.path().join("reviews.ndjson.anchor")).expect("remove the anchor");
        let text = fs::read_to_string(&records).expect("read the records");
        let (begin, rest) = text.split_once('\n').expect("lines");
        let (begin, _) = begin.split_once(",\"reviews\"").expect("the last review");
        fs::write(&records, format!("{begin}}}\n{rest}")).expect("write the records");
        let run = import(dir.path(), &tasks);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stderr.contains("9 new reviews"), "{}", run.stderr);
        assert_eq!(log(dir.path()).len(), 12);
    }
}
