//! Whose words descriptions are in that follow from a decision.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::{TempDir, tempdir};

use crate::harness::{Server, folder, frames, picture, tool};

/// A working directory with a table of one's own.
fn place(table: &str) -> TempDir {
    let dir = tempdir().expect("a folder");
    fs::create_dir(dir.path().join("data")).expect("a folder");
    fs::write(dir.path().join("data/captions.toml"), table).expect("write a table");
    dir
}

const TABLE: &str = "[exercises.squat]\ngood = ['a proud chest']\n\
    [exercises.squat.faults.toes_out]\nobservations = ['toes far out']\n";
const SAID: &str = "wo-review: the captions table in force is data/captions.toml, which adds squat.faults.toes_out; \
    changes squat.good; frames that are described already keep their words until wo-describe runs on them\n";

fn description(dir: &Path, index: usize) -> String {
    frames(dir)[index]["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn the_page_uses_the_table_that_lies_in_the_working_directory() {
    let (cwd, dir) = (place(TABLE), folder(1, 3));
    let server = Server::start_in(cwd.path(), dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r1", &[0], json!({"faults": ["toes_out"]}));
    anna.decide("r2", &[1], json!({"label": "good_form"}));
    let (status, stderr) = server.stop_and_read();
    assert!(status.success());
    assert_eq!(stderr.matches(SAID).count(), 1, "{stderr}");
    assert!(
        description(dir.path(), 0).contains("toes far out"),
        "{}",
        description(dir.path(), 0)
    );
    assert!(description(dir.path(), 1).contains("a proud chest"));
    // A flag names another one.
    fs::write(cwd.path().join("mine.toml"), TABLE.replace("proud", "bold")).expect("write a table");
    let server = Server::start_in(cwd.path(), dir.path(), &["--captions", "mine.toml"]);
    server
        .enter(0)
        .decide("r3", &[2], json!({"label": "good_form"}));
    assert!(server.stop().success());
    assert!(description(dir.path(), 2).contains("a bold chest"));
}

#[test]
fn an_import_uses_it_as_well() {
    let (cwd, dir) = (place(TABLE), folder(1, 1));
    let task = json!({"data": {"image": format!("/data/local-files/?d={}", picture(0, 0))}, "annotations": [{"result": [
        {"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": ["bad_form"]}},
        {"from_name": "faults", "to_name": "image", "type": "choices", "value": {"choices": ["toes_out"]}}]}]});
    let file = dir.path().join("tasks.json");
    fs::write(&file, json!([task]).to_string()).expect("write tasks");
    let import = || {
        let tool = tool().arg("import").arg(dir.path()).arg(&file);
        tool.current_dir(cwd.path()).run()
    };
    let run = import();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.starts_with(SAID), "{}", run.stderr);
    assert!(
        description(dir.path(), 0).contains("toes far out"),
        "{}",
        description(dir.path(), 0)
    );
    fs::write(cwd.path().join("data/captions.toml"), "[exercise]\n").expect("write a table");
    let run = import();
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("line 1: a captions table has no `exercise`; write `exercises`"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_the_built_in_table_made_follows_a_new_label_under_another_table() {
    let (cwd, dir) = (place(TABLE), folder(1, 2));
    let path = dir.path().join("records.ndjson");
    let records = fs::read_to_string(&path).expect("read the records");
    let made = "squat with flat feet, a lifted chest and thighs below parallel";
    let described = records.replace(
        "\"description\":null",
        &format!("\"description\":\"{made}\""),
    );
    assert_ne!(records, described);
    fs::write(&path, described).expect("write the records");
    let server = Server::start_in(cwd.path(), dir.path(), &[]);
    server
        .enter(0)
        .decide("r1", &[0], json!({"label": "bad_form"}));
    assert!(server.stop().success());
    let of: Vec<Value> = frames(dir.path());
    assert_eq!(of[0]["description"], "squat bad form");
    assert_eq!(of[1]["description"], made, "nobody decided");
}
