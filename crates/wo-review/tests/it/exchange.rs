//! To others and back.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Server, folder, frames, jpeg, log, picture, read, tool, video_id};

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
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.stdout
}

/// Exports into a file or a folder.
fn export_to(dir: &Path, format: &str, to: &Path) -> wo_testkit::Run {
    let run = tool().arg("export").arg(dir).args(["--to", format, "-o"]);
    run.arg(to).run()
}

/// A folder of records with these frames, each with a picture of its own where it has a path.
fn folder_of(frames: &[Value]) -> wo_testkit::TempDir {
    let dir = wo_testkit::tempdir().expect("make a folder");
    let mut lines = Vec::new();
    let mut video_id = Value::Null;
    for (place, frame) in frames.iter().enumerate() {
        if frame["video_id"] != video_id {
            video_id = frame["video_id"].clone();
            lines.push(json!({"type": "video", "video_id": video_id}).to_string());
        }
        let mut frame = frame.clone();
        frame["type"] = json!("frame");
        if let Some(path) = frame["image"]["file"]["path"].as_str() {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("make a folder");
            let picture = jpeg(|_, _| [(place % 12) as u8 * 20, 80, 120]);
            fs::write(path, picture).expect("write a picture");
        }
        lines.push(frame.to_string());
    }
    let records = wo_testkit::stream(&lines);
    fs::write(dir.path().join("records.ndjson"), records).expect("write the records");
    dir
}

fn frame_at(video_id: &str, index: usize, path: &str) -> Value {
    json!({"video_id": video_id, "index": index, "image": {"file": {"path": path}}, "exercise": "squat",
        "label": "good_form", "label_origin": "folder", "faults": [], "description": "squat good form"})
}

#[test]
fn csv_and_records_say_what_holds() {
    let dir = reviewed();
    let table = export(&dir, "csv");
    assert_eq!(table.lines().count(), 4);
    assert!(table.starts_with("frame_path,label,description,faults\n"));
    let row = format!("{}/{},bad_form,", dir.path().display(), picture(0, 1));
    let row = table.lines().find(|line| line.starts_with(&row));
    assert!(
        row.is_some_and(|row| row.ends_with(",knees_cave")),
        "{table}"
    );
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
    let run = export_to(dir.path(), "imagefolder", &out);
    let said = format!("{}: 3 frames; excluded: 1 deleted\n", out.display());
    assert_eq!(run, wo_testkit::Run::new(0, "", &said));
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
    let import = tool().arg("import").arg(dir.path()).arg(&file);
    let run = import.args(["--question", "depth=nothing"]).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let said = |line: &Value| (line["reviewer"].clone(), line["new"]["label"].clone());
    let said: Vec<_> = log(dir.path()).iter().map(said).collect();
    let wanted = [
        ("label_studio 1", "good_form"),
        ("label_studio 2", "bad_form"),
    ];
    assert_eq!(said, wanted.map(|(who, label)| (json!(who), json!(label))));
}

#[test]
fn every_picture_of_an_image_folder_has_a_name_of_its_own() {
    let videos = (0..10).map(|i| format!("synthetic_video_000{i}"));
    let videos = videos.chain(["Squat", "squat", "up..", "_hidden"].map(str::to_owned));
    let frames: Vec<Value> = videos
        .enumerate()
        .map(|(place, id)| frame_at(&id, 0, &format!("frames/{place}.jpg")))
        .collect();
    let dir = folder_of(&frames);
    let out = dir.path().join("out");
    for _ in 0..2 {
        let run = export_to(dir.path(), "imagefolder", &out);
        let said = format!("{}: 14 frames\n", out.display());
        assert_eq!(run, wo_testkit::Run::new(0, "", &said));
        let mut names: Vec<String> = Vec::new();
        for line in read(out.join("metadata.jsonl")).lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let name = line["file_name"].as_str().expect("a name").to_lowercase();
            let number: usize = frames
                .iter()
                .position(|frame| frame["video_id"] == line["video_id"])
                .expect("a video");
            let picture = fs::read(out.join(line["file_name"].as_str().expect("a name")));
            let original = fs::read(dir.path().join(format!("frames/{number}.jpg")));
            assert_eq!(picture.expect("read"), original.expect("read"));
            names.push(name);
        }
        names.sort();
        names.dedup();
        assert_eq!((names.len(), names[0].contains('/')), (14, false));
        assert!(names.iter().all(|name| !name.starts_with(['.', '_', '-'])));
        assert_eq!(fs::read_dir(&out).expect("read the folder").count(), 15);
    }
}

#[test]
fn an_image_folder_of_somebody_else_is_left_alone() {
    let dir = folder(1, 1);
    let out = dir.path().join("out");
    fs::create_dir(&out).expect("make a folder");
    fs::write(out.join("cat.jpg"), "a cat").expect("write a file");
    let theirs = "{\"file_name\": \"cat.jpg\", \"text\": \"a cat\"}\n";
    fs::write(out.join("metadata.jsonl"), theirs).expect("write a file");
    let run = export_to(dir.path(), "imagefolder", &out);
    let error =
        "metadata.jsonl:1: wo-review did not write this line, so it does not overwrite the file";
    assert!(run.status == 2 && run.stderr.contains(error), "{run:?}");
    assert_eq!(read(out.join("cat.jpg")), "a cat");
    fs::remove_file(out.join("metadata.jsonl")).expect("remove a file");
    let name = "0000000000000000_000.jpg";
    fs::write(out.join(name), "mine").expect("write a file");
    let run = export_to(dir.path(), "imagefolder", &out);
    assert!(run.status == 2 && run.stderr.contains(name), "{run:?}");
    assert_eq!(read(out.join(name)), "mine");
    fs::remove_file(out.join(name)).expect("remove a file");
    assert_eq!(export_to(dir.path(), "imagefolder", &out).status, 0);
}

#[test]
fn an_export_says_what_is_not_in_it() {
    let mut frames: Vec<Value> = (0..5)
        .map(|i| frame_at("v", i, &format!("frames/{i}.jpg")))
        .collect();
    frames[1]["label"] = Value::Null;
    frames[2]["image"] = json!({"inline": {"jpeg_base64": ""}});
    frames[3]["image"]["file"]["path"] = json!({"bytes": "ZnJhbWVzL/8uanBn"});
    let dir = folder_of(&frames);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r1", &[0], json!({"note": "dark"}));
    anna.decide("r2", &[4], json!({"deleted": true}));
    assert!(server.stop().success());
    let said = |format: &str| {
        let run = tool().arg("export").arg(dir.path());
        let run = run.args(["--to", format]).run();
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stderr
    };
    assert_eq!(
        said("csv"),
        "<stdout>: 1 frame; excluded: 1 deleted, 1 without a label, 1 with an inline image, 1 whose path is not UTF-8\n\
         hint: --to ndjson includes frames without a label\nhint: --to imagefolder includes inline images\n\
         <stdout>: the format excludes notes (1); reviews.ndjson has them\n"
    );
    assert_eq!(
        said("ndjson"),
        "<stdout>: 4 frames; excluded: 1 deleted\n<stdout>: the format excludes notes (1); reviews.ndjson has them\n"
    );
    assert_eq!(
        said("label-studio"),
        "<stdout>: 2 frames; excluded: 1 deleted, 1 with an inline image, 1 whose path is not UTF-8\n\
         hint: --to imagefolder includes inline images\n\
         <stdout>: the format excludes who decided what (1 reviewer), deletions (1); reviews.ndjson has them\n"
    );
}

#[test]
fn a_table_of_two_frames_with_one_picture_says_one_thing_of_it() {
    let mut frames: Vec<Value> = (0..2).map(|i| frame_at("v", i, "frames/0.jpg")).collect();
    let dir = folder_of(&frames);
    let run = tool().arg("export").arg(dir.path());
    let run = run.args(["--to", "csv"]).run();
    assert_eq!((run.status, run.stdout.lines().count()), (0, 2));
    let said = "<stdout>: 1 frame; excluded: 1 with the image of another frame\n";
    assert_eq!(run.stderr, said);
    frames[1]["label"] = json!("unclear");
    let dir = folder_of(&frames);
    let run = tool().arg("export").arg(dir.path());
    let run = run.args(["--to", "csv"]).run();
    assert_eq!(run.status, 6);
    assert!(
        run.stderr
            .contains("frames/0.jpg is the image of two frames")
    );
}

/// What a spreadsheet would run, and texts that look alike; a review trims what a person types, a record does not.
const FORMULAS: [&str; 10] = [
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "+1",
    "-1",
    "\tx=1",
    "\rx=1",
    "'=1",
    "'quoted'",
    "''",
    "＝1",
];

#[test]
fn no_cell_of_a_table_runs_and_each_comes_back_byte_for_byte() {
    let frames: Vec<Value> = (0..)
        .zip(FORMULAS)
        .map(|(i, text)| {
            let mut frame = frame_at("v", i, &format!("frames/{i}.jpg"));
            frame["image"]["file"]["path"] = json!(format!("={i}.jpg"));
            frame["description"] = json!(text);
            frame
        })
        .collect();
    let dir = folder_of(&frames);
    let table = dir.path().join("labels.csv");
    assert_eq!(export_to(dir.path(), "csv", &table).status, 0);
    let mut reader = csv::Reader::from_path(&table).expect("read the table");
    let cells: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(cells.len(), FORMULAS.len());
    for cell in cells.iter().flatten() {
        let starts = ['=', '+', '-', '@', '\t', '\r', '\n', '＝'];
        assert!(!cell.starts_with(starts), "{cell:?}");
    }
    let read = wo_folder::read_table(&table).expect("a table");
    let rows = read.rows.iter().map(|(_, row)| row);
    let texts: Vec<_> = rows.clone().map(|row| row.description.as_deref()).collect();
    assert_eq!(texts, FORMULAS.map(Some));
    let paths: Vec<_> = rows.map(|row| row.frame_path.as_str()).collect();
    assert_eq!((paths[0], paths[9]), ("=0.jpg", "=9.jpg"));
    // The table alone is a folder too, and says the same there.
    fs::remove_file(dir.path().join("records.ndjson")).expect("remove the records");
    let records = tool().arg("export").arg(dir.path());
    let records = records.args(["--to", "ndjson"]).run();
    let records: Vec<Value> = records
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let texts: Vec<_> = records
        .iter()
        .filter(|record| record["type"] == "frame")
        .map(|record| record["description"].as_str())
        .collect();
    assert_eq!(texts, FORMULAS.map(Some));
}
