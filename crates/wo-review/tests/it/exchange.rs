//! To others and back.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Server, folder, frames, log, picture, read, tool, video_id};

/// A folder with a bad and a deleted frame.
fn reviewed() -> wo_testkit::TempDir {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r1", &[1], json!({"faults": ["knees_cave"]}));
    anna.decide("r2", &[2], json!({"deleted": true}));
    assert!(server.stop().success());
    dir
}

fn export(dir: &wo_testkit::TempDir, format: &str) -> String {
    let run = tool()
        .arg("export")
        .arg(dir.path())
        .args(["--to", format])
        .run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    run.stdout
}

#[test]
fn csv_and_records_say_what_holds() {
    let dir = reviewed();
    let table = export(&dir, "csv");
    assert_eq!(table.lines().count(), 4);
    assert!(table.contains(&format!(
        "{}/{},bad_form,",
        dir.path().display(),
        picture(0, 1)
    )));
    let stream = export(&dir, "ndjson");
    let lines: Vec<Value> = stream
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(
        lines.iter().filter(|line| line["type"] == "frame").count(),
        3
    );
    assert_eq!(
        lines.first().map(|line| &line["type"]),
        Some(&json!("begin"))
    );
    assert_eq!(
        lines.last().map(|line| (&line["type"], &line["n_frames"])),
        Some((&json!("end"), &json!(3)))
    );
    assert!(stream.contains(r#""extra":"kept""#));
}

#[test]
fn an_image_folder_has_a_line_for_each_picture() {
    let dir = reviewed();
    let out = dir.path().join("out");
    let run = tool()
        .arg("export")
        .arg(dir.path())
        .args(["--to", "imagefolder", "-o"])
        .arg(&out)
        .run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let metadata = read(out.join("metadata.jsonl"));
    assert_eq!(metadata.lines().count(), 3);
    for line in metadata.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert!(
            out.join(line["file_name"].as_str().expect("a name"))
                .exists()
        );
        assert_eq!(line["video_id"], video_id(0));
    }
    // A frame that is thrown away since goes from there too, and what is not ours stays.
    fs::write(out.join("mine.txt"), "mine").expect("write a file");
    let server = Server::start(dir.path(), &[]);
    server.enter(0).decide("r9", &[0], json!({"deleted": true}));
    assert!(server.stop().success());
    let again = tool()
        .arg("export")
        .arg(dir.path())
        .args(["--to", "imagefolder", "-o"]);
    assert_eq!(again.arg(&out).run().status, 0);
    let pictures = fs::read_dir(&out).expect("read the folder").count();
    assert_eq!(
        (read(out.join("metadata.jsonl")).lines().count(), pictures),
        (2, 4)
    );
    assert_eq!(
        tool()
            .arg("export")
            .arg(dir.path())
            .args(["--to", "imagefolder"])
            .run()
            .status,
        2
    );
}

#[test]
fn label_studio_gets_tasks_and_gives_them_back() {
    let dir = reviewed();
    let tasks = export(&dir, "label-studio");
    let mut tasks: Vec<Value> = serde_json::from_str(&tasks).expect("a list");
    assert_eq!(tasks.len(), 3);
    let file = dir.path().join("tasks.json");
    fs::write(&file, json!(tasks).to_string()).expect("write tasks");
    let import = || tool().arg("import").arg(dir.path()).arg(&file).run();
    let run = import();
    assert_eq!(
        (run.status, log(dir.path()).len()),
        (0, 2),
        "nothing is new: {}",
        run.stderr
    );
    // What nobody has decided is no answer there.
    let is_decided = |task: &Value| {
        (
            task["annotations"].is_array(),
            task["predictions"].is_array(),
        )
    };
    let decided: Vec<_> = tasks.iter().map(is_decided).collect();
    assert_eq!(decided, [(false, true), (true, false), (false, true)]);
    // Someone changes one there, which names the picture in its own way, and one task is about nothing here.
    tasks[0]["annotations"] = json!([{"completed_by": {"email": "cleo@example.org"}, "result": [
        {"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": ["unclear"]}},
        {"from_name": "note", "to_name": "image", "type": "textarea", "value": {"text": ["dark"]}}]}]);
    tasks[0]["data"] = json!({"image": format!("/data/local-files/?d=frames/{}", picture(0, 0))});
    tasks[1]["data"] = json!({"image": "/data/upload/other.jpg"});
    fs::write(&file, json!(tasks).to_string()).expect("write tasks");
    let run = import();
    assert_eq!(run.status, 3, "{}", run.stderr);
    let lines = log(dir.path());
    assert_eq!(
        (lines.len(), lines[2]["reviewer"].as_str()),
        (3, Some("cleo@example.org"))
    );
    let frame = &frames(dir.path())[0];
    assert_eq!(
        (frame["label"].as_str(), frame["label_origin"].as_str()),
        (Some("unclear"), Some("review"))
    );
    assert_eq!(import().status, 3);
    assert_eq!(log(dir.path()).len(), 3, "a second import adds nothing");
}

#[test]
fn two_people_and_another_question_of_label_studio_are_told_apart() {
    let dir = folder(1, 2);
    let answers = |label: &str| {
        json!([
        {"from_name": "form", "to_name": "image", "type": "choices", "value": {"choices": [label]}},
        {"from_name": "depth", "to_name": "image", "type": "choices", "value": {"choices": ["Squat depth ok"]}}])
    };
    let data = json!({"image": format!("/data/local-files/?d={}", picture(0, 0))});
    let task = json!({"data": data, "annotations": [
        {"completed_by": 1, "result": answers("Good")}, {"completed_by": 2, "result": answers("Bad")}]});
    let file = dir.path().join("tasks.json");
    fs::write(&file, json!([task]).to_string()).expect("write tasks");
    let run = tool().arg("import").arg(dir.path()).arg(&file).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let said = |line: &Value| (line["reviewer"].clone(), line["new"]["label"].clone());
    let said: Vec<_> = log(dir.path()).iter().map(said).collect();
    let wanted = [
        ("label_studio 1", "good_form"),
        ("label_studio 2", "bad_form"),
    ];
    assert_eq!(said, wanted.map(|(who, label)| (json!(who), json!(label))));
}
