//! Limits that a shell sets: the tool works within them, or names the one that is too small.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::harness::{read, test_worker};
use crate::sandbox::NOBODY;
use crate::videos;

/// What came of a run.
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs `wo-extract` with `args` after `ulimit` with `limits`.
fn run(dir: &Path, limits: &str, args: &str) -> Ran {
    run_as(dir, None, limits, args)
}

fn run_as(dir: &Path, user: Option<u32>, limits: &str, args: &str) -> Ran {
    let tool = env!("CARGO_BIN_EXE_wo-extract");
    let mut shell = Command::new("bash");
    shell
        .arg("-c")
        .arg(format!("ulimit {limits} && exec {tool} {args}"))
        .current_dir(dir);
    if let Some(user) = user {
        shell.uid(user);
    }
    let output = shell.output().unwrap();
    Ran {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn within_smaller_limits_the_frames_are_the_same() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/a.mp4"), 8, "ball");
    videos::plain(&dir.path().join("v/b.mp4"), 5, "snow");
    let args = "v --size=64 -j2";
    let free = run(dir.path(), "-c 0", args);
    assert_eq!(free.status, Some(0), "{}", free.stderr);
    assert_eq!(read(&free.stdout).frames.len(), 8 + 5);
    for limits in [
        "-v 3000000",
        "-v 800000",
        "-d 400000",
        "-n 63",
        "-n 40",
        "-Sn 40",
        "-s 1000000",
        "-s 512",
        "-Ss 256",
        "-s unlimited",
        "-f 0",
        "-t 60",
        "-l 0",
        "-m 1000",
    ] {
        let ran = run(dir.path(), limits, args);
        assert_eq!(ran.status, Some(0), "{limits}: {}", ran.stderr);
        assert!(ran.stdout == free.stdout, "{limits}");
    }
}

#[test]
fn a_limit_that_is_too_small_is_named() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 4, "ball");
    for (limits, value) in [
        ("-v 500000", "ulimit -v allows 500000 KiB of memory"),
        ("-d 50000", "ulimit -d allows 50000 KiB of memory"),
        ("-n 32", "ulimit -n allows 32 open files"),
        ("-s 256", "ulimit -s allows 256 KiB of stack"),
    ] {
        let ran = run(dir.path(), limits, "a.mp4 --size=64");
        assert_eq!(ran.status, Some(4), "{limits}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{limits}");
        let flag = limits.split(' ').next().unwrap();
        for part in [
            value,
            "decoding needs",
            &format!("hint: run ulimit {flag} "),
        ] {
            assert!(ran.stderr.contains(part), "{limits}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_user_who_may_start_no_thread_is_told_so() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 4, "ball");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    // Root's programs have no such limit.
    let is_root = dir.path().metadata().unwrap().uid() == 0;
    let user = is_root.then_some(NOBODY);
    let ran = run_as(dir.path(), user, "-u 1", "a.mp4 --size=64");
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("ulimit -u is 1"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
}

#[test]
fn a_decoder_that_a_limit_ends_says_which() {
    let dir = wo_testkit::tempdir().unwrap();
    let worker = test_worker(dir.path(), "worker");
    std::fs::write(dir.path().join("work.mp4"), "wo-test work 20000\n").unwrap();
    std::fs::write(dir.path().join("abort.mp4"), "wo-test abort\n").unwrap();
    for (limits, file, value) in [
        ("-t 1", "work.mp4", "ulimit -t is 1"),
        ("-v 2000000", "abort.mp4", "ulimit -v is 2000000"),
    ] {
        let args = format!("{file} --worker {worker} --stall-timeout=60");
        let ran = run(dir.path(), limits, &args);
        assert_eq!(ran.status, Some(3), "{limits}: {}", ran.stderr);
        let stream = read(&ran.stdout);
        assert_eq!(stream.only_error(), "crashed");
        let what = &stream.errors[0].what;
        assert!(what.contains(value), "{limits}: {what}");
    }
}

#[test]
fn a_file_that_may_not_grow_is_an_error_of_its_write() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("a.mp4"), 8, "snow");
    let ran = run(dir.path(), "-f 1", "a.mp4 --out out");
    assert_eq!(ran.status, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("File too large"), "{}", ran.stderr);
}
