//! Words of enums that this version does not know pass through unchanged, and known ones are what they were on the wire.

use serde_json::Value;
use wo_record::{
    AbstainReason, AuditVerdict, Predictor, Probe, Record, SourceOutcome, SuspectReason,
};

fn read(line: &str) -> Record {
    Record::parse(line).expect("JSON").expect("a known type")
}

/// The value of a field after the record was read and written again.
fn written(line: &str, field: &str) -> Value {
    let written = serde_json::to_value(read(line)).expect("a record is JSON");
    written.get(field).cloned().expect("the field")
}

const SCORE: &str = r#"{"type":"score","task":"label","by":"WORD","unit":"video","scope":"all","name":"recall","value":1.0,"low":null,"high":null,"n":1,"n_groups":1}"#;
const AUDIT: &str = r#"{"type":"audit","probe":"WORD","verdict":"WORD","value":0.5,"low":null,"high":null,"n":1,"n_groups":1}"#;
const SUSPECT: &str = r#"{"type":"suspect","video_id":"v","score":1.0,"reason":"WORD"}"#;
const VERDICT: &str = r#"{"type":"verdict","video_id":"v","label":"unclear","probability":0.5,"exercise":"squat","exercise_probability":0.5,"evidence":{"index":0,"pts_ms":null,"probability":0.5},"n_frames":1,"reasons":["WORD","too_dark"]}"#;

const SOURCE: &str = r#"{"type":"source","url":"a.mp4","outcome":"WORD"}"#;

#[test]
fn an_unknown_word_passes_through() {
    for (line, field) in [
        (SCORE, "by"),
        (AUDIT, "probe"),
        (AUDIT, "verdict"),
        (SUSPECT, "reason"),
        (SOURCE, "outcome"),
    ] {
        let line = line.replace("WORD", "of_a_later_version");
        assert_eq!(written(&line, field), "of_a_later_version", "{field}");
    }
    let verdict = VERDICT.replace("WORD", "Of a later version");
    let expected = Value::from(vec!["Of a later version", "too_dark"]);
    assert_eq!(written(&verdict, "reasons"), expected);
}

#[test]
fn known_words_are_read_as_what_they_mean() {
    let Record::Score(score) = read(&SCORE.replace("WORD", "duration_only")) else {
        panic!("a score");
    };
    assert_eq!(score.by, Predictor::DurationOnly);
    let Record::Audit(audit) = read(
        &AUDIT
            .replacen("WORD", "first_frame", 1)
            .replace("WORD", "fail"),
    ) else {
        panic!("an audit");
    };
    assert_eq!(
        (audit.probe, audit.verdict),
        (Probe::FirstFrame, AuditVerdict::Fail)
    );
    let Record::Suspect(suspect) = read(&SUSPECT.replace("WORD", "near_duplicate")) else {
        panic!("a suspect");
    };
    assert_eq!(suspect.reason, SuspectReason::NearDuplicate);
    let Record::Source(source) = read(&SOURCE.replace("WORD", "gone")) else {
        panic!("a source");
    };
    assert_eq!(source.outcome, SourceOutcome::Gone);
    let Record::Verdict(verdict) = read(&VERDICT.replace("WORD", "too_blurry")) else {
        panic!("a verdict");
    };
    assert_eq!(
        verdict.reasons,
        [AbstainReason::TooBlurry, AbstainReason::TooDark]
    );
}
