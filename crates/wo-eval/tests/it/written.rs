//! Predictions that tests write, and records that they read.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use wo_testkit::{Run, stream};

use crate::model::video;
use crate::tool;

pub(crate) const OF_TRAINING: [&str; 3] =
    ["00ff00ff00ff00ff", "0f0f0f0f0f0f0f0f", "3333333333333333"];
pub(crate) const OF_OTHERS: [&str; 3] =
    ["ff00ff00ff00ff00", "f0f0f0f0f0f0f0f0", "cccccccccccccccc"];
pub(crate) const OF_STRANGERS: [&str; 3] =
    ["0ff00ff00ff00ff0", "3c3c3c3c3c3c3c3c", "a5a5a5a5a5a5a5a5"];

/// Writes predictions of forty persons with a good and a bad squat each; of every `n`-th video the label is missed.
pub(crate) fn predictions(folder: &Path, name: &str, n: usize) -> PathBuf {
    let lines: Vec<String> = (0..80)
        .map(|i| {
            let truth = ["good_form", "bad_form"][i % 2];
            let good = if (i % 2 == 0) == (i % n != 0) {
                0.9
            } else {
                0.1
            };
            json!({"type": "prediction", "video_id": format!("v{i}"), "path": format!("v{i}.mp4"),
                "group": format!("person:{}", i / 2), "exercise": "squat", "label": truth,
                "labels": {"good_form": good, "bad_form": 1.0 - good}, "seen": false})
            .to_string()
        })
        .collect();
    let path = folder.join(name);
    std::fs::write(&path, stream(&lines)).expect("write predictions");
    path
}

/// Predictions evaluated without a model.
pub(crate) fn evaluated(said: &Path, flags: &[&str]) -> Run {
    let tool = tool().args(flags).args(["--json", "--predictions"]);
    tool.arg(said).run()
}

pub(crate) fn of_type(run: &Run, kind: &str) -> Vec<Value> {
    let lines = run.lines().into_iter();
    let records = lines.map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    records.filter(|record| record["type"] == kind).collect()
}

/// A room full of things, in which a lifter stands at one of several places.
fn lift_in(room: u64, place: u32) -> RgbImage {
    RgbImage::from_fn(320, 180, |x, y| {
        let lifter = 40 + 60 * place;
        if (lifter..lifter + 16).contains(&x) && (60..150).contains(&y) {
            return Rgb([255; 3]);
        }
        let thing = room ^ u64::from(x / 20) << 8 ^ u64::from(y / 18) << 16;
        let mixed = thing.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let shade = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56;
        Rgb([(shade / 2) as u8; 3])
    })
}

/// A video whose frames have these hashes, and show a lifter in a room of the first one.
pub(crate) fn looking_like(
    folder: &Path,
    id: &str,
    person: &str,
    hashes: [&str; 3],
) -> Vec<String> {
    let label = if id.ends_with('0') {
        "good_form"
    } else {
        "bad_form"
    };
    let fields = json!({"exercise": "squat", "label": label, "person_id": person});
    let mut lines = video(folder, id, &fields);
    let room = u64::from_str_radix(hashes[0], 16).expect("a hash");
    for (number, (line, hash)) in (0..).zip(lines.iter_mut().skip(1).zip(hashes)) {
        let image = lift_in(room, number);
        let file = folder.join(format!("{id}_{number}.png"));
        image.save(file).expect("an image");
        let mut frame: Value = serde_json::from_str(line).expect("a frame");
        frame["quality"] = json!({"sharpness": 100.0, "brightness": 0.5, "contrast": 0.2, "perceptual_hash": hash});
        *line = frame.to_string();
    }
    lines
}
