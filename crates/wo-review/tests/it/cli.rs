//! What the command line answers.

use wo_testkit::tempdir;

use crate::harness::{folder, tool};

#[test]
fn help_tells_what_it_does() {
    let run = tool().arg("--help").run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn a_folder_without_frames_is_refused_with_a_hint() {
    let dir = tempdir().expect("make a folder");
    let run = tool().arg(dir.path()).run();
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains(
            "has neither records.ndjson nor a CSV with frames\nhint: wo-extract writes them"
        ),
        "{}",
        run.stderr
    );
    assert_eq!(tool().arg(dir.path().join("nowhere")).run().status, 2);
    assert_eq!(tool().args(["--queue", "nonsense"]).run().status, 2);
    assert_eq!(tool().args(["--key", "nonsense"]).run().status, 2);
}

#[test]
fn a_cut_stream_and_a_bad_line_are_refused() {
    let dir = folder(1, 1);
    let records = dir.path().join("records.ndjson");
    let text = std::fs::read_to_string(&records).expect("read the records");
    for broken in [
        text.replace("\"type\":\"end\"", "\"type\":\"other\""),
        text.replace("{\"type\":\"end\"", "nonsense"),
    ] {
        std::fs::write(&records, broken).expect("write the records");
        let run = tool().arg(dir.path()).run();
        assert_eq!(run.status, 6, "{}", run.stderr);
    }
}

#[test]
fn a_full_device_and_a_reader_that_left_are_told_apart() {
    let dir = folder(1, 2);
    let export = || {
        tool()
            .arg("export")
            .arg(dir.path())
            .args(["--to", "ndjson"])
    };
    assert_eq!(export().into_dev_full().status, 5);
    let many = folder(40, 40);
    let run = tool()
        .arg("export")
        .arg(many.path())
        .args(["--to", "ndjson"])
        .into_closed_pipe();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}
