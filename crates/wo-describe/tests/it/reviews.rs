//! The log of wo-review, read in a pipe.

use std::fs;

use wo_label::Chain;
use wo_record::{Judgement, LabelOrigin, Name, Review};
use wo_testkit::{TempDir, stream, tempdir};

use crate::{FRAME, VIDEO, frame_out, tool, written};

/// A log of reviews of the frame of the other tests: label, faults, whether it is thrown away, and a time.
fn log(reviews: &[(&str, &[&str], bool, Option<f64>)]) -> TempDir {
    let mut chain = Chain::default();
    let mut text = String::new();
    for (i, (label, faults, deleted, pts_ms)) in reviews.iter().enumerate() {
        let json = r#"{"sequence":0,"at":"2026-03-01T09:30:00Z","reviewer":"anna","decision":1,"n_reviews":1,
            "video_id":"v1","index":0,"old":{},"new":{},"previous":""}"#;
        let mut review: Review = serde_json::from_str(json).expect("a review");
        review.decision = i as u64 + 1;
        review.pts_ms = *pts_ms;
        review.new = Judgement {
            label: Some(Name::label(label)),
            label_origin: Some(LabelOrigin::Review),
            faults: faults.iter().map(|&fault| Name::new(fault)).collect(),
            description: Some("seen by anna".to_owned()),
            note: None,
            deleted: *deleted,
        };
        text.push_str(&chain.seal(&mut review).expect("a line"));
    }
    let dir = tempdir().expect("make a folder");
    fs::write(dir.path().join("reviews.ndjson"), text).expect("write the log");
    dir
}

#[test]
fn the_last_review_is_the_last_word() {
    let dir = log(&[
        ("good", &[], false, None),
        ("bad", &["knees_cave"], false, None),
    ]);
    let path = dir.path().join("reviews.ndjson");
    let run = tool()
        .arg("--reviews")
        .arg(&path)
        .stdin(stream(&[VIDEO, FRAME]))
        .run();
    let frame = frame_out(
        "bad_form",
        "review",
        r#"["knees_cave"]"#,
        r#""seen by anna""#,
    );
    let end = r#"{"type":"end","n_videos":1,"n_frames":1,"n_errors":0}"#;
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(run.lines()[2], frame);
    assert_eq!(run.lines().last(), Some(&end));
    // A line that a crash cut off does not count.
    let text = fs::read_to_string(&path).expect("read the log");
    fs::write(&path, &text[..text.len() - 9]).expect("write the log");
    let run = tool()
        .arg("--reviews")
        .arg(&path)
        .stdin(stream(&[VIDEO, FRAME]))
        .run();
    assert!(run.stdout.contains("good_form"), "{}", run.stdout);
    for part in ["the last decision is cut off (1 line)", "start wo-review"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    // A line that someone changed is refused.
    fs::write(&path, text.replacen("good_form", "unclear", 1)).expect("write the log");
    let run = tool()
        .arg("--reviews")
        .arg(&path)
        .stdin(stream(&[VIDEO, FRAME]))
        .run();
    assert_eq!(run.status, 6, "{}", run.stderr);
    assert!(run.stderr.contains("from a backup or from git"));
}

#[test]
fn a_frame_that_was_thrown_away_is_gone() {
    let dir = log(&[("good", &[], true, None)]);
    let run = tool()
        .arg("--reviews")
        .arg(dir.path().join("reviews.ndjson"))
        .stdin(stream(&[VIDEO, FRAME]))
        .run();
    assert_eq!(
        run.stdout,
        written(
            &[VIDEO],
            r#"{"type":"end","n_videos":1,"n_frames":0,"n_errors":0}"#
        )
    );
}

#[test]
fn a_review_of_another_image_is_not_used() {
    let dir = log(&[("good", &[], false, Some(500.0))]);
    let frame = FRAME.replace(r#""index":0"#, r#""index":0,"pts_ms":900.0"#);
    let run = tool()
        .arg("--reviews")
        .arg(dir.path().join("reviews.ndjson"))
        .stdin(stream(&[VIDEO, &frame]))
        .run();
    assert!(run.stdout.contains("bad_form"), "{}", run.stdout);
    assert!(
        run.stderr.contains("1 review is not used: that frame"),
        "{}",
        run.stderr
    );
}

/// A decision about two frames, of which the first was erased in a takedown.
#[test]
fn of_a_decision_that_is_erased_in_part_the_rest_counts() {
    let mut chain = Chain::default();
    let mut lines = Vec::new();
    for (video_id, label) in [("gone", "good"), ("v1", "good")] {
        let json = r#"{"sequence":0,"at":"2026-03-01T09:30:00Z","reviewer":"anna","decision":1,"n_reviews":2,
            "video_id":"","index":0,"old":{},"new":{},"previous":""}"#;
        let mut review: Review = serde_json::from_str(json).expect("a review");
        review.video_id = video_id.to_owned();
        review.new.label = Some(Name::label(label));
        let line = chain.seal(&mut review).expect("a line");
        lines.push(match video_id {
            "gone" => wo_label::erased(&review).expect("a line"),
            _ => line,
        });
    }
    let dir = tempdir().expect("make a folder");
    let path = dir.path().join("reviews.ndjson");
    fs::write(&path, lines.concat()).expect("write the log");
    let run = tool()
        .arg("--reviews")
        .arg(&path)
        .stdin(stream(&[VIDEO, FRAME]))
        .run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.lines()[2].contains("\"good_form\""), "{}", run.stdout);
}

#[test]
fn a_log_that_lost_its_end_is_refused() {
    let dir = log(&[("good", &[], false, None), ("bad", &[], false, None)]);
    let path = dir.path().join("reviews.ndjson");
    let text = fs::read_to_string(&path).expect("read the log");
    let mut chain = Chain::default();
    for line in text.lines() {
        chain.follow(line).expect("a line");
    }
    let anchor = serde_json::to_string(&chain.head()).expect("an anchor");
    fs::write(dir.path().join("reviews.ndjson.anchor"), anchor).expect("write the anchor");
    let run = || {
        tool()
            .arg("--reviews")
            .arg(&path)
            .stdin(stream(&[VIDEO, FRAME]))
            .run()
    };
    assert_eq!(run().status, 0);
    let (first, _) = text.split_once('\n').expect("two lines");
    let cuts = [first.to_owned() + "\n", text[..text.len() - 9].to_owned()];
    for cut in cuts {
        fs::write(&path, cut).expect("write the log");
        let run = run();
        assert_eq!(run.status, 6, "{}", run.stderr);
        assert!(run.stderr.contains("and had 2"), "{}", run.stderr);
        assert!(
            run.stderr.contains("--accept-lost-reviews"),
            "{}",
            run.stderr
        );
    }
    fs::remove_file(&path).expect("remove the log");
    let run = run();
    assert_eq!(run.status, 6, "{}", run.stderr);
    assert!(run.stderr.contains("it is not there"), "{}", run.stderr);
}

#[test]
fn what_the_records_know_of_the_log_is_passed_on() {
    let reviews = r#""reviews":{"sequence":7,"hash":"0a1b"}"#;
    let text = stream(&[VIDEO, FRAME]);
    let (begin, rest) = text.split_once('\n').expect("lines");
    let begin = begin.trim_end_matches('}').to_owned() + "," + reviews + "}";
    let run = tool().stdin(format!("{begin}\n{rest}")).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.lines()[0].contains(reviews), "{}", run.stdout);
}

#[test]
fn what_another_folder_knows_of_its_log_stays() {
    let dir = tempdir().expect("make a folder");
    let with = |sequence: u64| {
        let head = format!(r#""reviews":{{"sequence":{sequence},"hash":"0a1b"}},"tool":"#);
        stream(&[VIDEO, FRAME]).replacen("\"tool\":", &head, 1)
    };
    fs::write(dir.path().join("in.ndjson"), with(7)).expect("write the records");
    fs::write(dir.path().join("other.ndjson"), with(2)).expect("write the records");
    for (output, expected) in [
        ("new.ndjson", None),
        ("other.ndjson", Some(2)),
        ("in.ndjson", Some(7)),
    ] {
        let run = tool()
            .current_dir(dir.path())
            .args(["in.ndjson", "-o", output])
            .run();
        assert_eq!(run.status, 0, "{}", run.stderr);
        let head = wo_folder::head_of_records(&dir.path().join(output));
        assert_eq!(head.map(|head| head.sequence), expected, "{output}");
    }
}
