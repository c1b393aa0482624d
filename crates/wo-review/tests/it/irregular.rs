//! Pipes and devices in the place of files: refused at once; and the first signal ends whatever is being waited for.

use std::fs;
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
        if !name.ends_with(".lock") {
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
