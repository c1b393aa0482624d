//! A hostile plugin of GStreamer, in the real worker: it tries every system call that there is, and nothing outside may
//! change. Run as root and as an ordinary user, with namespaces and without.

mod outside;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{command, read};
use crate::sandbox::{NOBODY, on_kernel_without};
use crate::videos;
use outside::Outside;

/// So many calls the plugin tries at least; a plugin that gave up early would find nothing.
const N_CALLS: u64 = 5000;

/// Builds the plugin, under the name of one that decodes AV1.
fn compile(dir: &Path, outside: &Outside) {
    let flags = Command::new("pkg-config")
        .args(["--cflags", "--libs", "gstreamer-1.0"])
        .output()
        .unwrap();
    let flags = String::from_utf8(flags.stdout).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/breakout/plugin.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
        .arg(dir.join("libgstdav1d.so"))
        .arg(source)
        .args(outside.defines())
        .args(flags.split_whitespace())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{message}");
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Whether this machine gives namespaces to `user`.
fn gives_namespaces(user: Option<u32>) -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(["-Urmipnf", "true"]);
    if let Some(user) = user {
        unshare.uid(user);
    }
    unshare.output().is_ok_and(|output| output.status.success())
}

/// Decodes a video as `user`, with the plugin, where the kernel does not have `calls`.
fn attack(dir: &Path, user: Option<u32>, calls: &[i64], mode: &str) -> Output {
    on_kernel_without(calls, || {
        let mut tool = command(dir, &["a.mp4", "-v", "--size=64", "-j1", mode]);
        tool.env("GST_PLUGIN_PATH", dir)
            .env("TMPDIR", dir.join("scratch"))
            .env("XDG_CACHE_HOME", dir.join("none/such"));
        if let Some(user) = user {
            tool.uid(user);
        }
        tool.output().unwrap()
    })
}

fn assert_locked_in(user: Option<u32>, calls: &[i64], mode: &str) {
    let dir = wo_testkit::tempdir().unwrap();
    let dir = dir.path();
    let set_mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode(dir, 0o755);
    std::fs::create_dir(dir.join("scratch")).unwrap();
    set_mode(&dir.join("scratch"), 0o777);
    // A file, in whose place no folder of a cache can be made: each run reads the plugins anew.
    std::fs::write(dir.join("none"), "").unwrap();
    videos::plain(&dir.join("a.mp4"), 4, "ball");
    let outside = Outside::new(dir, user);
    compile(dir, &outside);
    let before = outside.state();
    let output = attack(dir, user, calls, mode);
    let messages = String::from_utf8(output.stderr).unwrap();
    let what = format!("{user:?} without {calls:?}");
    let came_of_it: Vec<&str> = messages
        .lines()
        .filter(|line| line.contains("ESCAPED") || line.contains("REACHED"))
        .collect();
    assert!(came_of_it.is_empty(), "{what}: {came_of_it:#?}");
    let n_tried = messages
        .lines()
        .find_map(|line| line.split_once("TRIED ")?.1.parse().ok());
    assert!(n_tried > Some(N_CALLS), "{what}: {messages}");
    assert_eq!(outside.state(), before, "{what}");
    // It decodes all the same.
    let stream = read(&output.stdout);
    assert_eq!(stream.frames.len(), 4, "{what}: {messages}");
    let parts: Vec<&str> = stream.sandbox.split('+').collect();
    assert!(parts.contains(&"seccomp"), "{what}: {parts:?}");
    assert_eq!(
        parts.iter().any(|part| part.starts_with("landlock")),
        mode == "--sandbox=require",
        "{what}: {parts:?}"
    );
    let n_namespaces = parts.iter().filter(|part| part.ends_with("ns")).count();
    if calls.contains(&libc::SYS_unshare) {
        assert_eq!(n_namespaces, 0, "{what}: {parts:?}");
    } else if gives_namespaces(user) {
        assert_eq!(n_namespaces, 5, "{what}: {parts:?}");
    } else {
        wo_testkit::skip::not_available(&format!("a namespace for {user:?}"));
    }
}

#[test]
fn a_hostile_plugin_changes_nothing_outside() {
    assert_locked_in(None, &[], "--sandbox=require");
}

#[test]
fn a_hostile_plugin_changes_nothing_where_there_are_no_namespaces() {
    assert_locked_in(None, &[libc::SYS_unshare], "--sandbox=require");
}

#[test]
fn a_hostile_plugin_changes_nothing_where_system_calls_are_all_that_is_refused() {
    let calls = [libc::SYS_unshare, libc::SYS_landlock_create_ruleset];
    assert_locked_in(None, &calls, "--sandbox=auto");
}

#[test]
fn a_hostile_plugin_of_an_ordinary_user_changes_nothing_outside() {
    if !is_root() {
        // The tests above ran as one.
        return;
    }
    for calls in [&[][..], &[libc::SYS_unshare]] {
        assert_locked_in(Some(NOBODY), calls, "--sandbox=require");
    }
}
