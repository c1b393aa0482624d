use super::*;

fn read(lines: &[&str]) -> anyhow::Result<PredictionsFile> {
    let begin =
        r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#;
    let end = r#"{"type":"end","n_videos":0,"n_frames":0,"n_errors":0}"#;
    let text = [&[begin], lines, &[end]].concat().join("\n");
    let reading = Reading::default();
    PredictionsFile::read(Path::new("-"), &mut text.as_bytes(), &reading)
}

#[test]
fn predictions_of_anything_are_read() {
    let file = read(&[
        r#"{"type":"video","video_id":"a","duration_ms":4000.0,"source_id":"gym"}"#,
        r#"{"type":"prediction","video_id":"a","group":"person:anna","exercise":"squat","label":"bad_form","labels":{"bad_form":0.7,"good_form":0.3}}"#,
        r#"{"type":"prediction","video_id":"b","group":"person:ben","label":"good_form","labels":{"bad_form":0.6,"good_form":0.4},"fold":2}"#,
    ])
    .expect("a stream");
    let [a, b] = &file.predictions[..] else {
        panic!("two predictions");
    };
    assert_eq!((a.is_right(), b.is_right()), (Some(true), Some(false)));
    assert_eq!(a.duration_ms, Some(4000.0));
    assert_eq!(
        a.facts.fields.get("source_id").map(String::as_str),
        Some("gym")
    );
    assert_eq!((b.group.as_str(), b.fold), ("person:ben", Some(2)));
}

#[test]
fn what_is_no_probability_is_refused_by_its_line() {
    let error =
        read(&[r#"{"type":"prediction","video_id":"a","group":"","labels":{"bad_form":1.7}}"#]);
    let error = format!("{:#}", error.expect_err("1.7"));
    assert!(
        error.contains("line 2") && error.contains("bad_form is 1.7"),
        "{error}"
    );
    // A sum of probabilities may be rounded up.
    let one = r#"{"type":"prediction","video_id":"a","group":"","labels":{"bad_form":1.0000000000000002}}"#;
    assert!(read(&[one]).is_ok());
    let none = format!("{:#}", read(&[]).expect_err("nothing"));
    assert!(none.contains("no prediction record"), "{none}");
}

#[test]
fn unclear_is_an_answer_where_it_is_the_most_probable() {
    let file = read(&[
        r#"{"type":"prediction","video_id":"a","group":"","label":"bad_form","labels":{"unclear":1.0}}"#,
        r#"{"type":"prediction","video_id":"b","group":"","label":"bad_form","labels":{"bad_form":0.6,"good_form":0.1,"unclear":0.3}}"#,
        r#"{"type":"prediction","video_id":"c","group":"","label":"unclear","labels":{"good_form":0.9}}"#,
    ])
    .expect("a stream");
    let [a, b, c] = &file.predictions[..] else {
        panic!("three predictions");
    };
    assert_eq!(file.space.labels.last().map(Name::as_str), Some(UNCLEAR));
    assert_eq!(file.space.n_true_labels(), 2);
    assert_eq!((a.says_unclear(), a.is_right()), (true, Some(false)));
    assert_eq!((b.says_unclear(), b.is_right()), (false, Some(true)));
    assert_eq!(
        (b.confidence(), &c.ground_truth),
        (0.6, &GroundTruth::Unclear)
    );
}

#[test]
fn an_exercise_that_was_not_asked_for_is_not_said() {
    let file = read(&[
        r#"{"type":"prediction","video_id":"a","group":"","exercise":"squat","label":"bad_form","labels":{"bad_form":1.0}}"#,
        r#"{"type":"prediction","video_id":"b","group":"","exercise":"squat","label":"bad_form","labels":{"bad_form":1.0},"exercises":{"row":1.0}}"#,
    ])
    .expect("a stream");
    let predicted: Vec<_> = file
        .predictions
        .iter()
        .map(Prediction::predicted_exercise)
        .collect();
    assert_eq!(predicted, [None, Some(0)]);
}

#[test]
fn one_video_has_one_prediction() {
    let line = |good: f64| {
        format!(
            r#"{{"type":"prediction","video_id":"a","group":"","labels":{{"good_form":{good}}}}}"#
        )
    };
    let same = read(&[&line(0.7), &line(0.7)]).expect("the same twice");
    assert_eq!((same.predictions.len(), same.n_repeated), (1, 1));
    let error = format!(
        "{:#}",
        read(&[&line(0.7), &line(0.3)]).expect_err("another")
    );
    assert!(
        error.contains("line 3: the prediction of video a differs from that of line 2"),
        "{error}"
    );
}

#[test]
fn probabilities_are_no_more_than_one_together() {
    let line = r#"{"type":"prediction","video_id":"a","group":"","labels":{"bad_form":0.9,"good_form":0.95}}"#;
    let error = format!("{:#}", read(&[line]).expect_err("1.85"));
    assert!(error.contains("labels add up to 1.85"), "{error}");
}

#[test]
fn a_group_that_was_seen_was_seen_as_a_whole() {
    let line = |id: &str, group: &str, seen: bool| {
        format!(
            r#"{{"type":"prediction","video_id":"{id}","group":"{group}","seen":{seen},"labels":{{"good_form":1.0}}}}"#
        )
    };
    let lines = [
        line("a", "person:x", true),
        line("b", "person:x", false),
        line("c", "person:y", false),
    ];
    let file = read(&lines.each_ref().map(String::as_str)).expect("a stream");
    let seen: Vec<bool> = file.predictions.iter().map(|it| it.seen).collect();
    assert_eq!((seen, file.n_of_seen_groups), (vec![true, true, false], 1));
}

#[test]
fn who_leaves_the_first_line_out_is_told_what_it_is() {
    let line = br#"{"type":"prediction","video_id":"a","group":"","labels":{"good_form":1.0}}"#;
    let read = PredictionsFile::read(Path::new("-"), &mut &line[..], &Reading::default());
    let error = wo_cli::message_of(&read.expect_err("no begin")).shown();
    assert!(
        error.contains(r#"hint: the first line is {"type":"begin""#),
        "{error}"
    );
    let begin = ENVELOPE.iter().filter_map(|line| line.split_once(" is "));
    assert!(
        begin
            .into_iter()
            .all(|(_, line)| Record::parse(line).is_ok_and(|it| it.is_ok()))
    );
}
