//! Corrected rows and deleted frames whose videos go and come back.

use std::fs;
use std::path::Path;

use crate::undone::{again, folder, images, path, said};

const BAD: &str = "v/squat/bad_form/a.mp4";

fn move_file(dir: &Path, from: &str, to: &str) {
    let to = dir.join(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(dir.join(from), to).unwrap();
}

/// Corrects the first frame of bad form in its row.
fn correct(dir: &Path, label: &str) -> String {
    let table = path(dir, "squat_bad_form.csv");
    let text = fs::read_to_string(&table).unwrap();
    let corrected = text.replacen(",bad_form,", &format!(",{label},my words"), 1);
    fs::write(&table, &corrected).unwrap();
    corrected
}

/// Writes what tables say into the records, as `wo-describe` does in place.
fn take_over(dir: &Path, label: &str, origin: &str) {
    let records = path(dir, "records.ndjson");
    let text = fs::read_to_string(&records).unwrap();
    let mut is_first = true;
    let lines = text.lines().map(|line| {
        let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
        if record["type"] == "frame" && record["label"] == "bad_form" && is_first {
            is_first = false;
            record["label"] = label.into();
            record["label_origin"] = origin.into();
            record["description"] = "my words".into();
        }
        record.to_string() + "\n"
    });
    let text: String = lines.collect();
    fs::write(&records, text).unwrap();
}

#[test]
fn a_corrected_row_comes_back_with_its_video() {
    let dir = folder();
    let table = path(dir.path(), "squat_bad_form.csv");
    let text = fs::read_to_string(&table).unwrap();
    let corrected = text.replacen(",bad_form,", ",unclear,hips hidden", 1);
    fs::write(&table, &corrected).unwrap();
    let (bad, good) = ("v/squat/bad_form/a.mp4", "v/squat/good_form/a.mp4");
    fs::rename(dir.path().join(bad), dir.path().join(good)).unwrap();
    let (words, _) = again(dir.path());
    assert!(
        words.contains("1 corrected row is of frames that are gone"),
        "{words}"
    );
    fs::rename(dir.path().join(good), dir.path().join(bad)).unwrap();
    for is_first in [true, false] {
        let (words, stream) = again(dir.path());
        let said = "1 corrected row from trash is restored";
        assert_eq!(words.contains(said), is_first, "{words}");
        let corrected = stream
            .frames
            .iter()
            .filter(|it| it.label.as_deref() == Some("unclear"));
        let words: Vec<_> = corrected.map(|it| it.description.clone()).collect();
        assert_eq!(words, [Some("hips hidden".to_owned())], "{is_first}");
    }
    assert_eq!(fs::read_to_string(&table).unwrap(), corrected);
}

#[test]
fn a_corrected_row_that_the_records_took_over_comes_back_with_its_video() {
    // The video moves, is pruned, is taken otherwise, is in conflict for a while.
    for how in ["move", "prune", "size", "conflict"] {
        let dir = folder();
        let corrected = correct(dir.path(), "unclear");
        take_over(dir.path(), "unclear", "csv");
        let args = ["v", "--out", "out"];
        let words = match how {
            "move" => {
                move_file(dir.path(), BAD, "v/squat/good_form/a.mp4");
                let words = again(dir.path()).0;
                move_file(dir.path(), "v/squat/good_form/a.mp4", BAD);
                words
            }
            "prune" => {
                move_file(dir.path(), BAD, "a.mp4");
                let words = said(dir.path(), &[&args[..], &["--prune"]].concat(), 0).0;
                move_file(dir.path(), "a.mp4", BAD);
                words
            }
            "size" => {
                said(
                    dir.path(),
                    &[&args[..], &["--frames-per-video", "2", "--exact"]].concat(),
                    0,
                )
                .0
            }
            _ => {
                let copy = dir.path().join("w/squat/good_form/a.mp4");
                fs::create_dir_all(copy.parent().unwrap()).unwrap();
                fs::copy(dir.path().join(BAD), &copy).unwrap();
                let words = said(dir.path(), &["v", "w", "--out", "out"], 3).0;
                fs::remove_file(copy).unwrap();
                words
            }
        };
        assert!(
            words.contains("1 corrected row is of frames that are gone"),
            "{how}: {words}"
        );
        let (words, stream) = again(dir.path());
        assert!(
            words.contains("1 corrected row from trash is restored"),
            "{how}: {words}"
        );
        let unclear = stream
            .frames
            .iter()
            .filter(|it| it.label.as_deref() == Some("unclear"));
        assert_eq!(unclear.count(), 1, "{how}");
        let table = fs::read_to_string(path(dir.path(), "squat_bad_form.csv")).unwrap();
        assert_eq!(table, corrected, "{how}");
    }
}

#[test]
fn a_table_that_is_gone_deletes_no_frame_that_was_relabelled_in_it() {
    let dir = folder();
    correct(dir.path(), "good_form");
    again(dir.path());
    take_over(dir.path(), "good_form", "csv");
    fs::remove_file(path(dir.path(), "squat_bad_form.csv")).unwrap();
    let (words, stream) = again(dir.path());
    assert_eq!(stream.frames.len(), 12, "{words}");
    assert!(words.contains("6 frames had no row and got one"), "{words}");
}

#[test]
fn a_label_whose_review_or_row_is_gone_is_named() {
    for (origin, part) in [
        (
            "review",
            "1 frame has a label from a review, and reviews.ndjson has no such review",
        ),
        (
            "csv",
            "1 frame has a label from a table, and no row gives it any more",
        ),
    ] {
        let dir = folder();
        let table = path(dir.path(), "squat_bad_form.csv");
        let text = fs::read_to_string(&table).unwrap();
        fs::write(&table, text.replacen(",bad_form,", ",,", 1)).unwrap();
        take_over(dir.path(), "unclear", origin);
        let (words, _) = again(dir.path());
        assert!(words.contains(part), "{words}");
    }
}

#[test]
fn frames_that_come_back_under_another_label_are_told() {
    let dir = folder();
    let before = images(dir.path());
    correct(dir.path(), "unclear");
    again(dir.path());
    let table = path(dir.path(), "squat_bad_form.csv");
    let text = fs::read_to_string(&table).unwrap();
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("my words"))
        .collect();
    fs::write(&table, kept.join("\n") + "\n").unwrap();
    assert_eq!(again(dir.path()).1.frames.len(), 11);
    move_file(dir.path(), BAD, "v/squat/good_form/a.mp4");
    again(dir.path());
    let (words, stream) = said(dir.path(), &["v", "--out", "out", "--restore"], 0);
    assert_eq!(stream.frames.len(), 12, "{words}");
    assert!(
        words.contains("1 frame came back under another label than before"),
        "{words}"
    );
    assert!(!words.contains("did not come back"), "{words}");
    assert!(!before[0].exists(), "its image lies with the others");
    let (words, _) = said(dir.path(), &["v", "--out", "out", "--restore"], 0);
    assert!(!words.contains("came back"), "{words}");
}
