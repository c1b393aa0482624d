//! What people decided is not undone by a file of the folder that is gone, cut or moved.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Stream, extract, read, tool};
use crate::videos;

/// A folder with a good and a bad squat, and their frames in `out`.
pub(crate) fn folder() -> wo_testkit::TempDir {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/squat/bad_form/a.mp4"), 6, "ball");
    videos::plain(&dir.path().join("v/squat/good_form/b.mp4"), 6, "snow");
    extract(dir.path(), &["v", "--out", "out"], 0);
    dir
}

/// What the run says, and its frames.
pub(crate) fn said(dir: &Path, args: &[&str], exit: i32) -> (String, Stream) {
    let output = tool(dir, args).run();
    let words = output.stderr;
    assert_eq!(output.status, exit, "{args:?}: {words}");
    let has_ended = matches!(exit, 0 | 3);
    let stream = if has_ended {
        read(&output.stdout)
    } else {
        Stream::default()
    };
    (words, stream)
}

pub(crate) fn again(dir: &Path) -> (String, Stream) {
    said(dir, &["v", "--out", "out"], 0)
}

pub(crate) fn path(dir: &Path, name: &str) -> PathBuf {
    dir.join("out").join(name)
}

pub(crate) fn images(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path(dir, "frames_squat_bad")).unwrap();
    let mut images: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    images.sort();
    images
}

/// Deletes the row of one frame and the image of another.
fn delete_two(dir: &Path) {
    let table = path(dir, "squat_bad_form.csv");
    let text = fs::read_to_string(&table).unwrap();
    let mut rows: Vec<&str> = text.lines().collect();
    rows.remove(2);
    fs::write(&table, rows.join("\n") + "\n").unwrap();
    fs::remove_file(&images(dir)[4]).unwrap();
}

#[test]
fn deletions_outlast_the_records() {
    // Found by an earlier run, or by this one.
    for is_known in [true, false] {
        let dir = folder();
        delete_two(dir.path());
        if is_known {
            again(dir.path());
        }
        fs::remove_file(path(dir.path(), "records.ndjson")).unwrap();
        let (words, stream) = again(dir.path());
        assert_eq!(stream.frames.len(), 10, "{words}");
        for part in [
            "it was missing, and is rebuilt",
            "wo-describe out/records.ndjson -o",
        ] {
            assert!(words.contains(part), "{words}");
        }
        assert!(!words.contains("no frame"), "{words}");
        let (words, stream) = again(dir.path());
        assert_eq!(stream.frames.len(), 10, "{words}");
        assert!(!words.contains("rebuilt"), "{words}");
        assert_eq!(
            said(dir.path(), &["v", "--out", "out", "--restore"], 0)
                .1
                .frames
                .len(),
            12
        );
    }
}

#[test]
fn a_folder_that_was_emptied_begins_anew() {
    let dir = folder();
    for name in [
        "records.ndjson",
        "squat_bad_form.csv",
        "squat_good_form.csv",
    ] {
        fs::remove_file(path(dir.path(), name)).unwrap();
    }
    for name in ["frames_squat_bad", "frames_squat_good"] {
        fs::remove_dir_all(path(dir.path(), name)).unwrap();
    }
    let (words, stream) = again(dir.path());
    assert_eq!((words.as_str(), stream.frames.len()), ("", 12));
}

#[test]
fn records_that_are_cut_have_a_cure() {
    let dir = folder();
    delete_two(dir.path());
    again(dir.path());
    let records = path(dir.path(), "records.ndjson");
    let whole = fs::read(&records).unwrap();
    fs::write(&records, &whole[..whole.len() / 2]).unwrap();
    let (words, _) = said(dir.path(), &["v", "--out", "out"], 6);
    let (_, cure) = words.trim_end().rsplit_once(": ").unwrap();
    assert_eq!(cure, "mv out/records.ndjson out/records.ndjson.damaged");
    let mut shell = std::process::Command::new("sh");
    let moved = shell.args(["-c", cure]).current_dir(dir.path()).status();
    assert!(moved.unwrap().success());
    assert_eq!(again(dir.path()).1.frames.len(), 10);
}

#[test]
fn deletions_that_nothing_tells_of_are_named() {
    // The notes of wo-extract are emptied, or lack a video.
    for keeps in ["nothing", "the other video"] {
        let dir = folder();
        let notes = path(dir.path(), ".wo-extract.ndjson");
        let text = fs::read_to_string(&notes).unwrap();
        let is_kept = |line: &&str| keeps != "nothing" && !line.contains("frames_squat_bad");
        let kept: String = text
            .lines()
            .filter(is_kept)
            .map(|it| it.to_owned() + "\n")
            .collect();
        fs::write(&notes, kept).unwrap();
        delete_two(dir.path());
        let (words, stream) = again(dir.path());
        for part in [
            "2 frames of out have no image or no row: .wo-extract.ndjson knows nothing of them",
            "delete the frames again",
        ] {
            assert!(words.contains(part), "{keeps}: {words}");
        }
        assert_eq!(stream.frames.len(), 12);
        // The cure.
        delete_two(dir.path());
        assert_eq!(again(dir.path()).1.frames.len(), 10);
    }
}

#[test]
fn a_folder_of_images_that_is_not_there_deletes_nothing() {
    let dir = folder();
    let images = path(dir.path(), "frames_squat_bad");
    let named = [
        "frames_squat_bad: no such folder, so 6 frames there have no image and do not count as deleted",
    ];
    fs::rename(&images, path(dir.path(), "old")).unwrap();
    let (words, stream) = again(dir.path());
    for part in [
        named[0],
        "such images lie in out/old",
        "mv out/old out/frames_squat_bad",
    ] {
        assert!(words.contains(part), "{words}");
    }
    assert_eq!(stream.frames.len(), 12);
    assert!(!path(dir.path(), "trash").exists());

    fs::remove_dir_all(&images).unwrap();
    fs::remove_dir_all(path(dir.path(), "old")).unwrap();
    let (words, stream) = again(dir.path());
    for part in [named[0], "let wo-extract take its frames again"] {
        assert!(words.contains(part), "{words}");
    }
    assert_eq!(stream.frames.len(), 12);

    // A disk that is not there: nothing can be made anew either.
    fs::remove_dir_all(&images).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", &images).unwrap();
    let (words, _) = said(dir.path(), &["v", "--out", "out"], 5);
    assert!(words.contains("a link that leads nowhere"), "{words}");
    fs::remove_file(&images).unwrap();
    let (words, stream) = again(dir.path());
    assert_eq!(stream.frames.len(), 12, "{words}");
    assert!(!path(dir.path(), "trash").exists());
}

#[test]
fn notes_that_are_a_link_or_a_pipe_are_refused_and_nothing_is_written() {
    let dir = folder();
    let notes = path(dir.path(), ".wo-extract.ndjson");
    let kept = dir.path().join("kept");
    fs::rename(&notes, &kept).unwrap();
    let text = fs::read_to_string(&kept).unwrap() + "a line of somebody else's";
    fs::write(&kept, &text).unwrap();
    std::os::unix::fs::symlink(&kept, &notes).unwrap();
    let args = ["v", "--out", "out"];
    let (words, _) = said(dir.path(), &args, 5);
    assert!(words.contains("it is a link, not a file"), "{words}");
    assert_eq!(fs::read_to_string(&kept).unwrap(), text);
    fs::remove_file(&notes).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&notes).status();
    assert!(made.unwrap().success());
    let (words, _) = said(dir.path(), &args, 5);
    assert!(words.contains("it is a FIFO, not a file"), "{words}");
}
