//! Tables: only what was decided changes in them, and nothing that a person wrote there is lost.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::harness::{Client, Server, folder, log, picture, read, tool};

/// A folder that has only this table.
fn table_alone(name: &str, table: &str) -> wo_testkit::TempDir {
    let dir = folder(1, 3);
    for file in ["records.ndjson", "squat_good_form.csv"] {
        fs::remove_file(dir.path().join(file)).expect("remove a file");
    }
    fs::write(dir.path().join(name), table).expect("write a table");
    dir
}

fn paths(client: &Client) -> Vec<String> {
    let ids = client.queue("queue=all");
    let path = |id: u64| client.frame(id as u32)["path"].as_str().map(str::to_owned);
    ids.into_iter().filter_map(path).collect()
}

fn restart(server: Server, dir: &Path) -> (Server, Client) {
    assert!(server.stop().success());
    let server = Server::start(dir, &[]);
    let client = server.enter(0);
    (server, client)
}

#[test]
fn a_table_alone_keeps_its_bytes_through_deletion_and_undo() {
    let rows: Vec<String> = (0..3)
        .map(|i| format!("\"{}\",good,,x{i}\r\n", picture(0, i)))
        .collect();
    let table = format!(
        "\u{feff}frame_path,label,description,camera\r\n{}",
        rows.concat()
    );
    let dir = table_alone("squat_good.csv", &table);
    let path = dir.path().join("squat_good.csv");
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r0", &[2], json!({"label": "bad_form"}));
    anna.decide("r1", &[0], json!({"deleted": true}));
    let (server, anna) = restart(server, dir.path());
    let now = read(&path);
    assert!(
        !now.contains(&picture(0, 0)) && now.contains(&rows[1]),
        "{now}"
    );
    assert_eq!(anna.queue("queue=trash"), [0]);
    for request in ["u1", "u0"] {
        let undone = anna.post("/api/undo", &json!({"request": request}));
        assert_eq!(undone.expect("an answer").status, 200);
    }
    let (_server, anna) = restart(server, dir.path());
    assert_eq!(anna.queue("queue=all"), [0, 1, 2]);
    let expected = table.replace(
        &rows[2],
        &rows[2].replace('"', "").replace("good,", "good_form,"),
    );
    assert_eq!(
        read(&path),
        expected,
        "the label that came back is written as we write it"
    );
}

#[test]
fn a_table_of_which_all_is_deleted_comes_back() {
    let row = format!("{},good,deep\n", picture(0, 0));
    let table = format!("frame_path,label,description\n{row}");
    let dir = table_alone("squat_good.csv", &table);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r0", &[0], json!({"deleted": true}));
    let (server, anna) = restart(server, dir.path());
    assert_eq!(anna.queue("queue=trash"), [0]);
    let undone = anna.post("/api/undo", &json!({"request": "u0"}));
    assert_eq!(undone.expect("an answer").status, 200);
    let (_server, anna) = restart(server, dir.path());
    assert_eq!(anna.queue("queue=all"), [0]);
    assert_eq!(read(dir.path().join("squat_good.csv")), table);
    assert!(!dir.path().join("trash/squat_good.csv").exists());
}

#[test]
fn frames_of_a_table_are_told_apart_by_their_paths() {
    let names = [
        "20240101120000.jpg",
        "20240101120001.jpg",
        "20240101120002.jpg",
        "squat_1.jpg",
        "squat_01.jpg",
        "a1.jpg",
        "a_1.jpg",
        "b_1.jpg",
        "b_1.png",
        "c.jpg",
    ];
    let rows = names.map(|name| format!("{name},good,\n")).concat();
    let dir = table_alone(
        "squat_good.csv",
        &format!("frame_path,label,description\n{rows}{}", "c.jpg,bad,\n"),
    );
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let before = paths(&anna);
    assert_eq!(before.len(), names.len(), "{before:?}");
    anna.decide("r0", &[0], json!({"deleted": true}));
    anna.decide("r1", &[2], json!({"label": "bad_form"}));
    let (mut server, mut anna) = restart(server, dir.path());
    for _ in 0..2 {
        assert_eq!(paths(&anna), before[1..]);
        let bad: Vec<u64> = anna.queue("queue=all&label=bad_form");
        let bad: Vec<_> = bad
            .iter()
            .map(|&id| anna.frame(id as u32)["path"].clone())
            .collect();
        // Of two rows for one frame the last one counts.
        assert_eq!(bad, [json!(before[2]), json!("c.jpg")]);
        (server, anna) = restart(server, dir.path());
    }
    let (_, said) = server.stop_and_read();
    assert!(
        said.contains("the last row counts") && said.contains("c.jpg"),
        "{said}"
    );
}

#[test]
fn a_picture_in_two_tables_is_one_frame() {
    let table = |label: &str, text: &str| {
        format!(
            "frame_path,label,description\n{},{label},{text}\n",
            picture(0, 0)
        )
    };
    let dir = table_alone("squat_good.csv", &table("good", "deep"));
    fs::write(dir.path().join("other.csv"), table("weird", "odd")).expect("write a table");
    let run = tool()
        .arg("export")
        .arg(dir.path())
        .args(["--to", "csv"])
        .run();
    assert_eq!(run.status, 6, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("two tables contradict each other on 1 frame"),
        "{}",
        run.stderr
    );
    fs::write(dir.path().join("other.csv"), table("good", "deep")).expect("write a table");
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    assert_eq!(anna.queue("queue=all"), [0]);
    anna.decide("r0", &[0], json!({"label": "bad_form"}));
    assert!(server.stop().success());
    for name in ["squat_good.csv", "other.csv"] {
        let now = read(dir.path().join(name));
        assert!(now.contains("bad_form"), "{name}: {now}");
    }
}

#[test]
fn beside_records_other_rows_and_columns_stay() {
    let dir = folder(2, 3);
    let path = dir.path().join("squat_good_form.csv");
    let rows: Vec<String> = (0..6)
        .map(|i| format!("{},good_form,,note {i}\r\n", picture(i / 3, i % 3)))
        .collect();
    let table = format!(
        "frame_path,label,description,comment\r\n{}mine.jpg,good_form,,by hand\r\n",
        rows.concat()
    );
    fs::write(&path, &table).expect("write the table");
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r0", &[4], json!({"label": "bad_form"}));
    anna.decide("r1", &[2], json!({"deleted": true}));
    let (server, anna) = restart(server, dir.path());
    let left = table.replace(&rows[4], "").replace(&rows[2], "");
    assert_eq!(read(&path), left);
    let bad = read(dir.path().join("squat_bad_form.csv"));
    assert!(bad.contains(",bad_form,squat bad form,note 4\r\n"), "{bad}");
    for request in ["u1", "u0"] {
        anna.post("/api/undo", &json!({"request": request}))
            .expect("an answer");
    }
    assert!(server.stop().success());
    assert_eq!(read(&path), table, "each row is where it was");
    assert!(!dir.path().join("squat_bad_form.csv").exists());
}

#[test]
fn a_reviewed_frame_that_was_edited_by_hand_is_named() {
    let dir = folder(1, 2);
    let path = dir.path().join("squat_bad_form.csv");
    let server = Server::start(dir.path(), &[]);
    server
        .enter(0)
        .decide("r0", &[1], json!({"label": "bad_form"}));
    assert!(server.stop().success());
    let edited = read(&path).replace(",bad_form,", ",unclear,");
    fs::write(&path, edited).expect("write the table");
    let server = Server::start(dir.path(), &[]);
    assert_eq!(server.enter(0).frame(1)["label"], "bad_form");
    let (_, said) = server.stop_and_read();
    let named = format!("reviews of 1 frame; the reviews count: {}", picture(0, 1));
    assert!(said.contains(&named), "{said}");
    assert_eq!(log(dir.path()).len(), 1);
}

#[test]
fn who_only_writes_a_note_leaves_the_label_to_the_table() {
    let dir = folder(1, 3);
    let path = dir.path().join("squat_good_form.csv");
    let row = |label: &str| format!("{},{label},", picture(0, 0));
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r0", &[0], json!({"note": "is this deep enough?"}));
    // Beside the open page, and after it.
    let mut labels = vec!["bad_form", "good_form", "bad_form"].into_iter();
    let mut edit = |now: &str| {
        let next = labels.next().expect("a label");
        let edited = read(&path).replace(&row(now), &row(next));
        fs::write(&path, &edited).expect("edit the table");
        (next, edited)
    };
    let (label, edited) = edit("good_form");
    let (server, anna) = restart(server, dir.path());
    assert_eq!(read(&path), edited);
    assert_eq!(anna.frame(0)["label"], label);
    assert_eq!(anna.frame(0)["note"], "is this deep enough?");
    assert!(server.stop().success());
    let (label, edited) = edit(label);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    assert_eq!(anna.frame(0)["label"], label);
    anna.decide("r1", &[0], json!({"description": "thighs parallel"}));
    let (server, anna) = restart(server, dir.path());
    assert_eq!(
        read(&path),
        edited.replace(&row(label), &format!("{}thighs parallel", row(label)))
    );
    anna.decide("r2", &[0], json!({"label": "unclear"}));
    assert!(server.stop().success());
    let (_, _) = edit("unclear");
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    assert_eq!(
        anna.frame(0)["label"],
        "unclear",
        "a decision counts more than a row"
    );
}
