//! Who is in a video: what is written in `groups.csv` is in force, or is named with what to do.

use std::fs;
use std::path::Path;

use crate::harness::{Stream, extract, read, tool};
use crate::videos;

/// What it says, and its stream.
fn said(dir: &Path, args: &[&str]) -> (String, Stream) {
    let output = tool(dir, args).run();
    (output.stderr, read(&output.stdout))
}

fn persons(stream: &Stream) -> Vec<Option<&str>> {
    let videos = stream.videos.iter();
    videos.map(|video| video.person_id.as_deref()).collect()
}

#[test]
fn a_table_counts_however_deep_the_fault_is_and_whatever_is_named() {
    let dir = wo_testkit::tempdir().unwrap();
    let video = "squat/bad_form/knees_cave/front/x.mp4";
    videos::plain(&dir.path().join("s").join(video), 2, "ball");
    let table = format!("path,person_id\n{video},anna\n");
    fs::write(dir.path().join("s/groups.csv"), table).unwrap();
    for path in [
        "s",
        "s/squat",
        "s/squat/bad_form",
        "s/squat/bad_form/knees_cave/front",
        &format!("s/{video}"),
    ] {
        let stream = extract(dir.path(), &[path], 0);
        assert_eq!(persons(&stream), [Some("anna")], "{path}");
    }
}

#[test]
fn what_is_said_of_one_copy_counts_for_all() {
    let dir = wo_testkit::tempdir().unwrap();
    let label = dir.path().join("v/squat/bad_form");
    videos::plain(&label.join("a.mp4"), 2, "ball");
    for name in ["b.mp4", "c.mp4"] {
        fs::copy(label.join("a.mp4"), label.join(name)).unwrap();
    }
    let write = |rows: &str| {
        let table = format!("path,person_id\n{rows}");
        fs::write(label.join("groups.csv"), table).unwrap();
    };
    write("b.mp4,anna\n");
    assert_eq!(persons(&extract(dir.path(), &["v"], 0)), [Some("anna")]);
    write("b.mp4,anna\nc.mp4,ben\n");
    let stream = extract(dir.path(), &["v"], 3);
    assert_eq!((stream.videos.len(), stream.errors.len()), (0, 3));
    for part in ["b.mp4 (squat/bad_form, person anna)", "person ben"] {
        assert!(stream.errors[0].what.contains(part), "{part}");
    }

    // A copy that another run meets does not take the person away, and is not somebody else.
    write("b.mp4,anna\n");
    extract(dir.path(), &["v", "--out", "out"], 0);
    let other = dir.path().join("w/squat/bad_form");
    fs::create_dir_all(&other).unwrap();
    fs::copy(label.join("a.mp4"), other.join("d.mp4")).unwrap();
    let again = extract(dir.path(), &["w", "--out", "out"], 0);
    assert_eq!(persons(&again), [Some("anna")]);
    let records = || read(fs::read(dir.path().join("out/records.ndjson")).unwrap());
    assert_eq!(persons(&records()), [Some("anna")]);
    let table = "path,person_id\nd.mp4,ben\n";
    fs::write(other.join("groups.csv"), table).unwrap();
    let stream = extract(dir.path(), &["w", "--out", "out"], 3);
    assert!(stream.errors[0].what.contains("person ben"));
    // What is taken back is taken back.
    fs::remove_dir_all(dir.path().join("w")).unwrap();
    write("b.mp4,\n");
    extract(dir.path(), &["v", "--out", "out"], 0);
    assert_eq!(persons(&records()), [None]);
}

#[test]
fn tables_that_say_nothing_or_are_not_read_are_named() {
    let dir = wo_testkit::tempdir().unwrap();
    let v = dir.path().join("v");
    videos::plain(&v.join("squat/bad_form/a.mp4"), 2, "ball");
    let row = "squat/bad_form/a.mp4,anna\n";
    fs::write(v.join("groups.csv"), format!("path,lifter\n{row}")).unwrap();
    let person = format!("path,person_id\n{row}");
    fs::write(v.join("groups (1).csv"), &person).unwrap();
    fs::write(dir.path().join("groups.csv"), &person).unwrap();
    let (words, stream) = said(dir.path(), &["v"]);
    assert_eq!(persons(&stream), [None]);
    for part in [
        "v/groups.csv: only the column `path` of the table is read, so the table has no effect; the columns are: path, lifter",
        "1 file is skipped, since groups.csv is the only table that is read beside or above videos: v/groups (1).csv",
        "groups.csv: not read, since it lies above v",
        "hint: add its rows to v/groups.csv",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    // What the hint says, when there is no other table.
    fs::remove_file(v.join("groups (1).csv")).unwrap();
    fs::remove_file(v.join("groups.csv")).unwrap();
    let (words, _) = said(dir.path(), &["v"]);
    assert!(
        words.contains("hint: mv groups.csv v/groups.csv"),
        "{words}"
    );
    fs::rename(dir.path().join("groups.csv"), v.join("Groups.csv")).unwrap();
    let (words, stream) = said(dir.path(), &["v"]);
    assert_eq!((words.as_str(), persons(&stream)), ("", vec![Some("anna")]));
    // Rows of a video that is not there are named, whatever was asked for.
    fs::write(
        v.join("Groups.csv"),
        format!("{person}squat/bad_form/b,ben\n"),
    )
    .unwrap();
    for path in ["v", "v/squat", "v/squat/bad_form/a.mp4"] {
        let (words, _) = said(dir.path(), &[path]);
        let unmet = "v/Groups.csv: 1 of 2 rows names no video, so it changes nothing: line 3: squat/bad_form/b";
        assert!(words.contains(unmet), "{words}");
    }
}
