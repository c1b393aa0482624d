//! Models with a number that cannot be, as a user meets them. `WO_FULL=1` tries hundreds.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::mutation::Random;
use wo_testkit::wounds::{numbers, wounded};
use wo_testkit::{Run, stream, tempdir};

use crate::model::{video, write_model};
use crate::tool;

/// How a run with such a model may end: with verdicts, with parts that failed, or with a model that cannot be trusted.
const EXITS: [i32; 4] = [0, 1, 3, 6];
const FILES: [&str; 4] = [
    "config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "wo.json",
];

fn run(folder: &Path, model: &Path) -> Run {
    tool()
        .arg("--model")
        .arg(model)
        .stdin(stream(&video(folder, "a0", &json!({"person_id": "new"}))))
        .run()
}

#[test]
fn broken_models_are_refused_with_one_line_that_names_the_field() {
    let folder = tempdir().expect("a folder");
    let model = write_model(folder.path());
    assert_ne!(run(folder.path(), &model).status, 6, "the model is whole");
    for (file, pointer, value, expected) in [
        (
            "config.json",
            "/text_config/eos_token_id",
            json!(null),
            // As transformers reads null.
            "config.json: text_config.eos_token_id is 49407, and ",
        ),
        (
            "config.json",
            "/text_config/eos_token_id",
            json!(5),
            "config.json: text_config.eos_token_id is 5, and ",
        ),
        (
            "preprocessor_config.json",
            "/image_std",
            json!([0, 0, 0]),
            "preprocessor_config.json: image_std[0] is 0, and a number from 0.000001 to 1000 is expected",
        ),
        (
            "preprocessor_config.json",
            "/image_std",
            json!(0),
            "preprocessor_config.json: image_std is 0, and a number from 0.000001 to 1000 is expected",
        ),
        (
            "tokenizer.json",
            "/added_tokens/0/id",
            json!(-1),
            "tokenizer.json: added_tokens[0].id is -1, and a whole number from 0 to 1000000 is expected",
        ),
        (
            "wo.json",
            "/videos/0/duration_ms",
            json!("long"),
            "wo.json: videos[0].duration_ms: invalid type: string \"long\", expected f64",
        ),
    ] {
        let path = model.join(file);
        let text = fs::read_to_string(&path).expect("a file of the model");
        let mut changed: Value = serde_json::from_str(&text).expect("JSON");
        *changed.pointer_mut(pointer).expect(pointer) = value;
        fs::write(&path, changed.to_string()).expect("written");
        let run = run(folder.path(), &model);
        assert_eq!(run.status, 6, "{run:?}");
        let expected = format!("wo-eval: read the model {}: {expected}", model.display());
        assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
        let first = run.stderr.lines().next().unwrap_or_default();
        assert_eq!(first.matches(file).count(), 1, "{first}");
        fs::write(&path, text).expect("written");
    }
}

#[test]
fn broken_models_never_end_a_run_as_a_bug() {
    let is_full = std::env::var_os("WO_FULL").is_some();
    let folder = tempdir().expect("a folder");
    let model = write_model(folder.path());
    let n_of_each = if is_full { 100 } else { 2 };
    for file in FILES {
        let path = model.join(file);
        let text = fs::read_to_string(&path).expect("a file of the model");
        let whole: Value = serde_json::from_str(&text).expect("JSON");
        let places = numbers(&whole, 20);
        for seed in 0..n_of_each {
            let wound = wounded(&whole, &places, &mut Random::new(seed));
            fs::write(&path, &wound.text).expect("written");
            let run = run(folder.path(), &model);
            let what = format!(
                "{file}: {} is {}: {}",
                wound.place, wound.literal, run.stderr
            );
            assert!(EXITS.contains(&run.status), "{} {what}", run.status);
            assert!(!run.stderr.contains("panicked"), "{what}");
            if run.status == 6 {
                let first = run.stderr.lines().next().unwrap_or_default();
                let is_named = first.starts_with("wo-eval: read the model ")
                    || first.contains("is not the one that wo-train wrote");
                assert!(is_named, "{what}");
            }
        }
        fs::write(&path, text).expect("written");
    }
}
