//! Names of folders that the captions table does not know, and what later tools read off the folder of frames.

use std::fs;

use crate::harness::{extract, tool};
use crate::videos;

#[test]
fn exercises_and_faults_that_nobody_knows_are_named_with_what_to_do() {
    let dir = wo_testkit::tempdir().unwrap();
    for name in [
        "squat/bad_form/knee_caves/a.mp4",
        "squat/bad_form/knee_caves/b.mp4",
        "squat/bad_form/anna/c.mp4",
        "squat/bad_form/2024/d.mp4",
        "deadlift/bad_form/knees_cave/e.mp4",
        "v3/good_form/squat/f.mp4",
        "squat/bad_form/good_form/g.mp4",
    ] {
        let path = dir.path().join("v").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    let output = tool(dir.path(), &["v", "--out", "out"]).run();
    let words = &output.stderr;
    for part in [
        "v/squat/bad_form/knee_caves: 2 files get no fault from it: squat has no fault knee_caves (knees_cave is the nearest)\n\
         hint: rename the folder to knees_cave, or add the fault to data/captions.toml: [exercises.squat.faults.knee_caves]",
        "v/deadlift/bad_form/knees_cave: 1 file gets no fault from it: deadlift has no fault knees_cave (squat has)",
        "folders below the label that name no fault: 2024, anna\n",
        "v/v3: 1 file gets the exercise v3, which the captions table does not know; squat stands below it",
        "v/squat/bad_form: 1 file gets the exercise bad_form, which is the name of a label",
    ] {
        assert_eq!(words.matches(part).count(), 1, "{part}: {words}");
    }
}

#[test]
fn a_fault_that_is_added_to_the_table_is_not_named() {
    let dir = wo_testkit::tempdir().unwrap();
    let path = dir.path().join("v/squat/bad_form/knee_caves/a.mp4");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "x").unwrap();
    fs::create_dir_all(dir.path().join("v/plank/good_form")).unwrap();
    fs::write(dir.path().join("v/plank/good_form/b.mp4"), "y").unwrap();
    let said = || {
        let output = tool(dir.path(), &["v"]).run();
        output.stderr
    };
    let before = said();
    assert!(before.contains("has no fault knee_caves"), "{before}");
    assert!(before.contains("gets the exercise plank"), "{before}");
    fs::create_dir_all(dir.path().join("data")).unwrap();
    let table = "[exercises.squat.faults.knee_caves]\nobservations = [\"what is seen\"]\n\
                 [exercises.plank]\ngood = [\"what is seen\"]\nbad = [\"what is seen\"]\n";
    fs::write(dir.path().join("data/captions.toml"), table).unwrap();
    let after = said();
    assert!(!after.contains("has no fault"), "{after}");
    assert!(!after.contains("gets the exercise"), "{after}");
}

/// The cures of `wo-input` read the flags of a folder there.
#[test]
fn the_settings_are_noted_as_their_readers_expect() {
    let dir = wo_testkit::tempdir().unwrap();
    videos::plain(&dir.path().join("v/squat/bad_form/a.mp4"), 6, "ball");
    let more = "v --out out --frames-per-video=3 --size=128 --min-sharpness=12";
    let args: Vec<&str> = more.split(' ').collect();
    extract(dir.path(), &args, 0);
    let state = fs::read_to_string(dir.path().join("out/.wo-extract.ndjson")).unwrap();
    // The first and the last line are of no video.
    let lines: Vec<&str> = state.lines().collect();
    assert_eq!(lines.len(), 3);
    for line in &lines[1..2] {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            entry["flags"],
            " --frames-per-video 3 --min-sharpness 12.0 --size 128"
        );
    }
}
