//! Pipes and devices in the place of files: refused at once; and the first signal ends whatever is being waited for.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Server, folder, log, picture, tool};

fn pipe(path: &Path) {
    let _ = fs::remove_file(path);
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.expect("run mkfifo").success());
}

/// Puts a device like `/dev/null` there. False where that is not permitted.
fn device(path: &Path) -> bool {
    let _ = fs::remove_file(path);
    let made = Command::new("mknod")
        .arg(path)
        .args(["c", "1", "3"])
        .status();
    made.is_ok_and(|status| status.success())
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_at_once() {
    for name in [
        "records.ndjson",
        "reviews.ndjson",
        "reviews.ndjson.anchor",
        "reviews.ndjson.lock",
        "squat_good_form.csv",
        "trash/records.ndjson",
    ] {
        let dir = folder(1, 3);
        fs::create_dir_all(dir.path().join("trash")).expect("make a folder");
        pipe(&dir.path().join(name));
        let since = Instant::now();
        let run = tool().arg(dir.path()).arg("--no-open").run();
        assert_eq!(run.status, 5, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(", not a "), "{name}: {}", run.stderr);
        assert!(run.stderr.contains(name), "{name}: {}", run.stderr);
        if name != "reviews.ndjson.lock" {
            let export = tool()
                .arg("export")
                .arg(dir.path())
                .args(["--to", "ndjson"])
                .run();
            assert_eq!(export.status, 5, "{name}: {}", export.stderr);
        }
        assert!(since.elapsed() < Duration::from_secs(10), "{name}");
    }
}

#[test]
fn a_device_in_the_place_of_a_file_is_refused_at_once() {
    for name in ["records.ndjson", "reviews.ndjson", "squat_good_form.csv"] {
        let dir = folder(1, 3);
        if !device(&dir.path().join(name)) {
            wo_testkit::skip::not_available("the right to make a device");
            return;
        }
        let run = tool().arg(dir.path()).arg("--no-open").run();
        assert_eq!(run.status, 5, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(", not a "), "{name}: {}", run.stderr);
    }
}

#[test]
fn the_first_signal_ends_the_page_while_it_waits() {
    let dir = folder(1, 3);
    let predictions = dir.path().join("predictions");
    pipe(&predictions);
    // Nobody ever writes into it.
    let path = predictions.to_string_lossy().into_owned();
    let server = Server::start(dir.path(), &["--predictions", &path]);
    let since = Instant::now();
    let (status, stderr) = server.stop_and_read();
    assert!(status.success(), "{stderr}");
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
}

#[test]
fn the_first_signal_ends_the_page_whatever_became_of_the_folder() {
    let dir = folder(1, 3);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    anna.decide("r1", &[0], json!({"label": "bad_form"}));
    pipe(&dir.path().join(picture(0, 1)));
    assert_eq!(anna.get("/picture/x/1").status, 404);
    pipe(&dir.path().join("squat_good_form.csv"));
    pipe(&dir.path().join("records.ndjson"));
    // The thread that writes tables has met them and waits for its next try.
    std::thread::sleep(Duration::from_millis(2500));
    let since = Instant::now();
    let (status, stderr) = server.stop_and_read();
    assert_eq!(status.code(), Some(5), "{stderr}");
    assert!(
        since.elapsed() < Duration::from_secs(4),
        "{:?}",
        since.elapsed()
    );
    assert_eq!(log(dir.path()).len(), 1);
}

/// What a crash leaves of a first decision.
const HALF_A_LINE: &str = r#"{"type":"review","sequence":1,"at":"2026"#;

#[test]
fn a_link_in_the_place_of_the_log_is_not_followed() {
    for ending in ["", ".lock", ".anchor", ".torn"] {
        let dir = folder(1, 3);
        let name = format!("reviews.ndjson{ending}");
        fs::write(dir.path().join("reviews.ndjson"), HALF_A_LINE).expect("write a log");
        let notes = dir.path().join("notes");
        fs::write(&notes, "somebody's own text").expect("write a file");
        let _ = fs::remove_file(dir.path().join(&name));
        symlink(&notes, dir.path().join(&name)).expect("make a link");
        let run = tool().arg(dir.path()).arg("--no-open").run();
        assert_eq!(run.status, 5, "{name}: {}", run.stderr);
        let what = "it is a link, not a file; replace it";
        assert!(run.stderr.contains(what), "{name}: {}", run.stderr);
        assert!(run.stderr.contains(&name), "{name}: {}", run.stderr);
        let text = fs::read_to_string(&notes).expect("read the file");
        assert_eq!(text, "somebody's own text", "{name}");
        if !ending.is_empty() {
            let log = fs::read_to_string(dir.path().join("reviews.ndjson"));
            assert_eq!(log.expect("read the log"), HALF_A_LINE, "{name}");
        }
    }
}

#[test]
fn a_link_to_nothing_makes_no_file() {
    let dir = folder(1, 3);
    let target = dir.path().join("target");
    symlink(&target, dir.path().join("reviews.ndjson")).expect("make a link");
    let run = tool().arg(dir.path()).arg("--no-open").run();
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert!(!target.exists());
}

#[test]
fn a_pipe_is_not_waited_for_when_a_write_is_set_aside() {
    let dir = folder(1, 3);
    fs::write(dir.path().join("reviews.ndjson"), HALF_A_LINE).expect("write a log");
    pipe(&dir.path().join("reviews.ndjson.torn"));
    let run = tool().arg(dir.path()).arg("--no-open").run();
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert!(run.stderr.contains("it is a FIFO, not a file"));
    // Without it the write is set aside.
    fs::remove_file(dir.path().join("reviews.ndjson.torn")).expect("remove the pipe");
    assert!(Server::start(dir.path(), &[]).stop().success());
    let torn = fs::read_to_string(dir.path().join("reviews.ndjson.torn"));
    assert_eq!(torn.expect("read what was set aside"), HALF_A_LINE);
}

#[test]
fn what_has_the_name_of_a_new_anchor_is_replaced() {
    let dir = folder(1, 3);
    let server = Server::start(dir.path(), &[]);
    let anna = server.enter(0);
    let new = dir.path().join("reviews.ndjson.anchor.new");
    let since = Instant::now();
    pipe(&new);
    anna.decide("r1", &[0], json!({"label": "bad_form"}));
    let notes = dir.path().join("notes");
    fs::write(&notes, "somebody's own text").expect("write a file");
    symlink(&notes, &new).expect("make a link");
    anna.decide("r2", &[1], json!({"label": "bad_form"}));
    assert!(since.elapsed() < Duration::from_secs(5));
    let text = fs::read_to_string(&notes).expect("read the file");
    assert_eq!(text, "somebody's own text");
    assert!(server.stop().success());
    assert_eq!(log(dir.path()).len(), 2);
}

#[test]
fn a_file_that_is_no_log_is_refused_and_stays() {
    for text in ["notes of mine\n", "{\"type\":\"begin\"}\n", "x"] {
        let dir = folder(1, 3);
        let path = dir.path().join("reviews.ndjson");
        fs::write(&path, text).expect("write a file");
        for arg in ["--no-open", "--list"] {
            let run = tool().arg(dir.path()).arg(arg).run();
            assert_eq!(run.status, 6, "{text}: {}", run.stderr);
            assert!(run.stderr.contains("only wo-review may write it"));
        }
        assert_eq!(fs::read_to_string(&path).expect("read it"), text);
        assert!(!dir.path().join("reviews.ndjson.torn").exists());
    }
}
