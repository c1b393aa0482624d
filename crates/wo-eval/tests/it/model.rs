//! A model that knows nothing, and videos to show it.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, Rgb, RgbImage};
use serde_json::json;
use wo_clip::tch::Device;
use wo_clip::{
    Checkpoint, Class, Manifest, Pooling, Split, SplitVideo, read_checkpoint, scratch_config,
    write_checkpoint,
};
use wo_input::{Tokenizer, train_clip_tokenizer};
use wo_record::{Group, group_of};

/// Writes a random model that was trained on the video `t0` of the person `known`.
pub(crate) fn write_model(folder: &Path) -> PathBuf {
    let class = |exercise: &str, label: &str, fault: Option<&str>| Class {
        exercise: exercise.into(),
        label: label.into(),
        faults: fault.into_iter().map(Into::into).collect(),
    };
    let classes = vec![
        class("squat", "good_form", None),
        class("squat", "bad_form", Some("knees_cave")),
        class("row", "good_form", None),
        class("row", "bad_form", Some("rounded_back")),
    ];
    let prompts: Vec<Vec<String>> = classes
        .iter()
        .map(|class| {
            vec![format!(
                "a {} with {}",
                class.exercise.words(),
                class.label.words()
            )]
        })
        .collect();
    let json = train_clip_tokenizer(&prompts.concat(), 50)
        .expect("the test can make its model and pictures");
    let tokenizer =
        Tokenizer::from_json(&json, 77).expect("the test can make its model and pictures");
    let config = scratch_config("tiny", tokenizer.vocabulary_size())
        .expect("the test can make its model and pictures");
    let known = wo_record::Video {
        person_id: Some("known".into()),
        ..wo_record::Video::default()
    };
    let video = |video_id: &str, group: Group, label: &str, duration_ms: f64| SplitVideo {
        duration_ms: Some(duration_ms),
        ..SplitVideo::new(video_id, group, Split::Train, "squat".into(), label.into())
    };
    let mut checkpoint = Checkpoint::fresh(config, tokenizer, 7);
    checkpoint.manifest = Some(Manifest {
        trust: None,
        learning_curve: None,
        version: "0".into(),
        init: "scratch:tiny".into(),
        base: None,
        classes,
        prompts,
        group_by: None,
        videos: vec![
            video("t0", group_of(&known), "bad_form", 1000.0),
            video("t1", Group::of_video_id("t1"), "good_form", 3000.0),
        ],
        pooling: Pooling::Mean,
        head: None,
        arguments: json!({}),
        metrics: BTreeMap::new(),
        run_hash: None,
    });
    let (vs, _clip) = checkpoint
        .build(Device::Cpu)
        .expect("the test can make its model and pictures");
    let path = folder.join("model");
    write_checkpoint(&path, &checkpoint, &vs, false)
        .expect("the test can make its model and pictures");
    path
}

/// Writes a model anew, with another manifest, as `wo-train` would have.
pub(crate) fn rewrite(model: &Path, change: impl FnOnce(&mut Manifest)) {
    let mut checkpoint = read_checkpoint(model).expect("the model was written before");
    change(checkpoint.manifest.as_mut().expect("it has a manifest"));
    let (vs, _clip) = checkpoint.build(Device::Cpu).expect("whole weights");
    write_checkpoint(model, &checkpoint, &vs, false).expect("write it");
}

/// The lines of a video with three frames in files below `folder`; `fields` are those of the `video` record.
pub(crate) fn video(folder: &Path, id: &str, fields: &serde_json::Value) -> Vec<String> {
    let mut record = json!({"type": "video", "video_id": id, "path": format!("{id}.mp4"), "duration_ms": 2000.0});
    for (name, value) in fields
        .as_object()
        .expect("the test can make its model and pictures")
    {
        record[name] = value.clone();
    }
    let mut lines = vec![record.to_string()];
    for index in 0_u8..3 {
        let path = folder.join(format!("{id}_{index}.png"));
        let shade = id.bytes().fold(40 * index, u8::wrapping_add);
        let mut bytes = Cursor::new(Vec::new());
        RgbImage::from_pixel(160, 90, Rgb([shade, 255 - shade, 90]))
            .write_to(&mut bytes, ImageFormat::Png)
            .expect("the test can make its model and pictures");
        std::fs::write(&path, bytes.into_inner())
            .expect("the test can make its model and pictures");
        let frame = json!({"type": "frame", "video_id": id, "index": index, "pts_ms": 500.0 * f64::from(index),
            "image": {"file": {"path": path}}});
        lines.push(frame.to_string());
    }
    lines
}
