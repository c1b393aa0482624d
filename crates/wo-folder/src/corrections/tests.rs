use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use wo_record::{Name, Review};

use super::*;
use crate::names::{RECORDS, STATE};

const ID: &str = "0123456789abcdef";

fn path(index: u32) -> String {
    format!("frames_squat_bad/{ID}_{index:03}_0000000.jpg")
}

fn frame(index: u32) -> Frame {
    let frame = json!({"video_id": ID, "index": index, "exercise": "squat", "label": "bad_form",
        "faults": ["knees_cave"], "image": {"file": {"path": path(index)}}});
    serde_json::from_value(frame).unwrap()
}

fn review(index: u32, label: &str, words: &str) -> Review {
    let said = |label: &str, words: Option<&str>| {
        json!({"label": label, "label_origin": "review", "faults": ["knees_cave"],
            "description": words, "note": null, "deleted": false})
    };
    let review = json!({"sequence": 1, "at": "2026-03-01T09:30:00Z", "reviewer": "anna",
        "decision": 1, "n_reviews": 1, "video_id": ID, "index": index, "exercise": "squat",
        "says": [], "old": said("bad_form", None), "new": said(label, Some(words)),
        "is_repeat": false, "previous": "", "path": path(index)});
    serde_json::from_value(review).unwrap()
}

/// A folder of four frames that `wo-extract` wrote, with these rows of them: path, label, description, faults.
fn folder(rows: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("frames_squat_bad")).unwrap();
    let frames: Vec<Frame> = (0..4).map(frame).collect();
    for index in 0..4 {
        fs::write(dir.path().join(path(index)), "x").unwrap();
    }
    let state = json!({"frames": frames}).to_string() + "\n";
    fs::write(dir.path().join(STATE), state).unwrap();
    fs::write(dir.path().join(RECORDS), "").unwrap();
    let table = format!("frame_path,label,description,faults\n{rows}");
    fs::write(dir.path().join("squat_bad_form.csv"), table).unwrap();
    dir
}

#[test]
fn what_is_edited_of_a_reviewed_frame_is_named_and_the_review_holds() {
    let words = "knees far in";
    let rows = [
        format!("{},bad,{words},knees_cave\n", path(0)),
        format!("{},bad,another word,\n", path(1)),
        format!("{},bad,,heels_lift\n", path(2)),
        format!("{},good,,\n", path(3)),
    ];
    let dir = folder(&rows.concat());
    let mut reviews = Reviews::default();
    (0..4).for_each(|index| reviews.add(review(index, "bad_form", words)));
    let corrections =
        Corrections::before_reviews(dir.path(), reviews, Captions::embedded()).unwrap();
    for index in 0..4 {
        let kept = corrections.correct(&mut frame(index), None, None).kept;
        assert_eq!(kept, Kept::Yes);
    }
    let named: BTreeSet<PathBuf> = (1..4).map(|index| path(index).into()).collect();
    assert_eq!(corrections.tally().against_reviews, named);
    // What the captions table says of the frame is nobody's word.
    let made = Captions::embedded().describe(
        &"squat".into(),
        &"bad_form".into(),
        &["knees_cave".into()],
        3,
    );
    let dir = folder(&format!("{},bad,\"{made}\",\n", path(0)));
    let mut reviews = Reviews::default();
    reviews.add(review(0, "bad_form", words));
    let corrections =
        Corrections::before_reviews(dir.path(), reviews, Captions::embedded()).unwrap();
    corrections.correct(&mut frame(0), None, None);
    assert_eq!(corrections.tally().against_reviews.len(), 0);
}

#[test]
fn a_reviewed_frame_that_was_deleted_by_hand_stays_and_is_named() {
    let dir = folder(&format!("{0},bad,,\n{1},bad,,\n", path(0), path(3)));
    fs::remove_file(dir.path().join(path(0))).unwrap();
    let mut reviews = Reviews::default();
    for index in [0, 1] {
        reviews.add(review(index, "bad_form", "knees in"));
    }
    let corrections =
        Corrections::before_reviews(dir.path(), reviews, Captions::embedded()).unwrap();
    let kept: Vec<Kept> = (0..4)
        .map(|index| corrections.correct(&mut frame(index), None, None).kept)
        .collect();
    let gone = Kept::Deleted(Deleted::Row);
    assert_eq!(kept, [Kept::Yes, Kept::Yes, gone, Kept::Yes]);
    let named: BTreeSet<PathBuf> = (0..2).map(|index| path(index).into()).collect();
    assert_eq!(corrections.tally().deleted_against_reviews, named);
}

#[test]
fn a_note_leaves_label_words_and_deletion_to_the_table() {
    let dir = folder(&format!("{},good,deep enough,\n", path(0)));
    let mut reviews = Reviews::default();
    for index in [0, 1] {
        let mut note = review(index, "bad_form", "knees in");
        note.says = vec!["note".to_owned()];
        reviews.add(note);
    }
    let mut corrections = Corrections::of_folder(dir.path(), Captions::embedded()).unwrap();
    corrections.reviews = reviews;
    let mut said = frame(0);
    assert_eq!(corrections.correct(&mut said, None, None).kept, Kept::Yes);
    let label = said.label.as_ref().map(Name::as_str);
    let words = said.description.as_deref();
    assert_eq!((label, words), (Some("good_form"), Some("deep enough")));
    let gone = corrections.correct(&mut frame(1), None, None).kept;
    assert_eq!(gone, Kept::Deleted(Deleted::Row));
    assert_eq!(corrections.tally().against_reviews.len(), 0);
}

#[test]
fn words_of_ones_own_stay_where_a_later_table_says_nothing_of_them() {
    let dir = folder(&format!("{},bad,my own words,\n", path(0)));
    let given = dir.path().join("given.csv");
    fs::write(&given, format!("frame_path,label\n{},bad\n", path(0))).unwrap();
    let correct = |given: &[PathBuf]| {
        let captions = Captions::embedded();
        let corrections = Corrections::of(Some(dir.path()), given, None, captions).unwrap();
        let mut frame = frame(0);
        let corrected = corrections.correct(&mut frame, None, None);
        (corrected.has_own_words, frame.description)
    };
    let own = (true, Some("my own words".to_owned()));
    assert_eq!(correct(&[]), own);
    assert_eq!(correct(std::slice::from_ref(&given)), own);
    fs::write(&given, format!("frame_path,label\n{},good\n", path(0))).unwrap();
    assert_eq!(correct(&[given]), (false, None));
}
