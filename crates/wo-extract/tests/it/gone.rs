//! Videos that are not there any more, or seem so: nothing that was made of them goes by mistake.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{read, tool};
use crate::videos;

/// Runs it and returns what it said; its exit code is as expected.
fn said(dir: &Path, args: &[&str], exit: i32) -> String {
    let output = tool(dir, args).run();
    let words = output.stderr;
    assert_eq!(output.status, exit, "{args:?}: {words}");
    words
}

/// A good and a bad squat, and their frames in `out`.
fn folder() -> wo_testkit::TempDir {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/squat/bad_form/a.mp4"), 6, "ball");
    videos::plain(&dir.path().join("v/squat/good_form/b.mp4"), 6, "snow");
    said(dir.path(), &["v", "--out", "out"], 0);
    dir
}

fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap);
    files
        .filter(|file| file.file_type().is_file())
        .map(|file| (file.path().to_owned(), fs::read(file.path()).unwrap()))
        .collect()
}

fn n_frames(dir: &Path) -> usize {
    let records = fs::read(dir.join("out/records.ndjson")).unwrap();
    read(&records).frames.len()
}

#[test]
fn without_a_single_video_nothing_is_touched() {
    let dir = folder();
    let out = dir.path().join("out");
    // A row that was deleted is not even moved to the trash.
    let table = out.join("squat_bad_form.csv");
    let text = fs::read_to_string(&table).unwrap();
    let (rest, _) = text.trim_end().rsplit_once('\n').unwrap();
    fs::write(&table, format!("{rest}\n")).unwrap();
    let before = contents(&out);
    fs::rename(dir.path().join("v"), dir.path().join("disk")).unwrap();
    fs::create_dir(dir.path().join("v")).unwrap();
    for (more, exit) in [
        (&["--prune"][..], 2),
        (&["--prune=all"], 2),
        (&["--restore"], 1),
        (&[], 1),
    ] {
        let words = said(dir.path(), &[&["v", "--out", "out"], more].concat(), exit);
        assert!(words.contains("no video or image in v"), "{words}");
        assert!(contents(&out) == before, "{more:?}");
    }
}

#[test]
fn a_disk_that_is_not_there_is_not_pruned_away() {
    let dir = folder();
    let label = dir.path().join("v/squat/good_form");
    fs::rename(dir.path().join("v"), dir.path().join("disk")).unwrap();
    videos::plain(&label.join("c.mp4"), 6, "smpte");
    let words = said(dir.path(), &["v", "--out", "out", "--prune"], 1);
    for part in [
        "2 videos are gone, and their frames stay",
        "of 2 videos known in v, 2 are not there",
        "--prune=all",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert_eq!(n_frames(dir.path()), 18);
    let words = said(dir.path(), &["v", "--out", "out", "--prune=all"], 0);
    let went = "--prune deletes what missing files left: 2 videos with 12 frames";
    assert!(words.contains(went), "{words}");
    assert_eq!(n_frames(dir.path()), 6);
}

#[test]
fn a_folder_of_the_same_name_elsewhere_prunes_nothing() {
    let dir = folder();
    let other = dir.path().join("elsewhere");
    videos::plain(&other.join("v/squat/good_form/c.mp4"), 6, "smpte");
    for args in [
        ["v", "--out", "../out", "--prune"],
        [".", "--out", "../out", "--prune"],
    ] {
        let words = said(&other, &args, 1);
        assert!(
            words.contains("wo-extract ran in another folder before"),
            "{words}"
        );
        assert_eq!(n_frames(dir.path()), 18);
    }
}

#[test]
fn what_is_gone_is_told_and_goes_when_asked() {
    let dir = folder();
    fs::remove_file(dir.path().join("v/squat/bad_form/a.mp4")).unwrap();
    fs::write(dir.path().join("v/squat/bad_form/README.md"), "").unwrap();
    let words = said(dir.path(), &["v", "--out", "out"], 0);
    let stays = "1 video is gone, and its frames stay\nhint: the same command with --prune deletes";
    assert!(words.contains(stays), "{words}");
    let words = said(dir.path(), &["v", "--out", "out", "--prune"], 0);
    assert!(words.contains("left: 1 video with 6 frames"), "{words}");
    assert_eq!(n_frames(dir.path()), 6);
    // A video that moved is not gone, and neither are all of a folder that was renamed.
    fs::rename(dir.path().join("v/squat"), dir.path().join("v/front squat")).unwrap();
    let words = said(dir.path(), &["v", "--out", "out", "--prune"], 0);
    assert!(!words.contains("gone"), "{words}");
    assert_eq!(n_frames(dir.path()), 6);
}
