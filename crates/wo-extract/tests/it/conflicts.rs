//! Videos of which different things are said, and inputs that fail or are passed over.

use std::fs;

use crate::harness::read;
use crate::undone::{again, folder, path, said};

const BAD: &str = "v/squat/bad_form/a.mp4";

#[test]
fn one_video_under_two_labels_in_two_runs_is_neither_in_any_later_run() {
    let dir = folder();
    let other = dir.path().join("w/squat/good_form/x.mp4");
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    fs::copy(dir.path().join("v/squat/bad_form/a.mp4"), &other).unwrap();
    let n_frames = || {
        read(fs::read(path(dir.path(), "records.ndjson")).unwrap())
            .frames
            .len()
    };
    for folder in ["w", "v", "w", "w", "v", "v"] {
        let (words, stream) = said(dir.path(), &[folder, "--out", "out"], 3);
        for error in &stream.errors {
            assert_eq!(error.code, "label_conflict");
            for path in ["v/squat/bad_form/a.mp4", "w/squat/good_form/x.mp4"] {
                assert!(error.what.contains(path), "{}", error.what);
            }
        }
        assert_eq!(n_frames(), 6, "{folder}: {words}");
    }
    // A table cannot mend it; the same label can.
    let same = dir.path().join("w/squat/bad_form");
    fs::create_dir_all(&same).unwrap();
    fs::rename(&other, same.join("x.mp4")).unwrap();
    for folder in ["w", "v"] {
        let (words, stream) = said(dir.path(), &[folder, "--out", "out"], 0);
        assert_eq!((stream.errors.len(), n_frames()), (0, 12), "{words}");
    }
    let records = read(fs::read(path(dir.path(), "records.ndjson")).unwrap());
    assert_eq!(records.errors.len(), 0);
}

#[test]
fn a_run_that_ends_3_says_last_what_failed_and_what_to_do() {
    let dir = folder();
    fs::write(dir.path().join("v/squat/bad_form/broken.mp4"), "no video").unwrap();
    let copy = dir.path().join("v/squat/good_form/copy.mp4");
    fs::copy(dir.path().join("v/squat/bad_form/a.mp4"), copy).unwrap();
    let (words, _) = said(dir.path(), &["v", "--out", "out"], 3);
    let (_, last) = words
        .split_once("3 inputs failed, and the run went on without:")
        .unwrap();
    let parts = [
        "v/squat/bad_form/a.mp4: two copies of a video have different labels",
        "v/squat/bad_form/broken.mp4: ",
        "v/squat/good_form/copy.mp4: two copies of a video",
        "hint: repair the files and run the same command with --retry-failed, or remove them and run it with --prune",
        "hint: remove one of two identical videos, or correct groups.csv",
    ];
    for (line, part) in last.trim().lines().zip(parts) {
        assert!(line.trim().starts_with(part), "{line}");
    }
    assert_eq!(last.trim().lines().count(), parts.len(), "{last}");
}

#[test]
fn hidden_folders_with_videos_are_named() {
    let dir = folder();
    let hidden = dir.path().join("v/squat/good_form/.new");
    fs::create_dir_all(hidden.join("deep")).unwrap();
    fs::copy(
        dir.path().join("v/squat/good_form/b.mp4"),
        hidden.join("deep/c.mp4"),
    )
    .unwrap();
    fs::create_dir_all(dir.path().join("v/.git/objects")).unwrap();
    fs::write(dir.path().join("v/.git/objects/x"), "x").unwrap();
    let (words, stream) = again(dir.path());
    assert!(
        words.contains("1 file is skipped, since it is hidden: v/squat/good_form/.new"),
        "{words}"
    );
    assert_eq!(stream.videos.len(), 2);
}

#[test]
fn a_folder_that_never_was_there_leaves_no_error_behind() {
    let dir = folder();
    let (_, stream) = said(dir.path(), &["v", "mistyped", "--out", "out"], 3);
    assert_eq!(stream.errors.len(), 1);
    let records = || fs::read_to_string(path(dir.path(), "records.ndjson")).unwrap();
    assert!(!records().contains("mistyped"));
    // One that an earlier version left goes with --prune.
    let text = records();
    let error = r#"{"type":"error","code":"unreadable","what":"none","tool":"wo-extract","path":"gone","video_id":null}"#;
    let (rest, end) = text.trim_end().rsplit_once('\n').unwrap();
    let end = end.replace("\"n_errors\":0", "\"n_errors\":1");
    fs::write(
        path(dir.path(), "records.ndjson"),
        format!("{rest}\n{error}\n{end}\n"),
    )
    .unwrap();
    let (words, _) = again(dir.path());
    assert!(records().contains("\"gone\""), "{words}");
    let (words, _) = said(dir.path(), &["v", "--out", "out", "--prune"], 0);
    assert!(!records().contains("\"gone\""), "{words}");
}

#[test]
fn a_table_of_groups_that_changes_with_a_copy_is_no_conflict() {
    let dir = folder();
    let groups = dir.path().join("v/groups.csv");
    fs::write(&groups, "path,person_id\nsquat/bad_form/a.mp4,anna\n").unwrap();
    again(dir.path());
    let copy = dir.path().join("v/squat/bad_form/0.mp4");
    fs::copy(dir.path().join(BAD), copy).unwrap();
    fs::write(&groups, "path,person_id\nsquat/bad_form/a.mp4,zoe\n").unwrap();
    let (words, stream) = again(dir.path());
    assert_eq!(
        (stream.errors.len(), stream.frames.len()),
        (0, 12),
        "{words}"
    );
}

#[test]
fn a_video_that_is_left_out_is_named_when_nothing_speaks_against_it_any_more() {
    let dir = folder();
    let copy = dir.path().join("w/squat/good_form/x.mp4");
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    fs::copy(dir.path().join(BAD), &copy).unwrap();
    said(dir.path(), &["v", "w", "--out", "out"], 3);
    fs::remove_file(dir.path().join(BAD)).unwrap();
    let (words, _) = said(dir.path(), &["v", "--out", "out", "--prune=all"], 0);
    for part in [
        "no other place says otherwise of it any more",
        "give w/squat/good_form/x.mp4 to",
    ] {
        assert!(words.contains(part), "{words}");
    }
    let (words, stream) = said(dir.path(), &["w/squat/good_form/x.mp4", "--out", "out"], 0);
    assert_eq!(stream.frames.len(), 6, "{words}");
    let records = fs::read(path(dir.path(), "records.ndjson")).unwrap();
    let records = read(&records);
    assert_eq!((records.frames.len(), records.errors.len()), (12, 0));
}

#[test]
fn a_link_to_a_folder_that_is_given_is_followed() {
    let dir = folder();
    std::os::unix::fs::symlink("v", dir.path().join("link")).unwrap();
    let (words, stream) = said(dir.path(), &["link"], 0);
    assert_eq!((stream.videos.len(), words.as_str()), (2, ""));
}
