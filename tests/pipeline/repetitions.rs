//! `wo-extract --sample phase` beside what `wo-synth` drew.

use serde_json::Value;

use crate::ok;

/// Of the repetitions, and of their far ends, at least this part must be found.
const LEAST: f64 = 0.95;
/// A far end may be this far from the phase 0.5.
const TOLERANCE: f64 = 0.1;

fn records(text: &str, kind: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .filter(|record: &Value| record["type"] == kind)
        .collect()
}

fn time(repetition: &Value, name: &str) -> f64 {
    repetition[name].as_f64().expect("a number")
}

/// How far a repetition is at a time, as records have it.
fn phase(repetition: &Value, ms: f64) -> Option<f64> {
    let [start, far, end] = ["start_ms", "far_ms", "end_ms"].map(|name| time(repetition, name));
    if !(start..=end).contains(&ms) {
        None
    } else if ms <= far {
        Some(0.5 * (ms - start) / (far - start))
    } else {
        Some(0.5 + 0.5 * (ms - far) / (end - far))
    }
}

/// The part of all the time of both that they have in common.
fn overlap(a: &Value, b: &Value) -> f64 {
    let both =
        time(a, "end_ms").min(time(b, "end_ms")) - time(a, "start_ms").max(time(b, "start_ms"));
    let any =
        time(a, "end_ms").max(time(b, "end_ms")) - time(a, "start_ms").min(time(b, "start_ms"));
    both.max(0.0) / any
}

#[test]
fn repetitions_and_their_far_ends_are_found_without_knowing_what_a_body_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let truths = ok(
        dir.path(),
        "wo-synth --out v --videos-per-class 3 --seed 5 -q",
    );
    let stream = ok(
        dir.path(),
        "wo-extract v --sample phase --frames-per-video 6 --size 64 -q",
    );
    let videos = records(&stream, "video");
    let frames = records(&stream, "frame");
    let (mut n, mut n_found, mut n_far, mut n_among) = (0.0, 0.0, 0.0, 0.0);
    let mut n_extra = 0;
    for truth in records(&truths, "truth") {
        let path = format!("v/{}", truth["path"].as_str().expect("a path"));
        let video = videos.iter().find(|video| video["path"] == path.as_str());
        let video = video.expect("each video is taken");
        let found = video["repetitions"]
            .as_array()
            .expect("they were looked for");
        let drawn = truth["reps"].as_array().expect("wo-synth knows them");
        n_extra += found.len().saturating_sub(drawn.len());
        for repetition in drawn {
            n += 1.0;
            let best = found
                .iter()
                .max_by(|a, b| overlap(a, repetition).total_cmp(&overlap(b, repetition)));
            let Some(best) = best.filter(|best| overlap(best, repetition) > 0.5) else {
                continue;
            };
            n_found += 1.0;
            let far = phase(best, time(repetition, "far_ms"));
            n_far += f64::from(u8::from(
                far.is_some_and(|far| (far - 0.5).abs() <= TOLERANCE),
            ));
        }
        // One of the frames shows a far end.
        let own = frames
            .iter()
            .filter(|frame| frame["video_id"] == video["video_id"]);
        let is_far = |frame: &Value| {
            let ms = frame["pts_ms"].as_f64().expect("a time");
            let phases = drawn.iter().filter_map(|repetition| phase(repetition, ms));
            phases
                .into_iter()
                .any(|phase| (phase - 0.5).abs() <= TOLERANCE)
        };
        n_among += f64::from(u8::from(own.into_iter().any(is_far)));
    }
    println!("of {n} repetitions {n_found} found, {n_far} with their far end, {n_extra} too many");
    assert!(
        n >= 30.0 && n_found / n >= LEAST && n_far / n >= LEAST,
        "{n_found} {n_far} {n}"
    );
    assert!(n_among / videos.len() as f64 >= LEAST, "{n_among}");
    assert!(n_extra <= 1, "{n_extra}");
}
