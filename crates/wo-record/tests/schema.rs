//! `docs/records.md` for people and `docs/records.schema.json` for machines say what the types say.
//! `WO_UPDATE=1 cargo test -p wo-record` writes the schema anew.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use wo_record::{DEFAULT_MAX_LINE, Reader, Record, json_schema};

/// All record types, so that none is forgotten in the document.
const KINDS: [&str; 33] = [
    "begin",
    "video",
    "frame",
    "dropped",
    "error",
    "truth",
    "source",
    "base",
    "metric",
    "model",
    "pose",
    "verdict",
    "prediction",
    "part",
    "review",
    "erased_review",
    "lost_reviews",
    "queued",
    "score",
    "independence",
    "confusion",
    "calibration",
    "selection",
    "audit",
    "learning_curve",
    "shot",
    "suspect",
    "comparison",
    "gate",
    "coverage",
    "finding",
    "advice",
    "end",
];

fn docs(file: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).join(file)
}

/// The document, and the sample lines in it: those that start with a brace.
fn document() -> (String, Vec<String>) {
    let text = std::fs::read_to_string(docs("records.md")).expect("read the document");
    let samples = text
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(str::to_owned)
        .collect();
    (text, samples)
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(json_schema().as_value()).expect("the schema is a schema")
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let schema = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    let path = docs("records.schema.json");
    if std::env::var_os("WO_UPDATE").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == schema,
        "docs/records.schema.json is old; write it anew: WO_UPDATE=1 cargo test -p wo-record"
    );
}

#[test]
fn the_samples_of_the_document_are_one_stream_with_each_type() {
    let (_, samples) = document();
    let mut kinds = BTreeSet::new();
    let input = samples.join("\n");
    let mut input = input.as_bytes();
    let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
    while let Some(line) = reader.next_line().unwrap() {
        let record = line
            .record
            .unwrap_or_else(|kind| panic!("line {}: no such type: {kind:?}", line.number));
        kinds.insert(record.kind());
        // No field of a sample is a slip of the pen: all that it says comes out again.
        let said: Value = serde_json::from_str(&line.text).unwrap();
        let meant = serde_json::to_value(&record).unwrap();
        for (field, value) in said.as_object().unwrap() {
            assert_eq!(meant.get(field), Some(value), "{}: {field}", record.kind());
        }
    }
    assert_eq!(kinds, BTreeSet::from(KINDS));
}

#[test]
fn the_document_names_each_field() {
    let (text, samples) = document();
    let mut fields = BTreeSet::new();
    for sample in &samples {
        let record = Record::parse(sample).unwrap().unwrap();
        let all = serde_json::to_value(&record).unwrap();
        fields.extend(all.as_object().unwrap().keys().cloned());
    }
    for field in fields {
        assert!(
            text.contains(&format!("| `{field}` |")),
            "docs/records.md does not tell what `{field}` is"
        );
    }
}

#[test]
fn each_sample_is_valid_and_each_broken_one_is_not() {
    let validator = validator();
    let (_, samples) = document();
    for sample in &samples {
        let sample: Value = serde_json::from_str(sample).unwrap();
        if let Err(error) = validator.validate(&sample) {
            panic!("{error}: {sample}");
        }
        // An unknown field is fine.
        let mut more = sample.clone();
        more["unheard_of"] = Value::from(1);
        assert!(validator.is_valid(&more), "{more}");
        // A field of the wrong kind is not.
        for field in sample.as_object().unwrap().keys() {
            let mut broken = sample.clone();
            broken[field] = serde_json::json!([[[]]]);
            assert!(!validator.is_valid(&broken), "{broken}");
        }
        let mut untyped = sample.clone();
        untyped.as_object_mut().unwrap().remove("type");
        assert!(!validator.is_valid(&untyped), "{untyped}");
    }
}

#[test]
fn the_schema_and_the_reader_want_the_same_fields() {
    let validator = validator();
    let (_, samples) = document();
    for sample in &samples {
        let sample: Value = serde_json::from_str(sample).unwrap();
        for field in sample
            .as_object()
            .unwrap()
            .keys()
            .filter(|field| *field != "type")
        {
            let mut without = sample.clone();
            without.as_object_mut().unwrap().remove(field);
            let read = Record::parse(&without.to_string()).is_ok();
            assert_eq!(
                validator.is_valid(&without),
                read,
                "without {field}: {without}"
            );
            let mut null = sample.clone();
            null[field] = Value::Null;
            let read = Record::parse(&null.to_string()).is_ok();
            assert_eq!(validator.is_valid(&null), read, "{field} is null: {null}");
        }
    }
}
