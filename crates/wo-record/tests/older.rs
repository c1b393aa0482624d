//! Records that older versions wrote are read, and written under the names of today.

use wo_record::{Name, Record};

#[test]
fn faults_that_an_older_version_said_are_predicted() {
    let line = r#"{"type":"prediction","video_id":"v","group":"","labels":{"bad_form":1.0},"said_faults":["knees_cave"]}"#;
    let Record::Prediction(prediction) = Record::parse(line).expect("JSON").expect("a known type")
    else {
        panic!("a prediction");
    };
    assert_eq!(prediction.predicted_faults, [Name::new("knees_cave")]);
    let written = serde_json::to_string(&Record::Prediction(prediction)).expect("JSON");
    assert!(
        written.contains(r#""predicted_faults":["knees_cave"]"#) && !written.contains("said"),
        "{written}"
    );
}

#[test]
fn what_a_prediction_does_not_say_is_unknown() {
    let parse = |line: &str| match Record::parse(line).expect("JSON").expect("a known type") {
        Record::Prediction(prediction) => prediction,
        _ => panic!("a prediction"),
    };
    let silent = parse(r#"{"type":"prediction","video_id":"v","labels":{"bad_form":1.0}}"#);
    assert_eq!((silent.seen, silent.group.as_str()), (None, ""));
    assert!(silent.keys.is_empty());
    let older = parse(
        r#"{"type":"prediction","video_id":"v","group":"person:a","labels":{"bad_form":1.0},"fold":1,"seen":false}"#,
    );
    assert_eq!(
        (older.seen, older.group.as_str()),
        (Some(false), "person:a")
    );
}
