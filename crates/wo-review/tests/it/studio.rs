//! What Label Studio exports, in each of its forms: taken over, or named with what to do.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::Run;

use crate::harness::{folder, frames, log, picture, tool};

pub(crate) fn import_with(dir: &Path, text: &str, args: &[&str]) -> Run {
    let file = dir.join("tasks.json");
    fs::write(file, text).expect("write tasks");
    let run = tool().current_dir(dir).args(["import", ".", "tasks.json"]);
    run.args(args).run()
}

pub(crate) fn import(dir: &Path, tasks: &Value) -> Run {
    import_with(dir, &tasks.to_string(), &[])
}

/// The address of a frame of the first video.
pub(crate) fn address(index: usize) -> Value {
    json!({"image": format!("/data/local-files/?d={}", picture(0, index))})
}

pub(crate) fn choice(question: &str, choices: &Value) -> Value {
    json!({"from_name": question, "to_name": "image", "type": "choices", "value": {"choices": choices}})
}

pub(crate) fn text(question: &str, text: &Value) -> Value {
    json!({"from_name": question, "to_name": "image", "type": "textarea", "value": {"text": text}})
}

pub(crate) fn task(index: usize, result: &Value) -> Value {
    json!({"id": 100 + index, "data": address(index), "annotations": [{"completed_by": 1, "result": result}]})
}

pub(crate) fn labels(dir: &Path) -> Vec<String> {
    let frames = frames(dir).into_iter();
    let label = |frame: Value| frame["label"].as_str().unwrap_or("none").to_owned();
    frames.map(label).collect()
}

#[test]
fn every_form_of_a_task_is_taken_over() {
    let dir = folder(1, 6);
    let label = choice("label", &json!(["bad"]));
    let said =
        json!({"result": [label], "was_cancelled": null, "completed_by": {"username": "cleo"}});
    let tasks = json!([
        {"data": address(0), "annotations": [said], "predictions": [17, 18]},
        {"data": address(1), "annotations": [said], "predictions": null},
        {"data": address(2), "completions": [said]},
        {"data": address(3), "annotations": null, "predictions": [null]},
        {"data": address(4), "annotations": [null, {"result": null}, {"result": [label], "was_cancelled": true}]},
        {"data": address(5), "annotations": [{"result": [
            choice("label", &json!("Bad form")), choice("faults", &json!(["Knees Cave", "heels_lift"])),
            text("note", &json!("dark")), text("note", &json!(["and", "far"]))]}]},
    ]);
    let run = import(dir.path(), &tasks);
    let said = "tasks.json: 6 tasks, 4 new reviews\nwo-review: tasks.json: 1 answer of skipped tasks is not imported\n";
    assert_eq!(run, Run::new(0, "", said));
    let (bad, good) = ("bad_form", "good_form");
    assert_eq!(labels(dir.path()), [bad, bad, bad, good, good, bad]);
    assert_eq!(
        frames(dir.path())[5]["faults"],
        json!(["heels_lift", "knees_cave"])
    );
    let lines = log(dir.path());
    assert_eq!(lines[0]["reviewer"], "cleo");
    assert_eq!(
        (
            &lines[0]["decision"],
            &lines[0]["n_reviews"],
            &lines[2]["decision"]
        ),
        (&json!(1), &json!(3), &json!(1)),
        "what one person says is one decision"
    );
    let last = &lines[3];
    assert_eq!(
        (&last["reviewer"], &last["new"]["note"]),
        (&json!("label_studio"), &json!("dark\nand\nfar"))
    );
    // A second import adds nothing.
    assert!(import(dir.path(), &tasks).stderr.contains("0 new reviews"));
    assert_eq!(log(dir.path()).len(), 4);
}

#[test]
fn lines_and_the_flat_form_are_read_too() {
    let dir = folder(1, 4);
    let lines: Vec<String> = (0..2)
        .map(|i| task(i, &json!([choice("label", &json!(["unclear"]))])).to_string())
        .collect();
    let run = import_with(
        dir.path(),
        &format!("\u{feff}{}\r\n", lines.join("\r\n")),
        &[],
    );
    assert_eq!(run, Run::new(0, "", "tasks.json: 2 tasks, 2 new reviews\n"));
    let image = |i| address(i)["image"].clone();
    let flat = json!([
        {"id": 1, "image": image(2), "label": "Bad form", "faults": {"choices": ["knees_cave", "heels_lift"]},
            "note": "dark", "annotator": 7, "annotation_id": 3, "created_at": "2026-01-02T03:04:05Z", "lead_time": 1.5},
        {"id": 2, "image": image(3), "label": "Unclear", "note": {"text": ["dark", "far"]}, "annotator": "ben@example.org"},
    ]);
    let run = import(dir.path(), &flat);
    assert_eq!(run, Run::new(0, "", "tasks.json: 2 tasks, 2 new reviews\n"));
    let lines = log(dir.path());
    assert_eq!(
        (&lines[2]["reviewer"], &lines[2]["new"]["faults"]),
        (
            &json!("label_studio 7"),
            &json!(["heels_lift", "knees_cave"])
        )
    );
    assert_eq!(
        (&lines[3]["reviewer"], &lines[3]["new"]["note"]),
        (&json!("ben@example.org"), &json!("dark\nfar"))
    );
    assert_eq!(
        labels(dir.path()),
        ["unclear", "unclear", "bad_form", "unclear"]
    );
}

#[test]
fn one_bad_task_is_one_error() {
    let dir = folder(1, 8);
    let label = |value: &str| choice("label", &json!([value]));
    let long = "x".repeat(5000);
    let tasks = [
        task(0, &json!([choice("label", &json!(["good", "bad"]))])).to_string(),
        task(1, &json!([label("bad"), text("note", &json!(long))])).to_string(),
        r#"{"data": {"image": "a.jpg"}, "annotations": [{"result": [}]}"#.to_owned(),
        r#"{"data": {"image": "a.jpg"}, "annotations": [12]}"#.to_owned(),
        "null".to_owned(),
        json!({"data": {"image": "nowhere.jpg"}, "annotations": []}).to_string(),
        task(
            2,
            &json!([label("good"), choice("faults", &json!(["knees_cave"]))]),
        )
        .to_string(),
        task(3, &json!([label("unclear"), text("note", &json!("cut"))]))
            .to_string()
            .replace("cut", "cut \\ud83d"),
        task(4, &json!([label("unclear")])).to_string(),
    ];
    let run = import_with(dir.path(), &format!("[{}]", tasks.join(",\n")), &[]);
    assert_eq!(run.status, 3);
    let lines: Vec<&str> = run.stderr.lines().collect();
    let expected = [
        "tasks.json: 9 tasks, 3 new reviews",
        "wo-review: tasks.json: 2 tasks cannot be read:",
        "  line 3, task 3: expected value",
        "  line 5, task 5: not a task: `null`",
        "hint: export the tasks again, as JSON",
        "wo-review: tasks.json: 2 tasks are about no frame in .:",
    ];
    assert_eq!(lines[..6], expected, "{}", run.stderr);
    assert!(
        lines[6]
            .starts_with("  line 4, task 4: no frame has the image a.jpg; the nearest is frames_")
    );
    assert!(lines[7].starts_with("  line 6, task 6: no frame has the image nowhere.jpg"));
    let refused = [
        "wo-review: tasks.json: 2 answers are not imported:",
        "  line 1, task 1 (id 100): `label` has two choices, good_form and bad_form, but a frame has one label; keep one, or \
         use --question label=faults if they are faults",
        "  line 2, task 2 (id 101): the note is too long: 5000 characters, at most 4000 are allowed; shorten it",
        "hint: correct them in Label Studio, export and import again; answers are never imported twice",
        "wo-review: tasks.json: 1 answer names faults with another label than bad_form; the faults are ignored:",
        "  line 7, task 7 (id 102): knees_cave",
        "hint: remove the faults or the label in Label Studio, export and import again",
        "wo-review: tasks.json: 1 task has a text with half a character, replaced by �:",
        "  line 8, task 8",
    ];
    assert_eq!(lines[9..], refused, "{}", run.stderr);
    let (good, unclear) = ("good_form", "unclear");
    assert_eq!(
        labels(dir.path())[..6],
        [good, good, good, unclear, unclear, good]
    );
    assert_eq!(log(dir.path())[1]["new"]["note"], "cut \u{fffd}");
}

#[test]
fn a_cut_file_gives_what_stands_before_the_cut() {
    let dir = folder(1, 4);
    let tasks: Vec<String> = (0..4)
        .map(|i| task(i, &json!([choice("label", &json!(["bad"]))])).to_string())
        .collect();
    let whole = format!("[{}]", tasks.join(",\n"));
    let run = import_with(dir.path(), &whole[..whole.len() - 40], &[]);
    let said = "tasks.json: 3 tasks, 3 new reviews\n\
        wo-review: tasks.json: the file is truncated on line 4; 3 tasks before it were read\n\
        hint: export it again and import it again; answers are never imported twice\n";
    assert_eq!(run, Run::new(6, "", said));
    assert_eq!(labels(dir.path())[2..], ["bad_form", "good_form"]);
    // The cure.
    let run = import_with(dir.path(), &whole, &[]);
    assert_eq!(run, Run::new(0, "", "tasks.json: 4 tasks, 1 new review\n"));
    for nothing in ["", "id,label\n1,good\n", "PK\u{3}\u{4}", "\"tasks\""] {
        let run = import_with(dir.path(), nothing, &[]);
        assert_eq!(run.status, 6, "{nothing}: {}", run.stderr);
        assert!(run.stderr.contains("not a JSON export of Label Studio"));
    }
    let run = import_with(dir.path(), "[]", &[]);
    assert_eq!(run, Run::new(0, "", "tasks.json: 0 tasks, 0 new reviews\n"));
}
