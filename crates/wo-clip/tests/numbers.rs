//! Models with one number changed: each is refused with one line that names the file and the field, or it judges with
//! finite probabilities. `WO_FULL=1` tries thousands.

#![expect(clippy::unwrap_used, reason = "all of it is test code")]

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::RgbImage;
use serde_json::{Value, json};
use wo_clip::fuzzing::small as small_config;
use wo_clip::tch::Device;
use wo_clip::{
    AbstentionPolicy, Checkpoint, Class, Judge, Manifest, Pooling, Split, SplitVideo,
    read_checkpoint, set_threads, write_checkpoint,
};
use wo_input::{Tokenizer, train_clip_tokenizer};
use wo_record::Group;
use wo_testkit::mutation::Random;
use wo_testkit::wounds::{WoundedJson, numbers, wounded};

/// What may be said instead of the field: a number that is one by itself, and not that of the weights or of another file.
const OF_OTHERS: [&str; 4] = [
    "the configuration asks for",
    "the weights are of another model",
    "more blocks",
    "with which the tokenizer ends a text",
];
/// Ids of one vocabulary and weights of one list that are tried.
const N_OF_EACH: usize = 40;

fn n_wounds() -> u64 {
    match std::env::var_os("WO_FULL") {
        Some(_) => 5000,
        None => 150,
    }
}

/// A small model that can judge.
fn write(folder: &Path) {
    set_threads(1);
    let texts = ["squat good form", "squat bad form"];
    let json = train_clip_tokenizer(&texts, 4).unwrap();
    let tokenizer = Tokenizer::from_json(&json, 8).unwrap();
    let config = small_config(tokenizer.vocabulary_size() as i64);
    let mut checkpoint = Checkpoint::fresh(config, tokenizer, 1);
    let class = |label: &str| Class {
        exercise: "squat".into(),
        label: label.into(),
        faults: Vec::new(),
    };
    let video = SplitVideo::new(
        "v",
        Group::of_video_id("v"),
        Split::Train,
        "squat".into(),
        "good_form".into(),
    );
    checkpoint.manifest = Some(Manifest {
        version: "0".to_owned(),
        init: "scratch:tiny".to_owned(),
        base: None,
        classes: vec![class("good_form"), class("bad_form")],
        prompts: texts.iter().map(|it| vec![(*it).to_owned()]).collect(),
        pooling: Pooling::Mean,
        head: Some(vec![vec![0.5, -0.5, 0.25, 1.0], vec![1.0, 0.5, 0.0, -1.0]]),
        trust: Some(AbstentionPolicy {
            temperature: Some(1.5),
            wanted_risk: 0.1,
            threshold: Some(0.7),
            n_groups: 12,
            measured_on: "validation".to_owned(),
            min_exercise_probability: Some(0.4),
            min_sharpness: Some(10.0),
            min_brightness: Some(0.1),
        }),
        learning_curve: None,
        group_by: None,
        videos: vec![SplitVideo {
            duration_ms: Some(4000.0),
            ..video
        }],
        arguments: json!({}),
        metrics: BTreeMap::from([("loss".to_owned(), 0.5)]),
        run_hash: None,
    });
    let (vs, _clip) = checkpoint.build(Device::Cpu).unwrap();
    write_checkpoint(folder, &checkpoint, &vs, false).unwrap();
}

/// Reads the model, and judges a video of one frame.
fn judge(folder: &Path) -> anyhow::Result<Vec<f64>> {
    let checkpoint = read_checkpoint(folder)?;
    let judge = Judge::new(&checkpoint, Device::Cpu)?;
    let texts = judge.read_texts(&checkpoint.manifest.as_ref().unwrap().prompts)?;
    drop(texts);
    let frame = RgbImage::from_fn(12, 9, |x, y| image::Rgb([x as u8 * 20, y as u8 * 25, 90]));
    Ok(judge.score(&[frame]).video)
}

/// The last name in a place: `hidden_size` of `text_config.hidden_size`, `image_std` of `image_std[1]`.
fn field_of(place: &str) -> &str {
    let name = place.rsplit('.').next().unwrap_or(place);
    name.split('[').next().unwrap_or(name)
}

/// Checks what came of a wound in `file`. True if the model was refused.
fn check(folder: &Path, file: &str, wound: &WoundedJson) -> bool {
    let what = format!("{file}: {} is {}", wound.place, wound.literal);
    let judged = catch_unwind(AssertUnwindSafe(|| judge(folder)));
    let Ok(judged) = judged else {
        panic!("{what}: panicked");
    };
    match judged {
        Ok(probabilities) => {
            let sum: f64 = probabilities.iter().sum();
            assert!((sum - 1.0).abs() < 1e-6, "{what}: {probabilities:?}");
            false
        }
        Err(error) => {
            let said = format!("{error:#}");
            assert_eq!(said.lines().count(), 1, "{what}: {said}");
            assert!(said.chars().count() < 600, "{what}: {said}");
            if OF_OTHERS.iter().any(|it| said.contains(it)) {
                return true;
            }
            assert!(said.contains(file), "{what}: {said}");
            let field = field_of(&wound.place);
            let is_side = ["height", "width", "shortest_edge"].contains(&field);
            let is_named = said.contains(field) || is_side && said.contains("size");
            assert!(is_named, "{what}: {said}");
            // Not each layer says it again.
            let (head, rest) = said.split_once(&format!("{file}: ")).unwrap_or((&said, ""));
            // A token of a vocabulary may be a letter.
            let is_early = field.len() > 3 && head.contains(field);
            assert!(!is_early && rest.len() < 300, "{what}: {said}");
            assert_eq!(
                rest.matches(&format!("{file}: ")).count(),
                0,
                "{what}: {said}"
            );
            true
        }
    }
}

#[test]
fn a_number_that_cannot_be_is_named_with_its_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    write(&model);
    judge(&model).expect("the whole model judges");
    for file in [
        "config.json",
        "preprocessor_config.json",
        "tokenizer.json",
        "wo.json",
    ] {
        let path = model.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        let places = numbers(&whole, N_OF_EACH);
        let mut n_refused = 0;
        for seed in 0..n_wounds() {
            let wound = wounded(&whole, &places, &mut Random::new(seed));
            fs::write(&path, &wound.text).unwrap();
            n_refused += u64::from(check(&model, file, &wound));
        }
        assert!(n_refused > n_wounds() / 3, "{file}: {n_refused}");
        fs::write(&path, text).unwrap();
    }
    judge(&model).expect("the whole model judges");
}
