//! The program that scripts/gpu-check sends to another machine: what it does before it needs torch.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::files::root;

/// A folder as scripts/gpu-check makes it, with one file beside the program.
fn package() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let runner = folder.path().join("gpu-check");
    fs::copy(root().join("scripts/gpu_check.py"), runner).expect("copied");
    fs::write(folder.path().join("weights"), "whole").expect("written");
    let done = python(&root().join("scripts/gpu_check_manifest.py"))
        .arg(folder.path())
        .args(["commit", "2.35"])
        .status();
    assert!(done.expect("python3 is there").success());
    folder
}

fn python(program: &Path) -> Command {
    let mut command = Command::new("python3");
    command.arg("-B").arg(program);
    command
}

/// Runs one check of each outcome, and gives the exit code, the report in words and its rows.
fn self_check(package: &Path) -> (Option<i32>, String, Vec<Value>) {
    let report = package.join("report");
    let done = python(&package.join("gpu-check"))
        .arg("--self-check")
        .arg(&report)
        .output();
    let done = done.expect("python3 is there");
    let read = |name: &str| fs::read_to_string(report.join(name)).expect("written");
    let rows: Value = serde_json::from_str(&read("report.json")).expect("JSON");
    let rows = rows["checks"].as_array().expect("rows").clone();
    (done.status.code(), read("report.md"), rows)
}

fn outcome(rows: &[Value], name: &str) -> (String, String) {
    let row = rows.iter().find(|row| row["name"] == name);
    let row = row.unwrap_or_else(|| panic!("no {name} in {rows:?}"));
    let text = |key: &str| row[key].as_str().expect("text").to_owned();
    (text("outcome"), text("why"))
}

#[test]
fn the_report_names_each_outcome_with_its_reason() {
    let package = package();
    let (code, words, rows) = self_check(package.path());
    assert_eq!(code, Some(1), "one check failed");
    let of = |name| outcome(&rows, name);
    let own = |outcome: &str, why: &str| (outcome.to_owned(), why.to_owned());
    assert_eq!(of("files"), own("pass", ""));
    assert_eq!(of("below"), own("pass", ""));
    assert_eq!(of("over"), own("fail", "a 2e-05, at most 1e-05"));
    assert_eq!(of("not a number"), own("fail", "a nan, at most 1e-05"));
    assert_eq!(of("no reason"), own("skipped", "no GPU"));
    assert_eq!(of("breaks"), own("fail", "KeyError: 'on purpose'"));
    assert!(words.contains("2 passed, 3 failed, 1 skipped."), "{words}");
    assert!(
        words.contains("| below | pass | 0.0 | a\\|b 1e-06 |"),
        "{words}"
    );
}

#[test]
fn a_damaged_and_a_missing_file_fail() {
    let package = package();
    fs::write(package.path().join("weights"), "whols").expect("written");
    let (_, _, rows) = self_check(package.path());
    let (failed, why) = outcome(&rows, "files");
    assert_eq!(failed, "fail");
    assert!(why.starts_with("weights is damaged; "), "{why}");
    fs::remove_file(package.path().join("weights")).expect("removed");
    let (_, _, rows) = self_check(package.path());
    assert!(outcome(&rows, "files").1.starts_with("weights is missing"));
}

#[test]
fn without_torch_it_says_what_helps() {
    let package = package();
    // -S hides what is installed, so that this Python has no torch; no other one is on the path.
    let done: Output = Command::new("python3")
        .args(["-B", "-S", "-I", "-c"])
        .arg("import runpy, os, sys; os.environ.clear(); os.environ['PATH'] = '/nowhere'; os.access = lambda *_: False; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')")
        .arg(package.path().join("gpu-check"))
        .output()
        .expect("python3 is there");
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("has no torch"), "{stderr}");
    assert!(
        stderr.contains("hint: path/to/python gpu-check"),
        "{stderr}"
    );
}
