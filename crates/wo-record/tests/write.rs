//! What a writer writes, and what it refuses to.

use std::collections::BTreeMap;

use wo_record::{
    DEFAULT_MAX_LINE, Evidence, Failure, Frame, Image, Line, Metric, Producer, Reader, Record,
    Score, Truth, Verdict, Video, WriteError, Writer, code,
};

fn frame(pts_ms: Option<f64>) -> Frame {
    Frame {
        video_id: "v".into(),
        index: 3,
        pts_ms,
        width_px: None,
        height_px: None,
        image: Image::Inline {
            jpeg_base64: String::new(),
        },
        exercise: None,
        label: None,
        label_origin: None,
        faults: Vec::new(),
        description: None,
        quality: None,
        repetition: None,
        phase: None,
        shot: None,
    }
}

fn score(value: f64) -> Score {
    Score {
        task: "label".into(),
        by: "model".into(),
        unit: "video".into(),
        scope: "all".into(),
        name: "recall".into(),
        class: None,
        value: Some(value),
        low: None,
        high: None,
        n: 1,
        n_groups: 1,
        ..Score::default()
    }
}

fn evident(evidence: Evidence) -> Verdict {
    Verdict {
        evidence,
        ..verdict(0.5)
    }
}

fn verdict(probability: f64) -> Verdict {
    Verdict {
        video_id: "v".into(),
        path: None,
        label: "good_form".into(),
        probability,
        exercise: "squat".into(),
        exercise_probability: 0.5,
        faults: Vec::new(),
        evidence: Evidence {
            index: 0,
            pts_ms: None,
            probability: 0.5,
            phase: None,
        },
        n_frames: 1,
        true_label: None,
        true_exercise: None,
        seen: false,
        ..Verdict::default()
    }
}

fn truth(angle_deg: f64) -> Truth {
    Truth {
        path: "a.mp4".into(),
        exercise: "squat".into(),
        label: "good_form".into(),
        faults: Vec::new(),
        person_id: "p".into(),
        scene_id: "s".into(),
        camera_id: "c".into(),
        angle: "side".into(),
        angle_deg,
        n_reps: 1,
        reps: Vec::new(),
        duration_ms: 1.0,
        width_px: 2,
        height_px: 2,
        frame_rate_hz: 30.0,
    }
}

#[test]
fn a_float_that_is_not_finite_is_refused_and_leaves_no_trace() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let records = [
            Record::Frame(frame(Some(bad))),
            Record::Video(Video {
                duration_ms: Some(bad),
                ..Video::default()
            }),
            Record::Video(Video {
                frame_rate_hz: Some(bad),
                ..Video::default()
            }),
            Record::Metric(Metric {
                epoch: 1,
                step: 1,
                values: BTreeMap::from([("loss".to_owned(), bad)]),
                caution: None,
            }),
            Record::Score(score(bad)),
            Record::Score(Score {
                low: Some(bad),
                ..score(0.5)
            }),
            Record::Score(Score {
                high: Some(bad),
                ..score(0.5)
            }),
            Record::Verdict(verdict(bad)),
            Record::Verdict(Verdict {
                exercise_probability: bad,
                ..verdict(0.5)
            }),
            Record::Verdict(evident(Evidence {
                pts_ms: Some(bad),
                ..Evidence::default()
            })),
            Record::Verdict(evident(Evidence {
                probability: bad,
                ..Evidence::default()
            })),
            Record::Verdict(evident(Evidence {
                phase: Some(bad),
                ..Evidence::default()
            })),
            Record::Truth(truth(bad)),
            Record::Truth(Truth {
                duration_ms: bad,
                ..truth(0.0)
            }),
            Record::Truth(Truth {
                frame_rate_hz: bad,
                ..truth(0.0)
            }),
        ];
        for record in records {
            let mut output = Vec::new();
            let mut writer = Writer::begin(&mut output, "t", "1", &[]).unwrap();
            let error = writer.record(&record).unwrap_err();
            assert!(
                matches!(&error, WriteError::Record(what) if what.contains("not a finite number")),
                "{error}"
            );
            writer.end().unwrap();
            assert_eq!(
                String::from_utf8(output).unwrap().lines().count(),
                2,
                "{record:?}"
            );
        }
    }
}

#[test]
fn a_stream_has_begin_upstream_counts_and_end() {
    let mut output = Vec::new();
    let upstream = [Producer {
        tool: "s".into(),
        version: "0.9".into(),
    }];
    let mut writer = Writer::begin(&mut output, "t", "1", &upstream).unwrap();
    writer
        .record(&Record::Video(Video {
            video_id: "v".into(),
            ..Video::default()
        }))
        .unwrap();
    writer.record(&Record::Frame(frame(Some(0.1)))).unwrap();
    writer.record(&Record::Frame(frame(None))).unwrap();
    let failure = Failure {
        code: code::DECODE.into(),
        what: "no picture".into(),
        tool: "t".into(),
        path: Some("a.mp4".into()),
        video_id: None,
    };
    writer.failure(failure).unwrap();
    let end = writer.end().unwrap();
    assert_eq!((end.n_videos, end.n_frames, end.n_errors), (1, 2, 1));
    let text = String::from_utf8(output).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1,"upstream":[{"tool":"s","version":"0.9"}]}"#
    );
    assert_eq!(
        lines[5],
        r#"{"type":"end","n_videos":1,"n_frames":2,"n_errors":1}"#
    );
    assert_eq!(lines.len(), 6);
}

/// The only line inside a stream.
fn line_of(text: &str) -> Line {
    let begin =
        r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#;
    let input = format!("{begin}\n{text}\n");
    let mut input = input.as_bytes();
    let mut reader = Reader::of_frames_alone(&mut input, DEFAULT_MAX_LINE);
    reader.next_line().expect("the begin line is good");
    reader
        .next_line()
        .expect("the line is good")
        .expect("there is a line")
}

#[test]
fn unknown_fields_are_rewritten_as_they_were_spelt() {
    let unknown = r#""e":1e2,"big":18446744073709551617,"huge":1e999,"zero":-0.0,"gap":{ "b" : [ 1 , 2 ] },"u":"\u00e4\ud800","twice":1,"twice":2,"":null"#;
    let line = line_of(&format!(
        r#"{{"index":3,"note":"before",  "type":"frame","video_id":"v","image":{{"inline":{{"jpeg_base64":""}}}},{unknown}}}"#
    ));
    let mut changed = frame(Some(0.1));
    changed.label = Some("bad_form".into());
    let rewritten = line.rewritten(&Record::Frame(changed.clone())).unwrap();
    let known = serde_json::to_string(&Record::Frame(changed.clone())).unwrap();
    assert_eq!(
        rewritten,
        format!(
            r#"{},"note":"before",{unknown}}}"#,
            &known[..known.len() - 1]
        )
    );
    assert_eq!(line_of(&rewritten).record, Ok(Record::Frame(changed)));
    let again = line_of(&rewritten)
        .rewritten(&Record::Frame(frame(Some(0.1))))
        .unwrap();
    assert!(again.ends_with(&format!("{unknown}}}")), "{again}");
}

#[test]
fn a_line_is_passed_on_byte_for_byte() {
    let text = r#"{ "x":1e2,"type" : "unheard_of","b":18446744073709551617 }"#;
    let mut output = Vec::new();
    let mut writer = Writer::begin(&mut output, "t", "1", &[]).unwrap();
    writer.line(&line_of(text)).unwrap();
    writer.end().unwrap();
    assert_eq!(
        String::from_utf8(output).unwrap().lines().nth(1),
        Some(text)
    );
}

#[test]
fn many_unknown_fields_are_rewritten_in_time() {
    let unknown: Vec<String> = (0..300_000).map(|i| format!(r#""f{i}":{i}"#)).collect();
    let line = line_of(&format!(
        r#"{{"type":"frame","video_id":"v","index":3,"image":{{"inline":{{"jpeg_base64":""}}}},{}}}"#,
        unknown.join(",")
    ));
    let start = std::time::Instant::now();
    let rewritten = line.rewritten(&Record::Frame(frame(None))).unwrap();
    assert!(rewritten.ends_with("\"f299999\":299999}"));
    // Comparing each with each took over three minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
