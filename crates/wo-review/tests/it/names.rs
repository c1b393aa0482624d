//! Names that are too long are refused where they enter, and one that is in an old log stops nothing.

use std::fs;

use serde_json::{Value, json};
use wo_label::Chain;
use wo_record::{Judgement, Name, Review};

use crate::harness::{Server, folder, frames, log, picture, read, tool, video_id};

/// The names of all files directly in a folder.
fn names(dir: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("read the folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.collect()
}

#[test]
fn a_label_or_fault_of_the_page_has_at_most_a_hundred_bytes() {
    let dir = folder(1, 4);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let long = "a".repeat(300);
    let umlauts = "ä".repeat(51);
    for (i, change) in [
        json!({"label": long}),
        json!({"label": umlauts}),
        json!({"faults": ["knees_cave", long]}),
        json!({"label": "bad_form", "faults": [umlauts]}),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"request": format!("r{i}"), "frames": [0], "change": change});
        let answer = anna.post("/api/decide", &body).expect("an answer");
        assert_eq!(answer.status, 400, "{change}");
        assert!(answer.text().contains("at most 100"), "{}", answer.text());
    }
    let longest = "b".repeat(100);
    anna.decide("good", &[1], json!({"label": longest}));
    anna.decide("other", &[2], json!({"label": "bad_form"}));
    assert!(server.stop().success());
    assert_eq!(log(dir.path()).len(), 2);
    assert_eq!(frames(dir.path())[1]["label"], longest);
    let table = read(dir.path().join(format!("squat_{longest}.csv")));
    assert!(table.contains(&picture(0, 1)), "{table}");
}

#[test]
fn a_long_label_of_an_older_log_stops_no_table() {
    let dir = folder(1, 4);
    let mut chain = Chain::default();
    let lines = [(0, "a".repeat(300)), (1, "bad_form".to_owned())].map(|(index, label)| {
        let json = json!({
            "sequence": 0, "at": "2026-03-01T09:30:00Z", "reviewer": "anna", "decision": index + 1, "n_reviews": 1,
            "video_id": video_id(0), "index": index, "says": ["label"], "old": {}, "new": {}, "previous": "",
        });
        let mut review: Review = serde_json::from_value(json).expect("a review");
        review.new = Judgement {
            label: Some(Name::label(&label)),
            ..Judgement::default()
        };
        chain.seal(&mut review).expect("a line")
    });
    fs::write(dir.path().join("reviews.ndjson"), lines.concat()).expect("write the log");
    for _ in 0..2 {
        let (status, stderr) = Server::start(dir.path(), &[]).stop_and_read();
        assert!(status.success(), "{stderr}");
    }
    let labels: Vec<Value> = frames(dir.path())
        .iter()
        .map(|it| it["label"].clone())
        .collect();
    let fitted = wo_label::fitted_name(&"a".repeat(300)).into_owned();
    assert_eq!(
        labels[..3],
        [json!(fitted), json!("bad_form"), json!("good_form")]
    );
    let bad = read(dir.path().join("squat_bad_form.csv"));
    assert!(bad.contains(&picture(0, 1)), "{bad}");
    let names = names(dir.path());
    let long = names
        .iter()
        .find(|it| it.starts_with("squat_aaaa"))
        .expect("its table");
    assert!(long.len() < 120, "{long}");
}

#[test]
fn long_names_in_tables_and_flags_are_named() {
    let dir = folder(1, 3);
    let path = dir.path().join("squat_good_form.csv");
    let table = read(&path)
        .replacen(",good_form,\n", &format!(",{},,\n", "c".repeat(101)), 1)
        .replace("description\n", "description,faults\n")
        .replace(
            ",good_form,\n",
            &format!(",bad_form,,{}\n", "d".repeat(101)),
        );
    fs::write(&path, table).expect("write the table");
    let (status, stderr) = Server::start(dir.path(), &[]).stop_and_read();
    assert!(status.success(), "{stderr}");
    assert!(
        stderr.contains("squat_good_form.csv:2: a label or fault is longer than 100 bytes"),
        "{stderr}"
    );
    assert!(stderr.contains("(3 rows like it)"), "{stderr}");
    let long = "e".repeat(101);
    for args in [
        vec!["--reviewer".to_owned(), long.clone()],
        vec!["--reviewer".to_owned(), " ".to_owned()],
        vec!["--key".to_owned(), format!("{long}=k")],
    ] {
        let run = tool().arg(dir.path()).arg("--no-open").args(&args).run();
        assert_eq!(run.status, 2, "{args:?}: {}", run.stderr);
    }
    let run = tool()
        .arg("import")
        .arg(dir.path())
        .args(["tasks.json", "--label", &format!("x={long}")])
        .run();
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("at most 100 bytes"), "{}", run.stderr);
}
