//! The wiring of the binary: flags, files, exit codes.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn tool(args: &[&str], out: Option<&Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wo-synth"));
    command.args(args);
    if let Some(out) = out {
        command.arg("--out").arg(out);
    }
    command
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = String::from_utf8(bytes.to_vec()).expect("records are UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

fn types(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["type"].as_str().expect("each record has a type"))
        .collect()
}

fn ok(output: Output) -> Vec<u8> {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    output.stdout
}

#[test]
fn help_names_every_flag() {
    let help = String::from_utf8(ok(tool(&["--help"], None).output().unwrap())).unwrap();
    for flag in [
        "--out",
        "--videos-per-class",
        "--exercises",
        "--persons",
        "--stills",
        "--still-size",
        "--seed",
        "--threads",
    ] {
        assert!(help.contains(flag), "{flag} is not in:\n{help}");
    }
}

#[test]
fn an_unknown_exercise_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("x");
    let output = tool(&["--exercises", "squat,juggling"], Some(&out))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("juggling"));
    assert!(!out.exists());
}

#[test]
fn a_tiny_run_writes_videos_groups_and_truth() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let stdout = ok(tool(
        &[
            "--exercises",
            "squat",
            "--videos-per-class",
            "1",
            "--seed",
            "7",
        ],
        Some(out),
    )
    .output()
    .unwrap());
    let records = lines(&stdout);
    assert_eq!(types(&records), ["begin", "truth", "truth", "end"]);
    assert_eq!(fs::read(out.join("truth.ndjson")).unwrap(), stdout);

    let groups = fs::read_to_string(out.join("groups.csv")).unwrap();
    let rows: Vec<&str> = groups.lines().collect();
    assert_eq!(rows[0], "path,person_id,source_id,angle");
    let mut labels = Vec::new();
    for (row, truth) in rows[1..].iter().zip(&records[1..3]) {
        let path = truth["path"].as_str().unwrap();
        let words = ["person_id", "scene_id", "angle"].map(|field| truth[field].as_str().unwrap());
        assert_eq!(*row, format!("{path},{}", words.join(",")));
        assert!(fs::metadata(out.join(path)).unwrap().len() > 10_000);
        let number = path.rsplit('/').next().unwrap();
        let folder = match truth["faults"].as_array().unwrap().as_slice() {
            [] => "squat/good_form".to_owned(),
            [fault] => format!("squat/bad_form/{}", fault.as_str().unwrap()),
            faults => panic!("{faults:?}"),
        };
        assert_eq!(path, format!("{folder}/{number}"));
        labels.push(truth["label"].as_str().unwrap().to_owned());
    }
    labels.sort();
    assert_eq!(labels, ["bad_form", "good_form"]);
}

#[test]
fn stills_come_with_the_records_of_an_extractor() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "--exercises",
        "deadlift",
        "--videos-per-class",
        "1",
        "--stills",
        "2",
        "--still-size",
        "64",
    ];
    let stdout = ok(tool(&args, Some(folder.path())).output().unwrap());
    assert_eq!(types(&lines(&stdout)), ["begin", "truth", "truth", "end"]);
    let records = lines(&fs::read(folder.path().join("records.ndjson")).unwrap());
    assert_eq!(
        types(&records),
        [
            "begin", "video", "frame", "pose", "frame", "pose", "video", "frame", "pose", "frame",
            "pose", "end"
        ]
    );
    assert_eq!(
        (&records[11]["n_videos"], &records[11]["n_frames"]),
        (&Value::from(2), &Value::from(4))
    );
    for frame in records.iter().filter(|record| record["type"] == "frame") {
        let path = frame["image"]["file"]["path"].as_str().unwrap();
        let picture = image::open(folder.path().join(path)).unwrap();
        assert_eq!((picture.width(), picture.height()), (64, 64));
        assert_eq!(frame["label_origin"], "synth");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, threads: &str| {
        let args = [
            "--videos-per-class",
            "1",
            "--stills",
            "1",
            "--still-size",
            "48",
            "-j",
            threads,
        ];
        ok(tool(&args, Some(&folder.path().join(name)))
            .output()
            .unwrap());
        fs::read(folder.path().join(name).join("records.ndjson")).unwrap()
    };
    // The records hold the hash of each picture.
    assert_eq!(run("one", "1"), run("four", "4"));
}

#[test]
fn the_same_seed_gives_the_same_videos_a_second_later() {
    let folder = tempfile::tempdir().unwrap();
    let video = |name: &str, threads: &str| {
        let out = folder.path().join(name);
        let args = [
            "--exercises",
            "squat",
            "--videos-per-class",
            "1",
            "-j",
            threads,
        ];
        ok(tool(&args, Some(&out)).output().unwrap());
        let mut drawn = fs::read_dir(out.join("squat/good_form")).unwrap();
        fs::read(drawn.next().unwrap().unwrap().path()).unwrap()
    };
    let first = video("first", "1");
    // The clock in an mp4 file counts seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(first == video("second", "2"), "the bytes differ");
}

#[test]
fn a_full_disk_on_stdout_is_an_io_error() {
    let folder = tempfile::tempdir().unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let args = ["--videos-per-class", "1", "--stills", "1"];
    let output = tool(&args, Some(folder.path()))
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("wo-synth: write the output"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "--videos-per-class",
        "1",
        "--stills",
        "1",
        "--still-size",
        "32",
    ];
    let mut child = tool(&args, Some(folder.path()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn records_alone_name_images_that_do_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "--records-only",
        "3",
        "--videos-per-class",
        "2",
        "--exercises",
        "squat",
    ];
    let run = || {
        tool(&args, None)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let stdout = ok(run());
    assert_eq!(stdout, ok(run()), "the seed decides");
    let records = lines(&stdout);
    let video = ["video", "frame", "frame", "frame"];
    let expected = [&["begin"][..], &video, &video, &video, &video, &["end"]].concat();
    assert_eq!(types(&records), expected);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    for frame in records.iter().filter(|it| it["type"] == "frame") {
        assert_eq!(frame["exercise"], "squat");
        let path = frame["image"]["file"]["path"].as_str().expect("a path");
        assert!(path.starts_with("frames/squat_00000"), "{path}");
    }
    let both = tool(&args, Some(folder.path())).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
}
