//! The real tools, piped together as the README has it, on videos that they make themselves.
//!
//! The binaries are those that cargo built for the tools' own tests.

mod copies;
mod docs;
mod exits;
mod files;
mod gpu_check;
mod ignored;
mod layering;
mod limits;
mod missing;
mod odd_files;
mod outputs;
mod repetitions;
mod retrain;
mod scale;
mod streams;
mod told;
mod training;
mod webdataset;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The folder that cargo puts this build's binaries into.
fn binaries() -> PathBuf {
    let this = std::env::current_exe().expect("a running program has a path");
    let folder = this
        .ancestors()
        .nth(2)
        .expect("target/<profile>/deps/<test>");
    assert!(
        folder.join("wo-extract").exists(),
        "{} has no tools; run the tests of the whole workspace",
        folder.display()
    );
    folder.to_owned()
}

/// Runs a line of bash in `folder` with the tools on the path.
fn bash(folder: &Path, line: &str) -> Output {
    let path = std::env::join_paths([
        binaries(),
        "/usr/local/bin".into(),
        "/usr/bin".into(),
        "/bin".into(),
    ]);
    Command::new("bash")
        .args(["-o", "pipefail", "-c", line])
        .env("PATH", path.expect("no colon in the path"))
        .env("HF_HUB_OFFLINE", "1")
        .env_remove("WO_INIT")
        .current_dir(folder)
        .output()
        .expect("bash runs")
}

/// As [`bash`], for a line that must succeed; gives its output.
fn ok(folder: &Path, line: &str) -> String {
    let output = bash(folder, line);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{line}\n{:?}\n{errors}",
        output.status
    );
    String::from_utf8(output.stdout).expect("records are UTF-8")
}

fn status(folder: &Path, line: &str) -> i32 {
    bash(folder, line).status.code().expect("no signal")
}

/// Writes a file below a folder, and makes the folder that it lies in.
fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn records(text: &str, kind: &str) -> Vec<Value> {
    let all = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("every line is JSON"));
    all.filter(|record| record["type"] == kind).collect()
}

/// Squats and deadlifts of eight persons, and a model trained on them by the README's pipe.
struct Shared {
    folder: TempDir,
    metrics: String,
}

/// One test, since each step stands on the videos and the model of the first: a test runner that gives each test a
/// process of its own would draw and train anew for each.
#[test]
fn the_readme_from_videos_to_verdicts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    ok(
        folder.path(),
        "wo-synth --out videos --exercises squat,deadlift --videos-per-class 4 --persons 8 --seed 3 > truth.ndjson",
    );
    let metrics = ok(
        folder.path(),
        "wo-extract videos --frames-per-video 4 --size 160 | wo-describe \
         | wo-train --init scratch:tiny --epochs 2 --validation 0.2 --test 0.3 --output models/new/squat.pt",
    );
    let shared = Shared { folder, metrics };
    three_tools_in_a_pipe_make_a_model(&shared);
    only_groups_that_the_model_has_not_seen_are_scored(shared.folder.path());
    a_video_that_was_trained_on_is_refused(shared.folder.path());
    a_new_video_gets_a_verdict(shared.folder.path());
    the_folder_way_gives_the_model_of_the_pipe(shared.folder.path());
    a_cut_stream_is_never_taken_for_a_whole_one(shared.folder.path());
}

fn three_tools_in_a_pipe_make_a_model(shared: &Shared) {
    let metrics = records(&shared.metrics, "metric");
    assert_eq!(metrics.len(), 2, "one metric record an epoch");
    assert!(metrics.iter().all(|m| {
        m["values"]["train_loss"]
            .as_f64()
            .is_some_and(f64::is_finite)
    }));
    let begin = &records(&shared.metrics, "begin")[0];
    let tools: Vec<_> = begin["upstream"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|p| p["tool"].clone())
        .collect();
    assert_eq!(tools, ["wo-extract", "wo-describe"]);
    assert_eq!(records(&shared.metrics, "end").len(), 1);
    assert!(shared.folder.path().join("models/new/squat.pt").exists());
}

fn only_groups_that_the_model_has_not_seen_are_scored(folder: &Path) {
    let output = ok(
        folder,
        "wo-extract videos --frames-per-video 4 --size 160 | wo-describe | wo-eval --model models/new/squat.pt --json",
    );
    let persons: std::collections::BTreeMap<String, String> =
        fs::read_to_string(folder.join("videos/groups.csv"))
            .expect("wo-synth writes it")
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                (format!("videos/{}", cells[0]), cells[1].to_owned())
            })
            .collect();
    let scored: Vec<Value> = records(&output, "verdict");
    assert!(
        (2..persons.len()).contains(&scored.len()),
        "{} of {} videos",
        scored.len(),
        persons.len()
    );
    let person = |verdict: &Value| persons[verdict["path"].as_str().expect("a path")].clone();
    let held_out: BTreeSet<String> = scored.iter().map(person).collect();
    // All videos of a held-out person are held out: none of them was trained on.
    let n_of_held_out = persons
        .values()
        .filter(|person| held_out.contains(*person))
        .count();
    assert_eq!(n_of_held_out, scored.len());
    let accuracy = records(&output, "score").into_iter().find(|s| {
        s["name"] == "balanced_accuracy"
            && s["by"] == "model"
            && s["unit"] == "video"
            && s["scope"] == "all"
    });
    assert!(accuracy.is_some_and(|s| {
        s["value"]
            .as_f64()
            .is_some_and(|v| (0.0..=1.0).contains(&v))
    }));
}

fn a_video_that_was_trained_on_is_refused(folder: &Path) {
    let all = ok(
        folder,
        "wo-extract videos --frames-per-video 2 --size 128 | wo-describe | wo-eval --model models/new/squat.pt --json",
    );
    let held_out: BTreeSet<String> = records(&all, "verdict")
        .iter()
        .map(|v| v["path"].as_str().expect("a path").to_owned())
        .collect();
    let trained_on = records(
        &fs::read_to_string(folder.join("truth.ndjson")).expect("drawn above"),
        "truth",
    )
    .iter()
    .map(|t| t["path"].as_str().expect("a path").to_owned())
    .find(|path| {
        !held_out
            .iter()
            .any(|h| h.ends_with(path.trim_start_matches("videos/")))
    })
    .expect("some video was trained on");
    let trained_on = if trained_on.starts_with("videos/") {
        trained_on
    } else {
        format!("videos/{trained_on}")
    };
    let line = format!(
        "wo-extract {trained_on} --frames-per-video 2 --size 128 | wo-eval --model models/new/squat.pt --json"
    );
    assert_eq!(status(folder, &line), 6);
    let line = format!("{line} --allow-seen");
    assert!(
        records(&ok(folder, &line), "verdict")[0]["seen"]
            .as_bool()
            .expect("a flag")
    );
}

fn a_new_video_gets_a_verdict(folder: &Path) {
    ok(
        folder,
        "wo-synth --out fresh --exercises squat --videos-per-class 1 --seed 77 > /dev/null && mv fresh/squat/bad_form/*/*.mp4 new_video.mp4",
    );
    let output = bash(
        folder,
        "wo-extract new_video.mp4 --size 160 | wo-eval --model models/new/squat.pt --json",
    );
    assert!(output.status.success());
    let verdicts = records(&String::from_utf8_lossy(&output.stdout), "verdict");
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0]["path"], "new_video.mp4");
    assert_eq!(verdicts[0]["n_frames"], 10);
    assert_eq!(verdicts[0]["true_label"], Value::Null);
    assert!((0.5..=1.0).contains(&verdicts[0]["probability"].as_f64().expect("a number")));
    let line = String::from_utf8_lossy(&output.stderr);
    assert!(
        line.contains("new_video.mp4: ") && line.contains("_form"),
        "{line}"
    );
}

fn the_folder_way_gives_the_model_of_the_pipe(folder: &Path) {
    ok(
        folder,
        "wo-extract videos --frames-per-video 4 --size 160 --out labeled > /dev/null",
    );
    ok(
        folder,
        "wo-describe labeled/records.ndjson -o labeled/records.ndjson",
    );
    assert!(folder.join("labeled/squat_bad_form.csv").exists());
    let train = "wo-train --init scratch:tiny --epochs 1 --validation 0.2 --test 0.3 -j 1";
    let pipe = "wo-extract videos --frames-per-video 4 --size 160 | wo-describe";
    let a = ok(
        folder,
        &format!("{train} --data-dir labeled --output models/folder"),
    );
    let b = ok(folder, &format!("{pipe} | {train} --output models/pipe"));
    let model_id = |text: &str| records(text, "model")[0]["model_id"].clone();
    assert_eq!(model_id(&a), model_id(&b));
    let output = ok(
        folder,
        "wo-eval --model models/folder --data-dir labeled --json",
    );
    assert!(!records(&output, "verdict").is_empty());
}

fn a_cut_stream_is_never_taken_for_a_whole_one(folder: &Path) {
    for reader in [
        "wo-describe",
        "wo-train --init scratch:tiny --output models/cut",
        "wo-eval --model models/new/squat.pt",
    ] {
        let line = format!(
            "set +o pipefail; wo-extract videos --size 128 | head -n 5 | {reader} > /dev/null"
        );
        assert_eq!(status(folder, &line), 6, "{reader}");
    }
    assert!(!folder.join("models/cut").exists());
}
