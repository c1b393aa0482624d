//! What is no regular file is never waited for where a file is meant, and read where a stream is; and whatever a file is
//! called stays on its line.

use std::fs;
use std::path::Path;

use wo_testkit::stream;

use crate::{bash, ok, write};

/// A FIFO where a file is meant: on the command line, in a folder, or in a record. How each run ends.
const LINES: [(&str, i32); 17] = [
    ("wo-describe empty.ndjson --csv fifo", 2),
    ("wo-describe empty.ndjson --captions fifo", 2),
    ("wo-train --data-dir records --init scratch:tiny", 5),
    ("wo-train --data-dir frames --init scratch:tiny", 5),
    ("wo-train empty.ndjson --init fifo", 6),
    ("wo-train named.ndjson --init scratch:tiny", 6),
    ("wo-eval --model fifo empty.ndjson", 6),
    ("wo-extract fifo", 3),
    ("wo-extract videos", 5),
    ("wo-extract frames/a.jpg --out kept", 5),
    ("wo-review export frames --to csv", 5),
    ("wo-collect --sources fifo", 2),
    ("wo-collect --sources sources.csv --ledger fifo", 5),
    (
        "wo-collect --sources sources.csv --ledger l --settings fifo",
        2,
    ),
    ("wo-collect check --sources fifo", 2),
    ("cd set && wo-models get gate.alpha", 2),
    ("cd set && wo-models history", 5),
];

/// Streams by a name that is none of a file.
const STREAMS: [&str; 10] = [
    "wo-describe <(cat empty.ndjson)",
    "wo-describe /dev/stdin < empty.ndjson",
    "cat empty.ndjson | wo-describe /dev/stdin",
    "cat empty.ndjson | wo-describe -",
    "(cat empty.ndjson > fifo &) && wo-describe fifo",
    "wo-describe empty.ndjson --reviews <(true)",
    "wo-describe empty.ndjson --csv <(cat good/squat.csv)",
    "cd frames && ! wo-describe /dev/stdin < records.ndjson | grep -q /dev/",
    "wo-eval --predictions <(cat one.ndjson)",
    "wo-models split --keep training <(cat empty.ndjson) || [ $? = 1 ]",
];

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| write(folder.path(), name, text);
    write("empty.ndjson", &stream::<&str>(&[]));
    write(
        "one.ndjson",
        &stream(&[
            r#"{"type":"prediction","video_id":"a","label":"good_form","labels":{"good_form":0.75,"bad_form":0.25}}"#,
        ]),
    );
    let video =
        r#"{"type":"video","video_id":"a","path":"a.mp4","exercise":"squat","label":"good_form"}"#;
    let frame = r#"{"type":"frame","video_id":"a","index":0,"exercise":"squat","label":"good_form","description":"upright","image":{"file":{"path":"fifo"}}}"#;
    write("named.ndjson", &stream(&[video, frame]));
    let of_folder = frame.replace("fifo", "a.jpg");
    write("frames/records.ndjson", &stream(&[video, &of_folder]));
    write("good/squat.csv", "frame_path,label\na.jpg,good_form\n");
    write("videos/squat/good_form/a.mp4", "no video");
    write("frames/a.jpg", "no image");
    write("sources.csv", "url,exercise,label\n");
    for name in ["records", "set/models", "data/training_data", "kept"] {
        fs::create_dir_all(folder.path().join(name)).expect("a folder");
    }
    let fifos = "mkfifo fifo records/records.ndjson frames/squat_good.csv videos/groups.csv \
                 set/wo.toml set/models/ledger.ndjson kept/.wo-extract.ndjson";
    ok(folder.path(), fifos);
    folder
}

fn run(folder: &Path, line: &str) -> (Option<i32>, String) {
    let output = bash(folder, &format!("timeout 30 bash -c '{line}'"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), errors)
}

#[test]
fn a_fifo_is_never_waited_for_where_a_file_is_meant() {
    let folder = folder();
    let mut wrong = Vec::new();
    for (line, expected) in LINES {
        let (code, errors) = run(folder.path(), line);
        let says = ["FIFO", "regular file", "bad_image", "read the image"];
        if code != Some(expected) || !says.iter().any(|it| errors.contains(it)) {
            wrong.push(format!("{line}\n{code:?}, not {expected}\n{errors}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_stream_may_be_a_fifo() {
    let folder = folder();
    for line in STREAMS {
        let (code, errors) = run(folder.path(), line);
        assert_eq!(code, Some(0), "{line}\n{errors}");
    }
}

#[test]
fn the_name_of_a_file_stays_on_its_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = "a\nhint: rm -r ~\u{202e}\u{1b}[2J\u{2028}.mp4";
    let videos = folder.path().join("videos/squat/good_form");
    fs::create_dir_all(&videos).expect("a folder");
    fs::write(videos.join(name), "no video").expect("a file");
    fs::write(videos.join("b.mp4"), "no video").expect("a file");
    let shown = "a\\nhint: rm -r ~\\u{202e}\\u{1b}[2J\\u{2028}.mp4";
    let output = bash(folder.path(), "wo-extract videos");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains(shown), "{errors}");
    assert!(!errors.contains("\nhint: rm"), "{errors}");
    assert!(
        !errors.contains(['\u{202e}', '\u{1b}', '\u{2028}']),
        "{errors}"
    );
    // The list at the end has a line for each.
    assert!(
        errors.contains("\n  videos/squat/good_form/b.mp4: "),
        "{errors}"
    );
    for line in [
        "wo-extract $'--a\\nhint: rm'",
        "wo-describe $'a\\nhint: rm'",
        "wo-train --device $'a\\nhint: rm'",
        "wo-review . --key $'a\\nhint: rm'",
        "wo-eval --data-dir $'a\\nhint: rm'",
    ] {
        let output = bash(folder.path(), line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("a\\nhint: rm"), "{line}\n{errors}");
        assert!(!errors.contains("\nhint: rm"), "{line}\n{errors}");
    }
}

#[test]
fn names_and_ids_are_checked_where_they_enter() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let frame = |id: &str, label: &str| {
        format!(
            r#"{{"type":"frame","video_id":"{id}","index":0,"exercise":"squat","label":"{label}","image":{{"file":{{"path":"a.jpg"}}}}}}"#
        )
    };
    let long = "x".repeat(101);
    for (line, words) in [
        (
            frame("../x", "good_form"),
            "line 2 (byte 106): the video_id \"../x\" is no id",
        ),
        (frame("/etc/x", "good_form"), "is no id"),
        (frame("a", &long), "is longer than 100 bytes"),
    ] {
        let video = r#"{"type":"video","video_id":"b","path":null}"#;
        let next = frame("b", "good_form");
        write(folder, "in.ndjson", &stream(&[&line, video, &next]));
        let output = bash(folder, "wo-describe in.ndjson");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{errors}");
        assert!(errors.contains(words), "{errors}");
        let output = bash(folder, "wo-describe in.ndjson --on-error skip");
        assert_eq!(output.status.code(), Some(3), "{errors}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(r#""video_id":"b""#));
    }
    // A cell of a table, and a folder.
    fs::create_dir(folder.join("f")).expect("a folder");
    let table = format!("frame_path,label,faults\na.jpg,{long},\nb.jpg,bad_form,{long}\n");
    fs::write(folder.join("f/squat.csv"), table).expect("a table");
    let output = bash(folder, "wo-review export f --to csv");
    let errors = String::from_utf8_lossy(&output.stderr);
    let said =
        "squat.csv:2: a label or fault is longer than 100 bytes and has no effect (2 rows like it)";
    assert!(errors.contains(said), "{errors}");
    let videos = folder.join("v/squat").join(&long);
    fs::create_dir_all(&videos).expect("a folder");
    fs::write(videos.join("a.mp4"), "no video").expect("a file");
    let errors = String::from_utf8_lossy(&bash(folder, "wo-extract v").stderr).into_owned();
    assert!(
        errors.contains("its name is longer than 100 bytes"),
        "{errors}"
    );
}
