//! What people say of their videos is in force, or is named with what to do.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wo_testkit::{Run, stream, tempdir};

use crate::methods::copy;
use crate::{SMALL, colours, records, tool, video};

pub(crate) fn train(output: &Path, lines: &[String], more: &[&str]) -> Run {
    let parts = ["--epochs", "1", "--validation", "0.3", "--test", "0"];
    tool()
        .args(SMALL)
        .args(parts)
        .arg("--output")
        .arg(output)
        .args(more)
        .stdin(stream(lines))
        .run()
}

fn manifest(model: &Path) -> Value {
    let text = fs::read(model.join("wo.json")).expect("a model");
    serde_json::from_slice(&text).expect("JSON")
}

/// The group and the split of a video, as the model has them.
fn place(manifest: &Value, id: &str) -> (String, String) {
    let mut videos = manifest["videos"].as_array().expect("a list").iter();
    let video = videos.find(|it| it["video_id"] == id).expect(id);
    let text = |key: &str| video[key].as_str().expect("text").to_owned();
    (text("group"), text("split"))
}

/// The same line with another value in a field.
fn with(line: &str, field: &str, value: &Value) -> String {
    let mut record: Value = serde_json::from_str(line).expect("a record");
    record[field] = value.clone();
    record.to_string()
}

pub(crate) fn said(run: &Run, words: &[&str]) {
    for word in words {
        assert!(
            run.stderr.contains(word),
            "{word} is missing in\n{}",
            run.stderr
        );
    }
}

#[test]
fn frames_that_say_otherwise_than_their_video_are_named_and_trained_as_asked() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("m");
    let mut lines = colours();
    // The third video has a third frame, which a person called bad.
    let place = 3 * 2 + 3;
    let third = with(
        &with(&lines[place - 1], "index", &json!(2)),
        "label",
        &json!("bad_form"),
    );
    lines.insert(
        place,
        with(
            &third,
            "description",
            &json!("squat that somebody called bad"),
        ),
    );
    let left_out = train(&model, &lines, &["--dry-run"]);
    assert_eq!(left_out.status, 0, "{}", left_out.stderr);
    said(
        &left_out,
        &[
            "1 frame of 1 video excluded, whose label differs from the video's: video2.mp4",
            "--mixed frames",
            "\n32 frames, 2 classes, 2 captions\n",
        ],
    );
    let frames = ["--mixed", "frames", "--validation", "0"];
    let run = train(&model, &lines, &frames);
    assert_eq!(run.status, 0, "{}", run.stderr);
    said(
        &run,
        &[
            "1 frame of 1 video trains with its own label, which differs from the video's: video2.mp4",
            "\n33 frames, 3 classes, 3 captions\n",
            "training: 16 videos of 8 groups",
        ],
    );
    let videos = manifest(&model)["videos"]
        .as_array()
        .expect("a list")
        .clone();
    assert_eq!(videos.len(), 16, "a part of a video is no video");

    // One against one: neither is the truth.
    lines.remove(place);
    lines[place - 1] = with(&lines[place - 1], "label", &json!("bad_form"));
    let run = train(&model, &lines, &["--dry-run"]);
    said(
        &run,
        &[
            "1 video excluded, with two equally frequent labels: video2.mp4 (bad_form and good_form)",
        ],
    );
}

#[test]
fn videos_that_look_alike_are_one_group() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("m");
    let alike: Vec<String> = [
        copy(0, "good_form"),
        copy(7, "good_form"),
        copy(14, "good_form"),
    ]
    .concat();
    let lines = [colours(), alike].concat();
    let run = train(&model, &lines, &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    said(
        &run,
        &[
            "3 pairs of near-duplicate videos are kept in one group, so that no split separates them: copy7.mp4 like copy0.mp4",
        ],
    );
    let known = manifest(&model);
    // The persons p0, p3 and p7, whose other videos go with them.
    let one = place(&known, "copy0");
    assert_eq!(one.0, "person:p0");
    for id in ["copy7", "copy14", "video0", "video1", "video6", "video15"] {
        assert_eq!(place(&known, id), one, "{id}");
    }
    assert_ne!(place(&known, "video2").0, one.0);
    let of = |id: &str| {
        let videos = known["videos"].as_array().expect("a list");
        videos
            .iter()
            .find(|it| it["video_id"] == id)
            .expect(id)
            .clone()
    };
    assert_eq!(of("copy7")["keys"], json!(["person:p3"]));
    assert_eq!(of("video0")["keys"], json!(["person:p0"]));

    let refused = train(&model, &lines, &["--near-duplicates", "refuse"]);
    assert_eq!(refused.status, 6, "{}", refused.stderr);
    said(
        &refused,
        &["near_identical_frames: 100 % of the frames of copy0.mp4 (person:p0)"],
    );
    // What the refusal says to do works.
    let dropped = train(&model, &lines, &["--near-duplicates", "drop", "--dry-run"]);
    assert_eq!(dropped.status, 0, "{}", dropped.stderr);
    said(
        &dropped,
        &[
            "2 videos excluded as near-duplicates of an earlier one: copy7.mp4 like copy0.mp4, copy14.mp4 like copy0.mp4",
        ],
    );
}

#[test]
fn one_video_under_two_labels_is_in_no_part_and_named() {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("m");
    // The same bytes, and the same pictures in other bytes.
    let lines = [
        colours(),
        video(1, "q", "good_form"),
        copy(0, "good_form"),
        copy(7, "bad_form"),
    ]
    .concat();
    let run = train(&model, &lines, &[]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    let errors = records(&run.stdout, "error");
    let named: Vec<(&str, &str)> = errors
        .iter()
        .map(|it| {
            (
                it["code"].as_str().expect("text"),
                it["path"].as_str().expect("text"),
            )
        })
        .collect();
    assert_eq!(
        named,
        [
            ("label_conflict", "video1.mp4"),
            ("label_conflict", "video1.mp4"),
            ("label_conflict", "copy0.mp4"),
            ("label_conflict", "copy7.mp4"),
        ]
    );
    assert_eq!(
        errors[2]["what"],
        "squat good_form here, but copy7.mp4 has the same frames as squat bad_form"
    );
    let last: Vec<&str> = run.stderr.trim_end().lines().rev().take(6).collect();
    assert!(
        last[0].starts_with("hint: remove one of the two videos"),
        "{last:?}"
    );
    assert_eq!(
        last[5],
        "wo-train: 4 inputs failed, and the run went on without:"
    );
    let videos = manifest(&model)["videos"]
        .as_array()
        .expect("a list")
        .clone();
    assert_eq!(videos.len(), 15);
    // The cure: one of each two goes.
    let cured = [colours(), copy(0, "good_form")].concat();
    assert_eq!(train(&model, &cured, &["--dry-run"]).status, 0);
}

#[test]
fn a_stream_that_is_there_twice_counts_once() {
    let folder = tempdir().expect("a folder");
    let lines = [colours(), colours()].concat();
    let run = train(&folder.path().join("m"), &lines, &["--dry-run"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    said(
        &run,
        &[
            "16 videos came more than once with the same label and count once: ",
            " and 11 more",
            "\n32 frames, 2 classes, 2 captions\n",
        ],
    );
}

#[test]
fn a_run_that_ends_with_three_says_last_what_failed_and_what_to_do() {
    let folder = tempdir().expect("a folder");
    let gone = folder.path().join("v/squat/bad_form/gone.mp4");
    let there = folder.path().join("v/squat/bad_form/there.mp4");
    fs::create_dir_all(there.parent().expect("a folder")).expect("a folder");
    fs::write(&there, "x").expect("a file");
    let error = |path: &Path, what: &str| {
        json!({"type": "error", "code": "decode", "what": what, "tool": "wo-extract", "path": path})
            .to_string()
    };
    let frames = folder.path().join("f");
    fs::create_dir(&frames).expect("a folder");
    let lines = [
        colours(),
        vec![error(&gone, "no frame"), error(&there, "no video stream")],
    ]
    .concat();
    fs::write(frames.join("records.ndjson"), stream(&lines)).expect("records");
    let made =
        json!({"flags": " --frames-per-video 3 --size 128", "frames": []}).to_string() + "\n";
    fs::write(frames.join(".wo-extract.ndjson"), made).expect("settings");
    for dry in [&["--dry-run"][..], &[]] {
        let run = tool()
            .args(SMALL)
            .args([
                "--epochs",
                "1",
                "--validation",
                "0",
                "--test",
                "0",
                "--data-dir",
            ])
            .arg(&frames)
            .arg("--output")
            .arg(folder.path().join("m"))
            .args(dry)
            .run();
        assert_eq!(run.status, 3, "{}", run.stderr);
        let last: Vec<&str> = run.stderr.trim_end().lines().rev().take(5).collect();
        let (videos, frames) = (folder.path().join("v"), frames.display());
        let command = format!(
            "wo-extract {} --frames-per-video 3 --size 128 --out {frames}",
            videos.display()
        );
        assert_eq!(
            last,
            [
                format!(
                    "hint: once the files are mended, this tries them again: {command} --retry-failed > /dev/null"
                ),
                format!(
                    "hint: of files that are gone, this removes the errors: {command} --prune > /dev/null"
                ),
                format!("  {}: no video stream", there.display()),
                format!("  {}: no frame", gone.display()),
                "wo-train: 2 inputs failed, and the run went on without:".to_owned(),
            ]
        );
    }
}

#[test]
fn seeds_print_what_is_the_same_once() {
    let folder = tempdir().expect("a folder");
    for (method, n_seeds) in [("full", 3), ("probe", 1)] {
        let flags = ["--seeds", "3", "--method", method];
        let run = train(&folder.path().join(method), &colours(), &flags);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let n = |words: &str| run.stderr.matches(words).count();
        assert_eq!(n("baselines: "), 1, "{}", run.stderr);
        let n_compared = n("better than the best baseline");
        assert_eq!(n_compared, n_seeds, "{method}: {}", run.stderr);
        let mut lines: Vec<&str> = run.stderr.lines().collect();
        lines.retain(|line| line.contains("validation: loss"));
        let n_lines = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), n_lines, "{method}: {}", run.stderr);
    }
}

#[test]
fn a_model_that_is_replaced_is_kept_and_can_be_restored() {
    let folder = tempdir().expect("a folder");
    for name in ["m", "m.pt"] {
        let model = folder.path().join(name);
        let id = |path: &Path| {
            if path.is_dir() {
                fs::read(path.join("model.safetensors")).expect("weights")
            } else {
                fs::read(path).expect("a model")
            }
        };
        let first = train(&model, &colours(), &[]);
        assert_eq!(first.status, 0, "{}", first.stderr);
        assert!(!first.stderr.contains(".bak"), "{}", first.stderr);
        let old = id(&model);
        let planned = train(&model, &colours(), &["--weight-decay", "0.3", "--dry-run"]);
        said(&planned, &[&format!("{name} exists; it will be replaced")]);
        let second = train(&model, &colours(), &["--weight-decay", "0.3"]);
        let kept = folder.path().join(format!("{name}.bak"));
        assert_eq!(second.status, 0, "{}", second.stderr);
        assert!(id(&kept) == old && id(&model) != old, "{name}");
        train(&model, &colours(), &["--weight-decay", "0.4"]);
        assert!(id(&kept) == old, "the first is not lost");
        assert!(folder.path().join(format!("{name}.bak2")).exists());
        let restore = second
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("hint: to restore it: "));
        let done = std::process::Command::new("sh")
            .args(["-c", restore.expect("a command")])
            .status();
        assert!(done.expect("sh runs").success());
        assert!(id(&model) == old && !kept.exists(), "{name}");
    }
}

#[test]
fn what_cannot_be_replaced_is_said_before_anything_is_fitted() {
    let folder = tempdir().expect("a folder");
    fs::write(folder.path().join("notes.txt"), "mine").expect("a file");
    let run = train(folder.path(), &colours(), &[]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    said(
        &run,
        &[
            "is a folder without a model, so it is not replaced",
            "hint: give --output the name",
        ],
    );
}
