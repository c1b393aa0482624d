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
