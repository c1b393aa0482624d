//! Nothing changed: nothing to do.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::workspace::Workspace;

/// A workspace whose last run promoted a model that was made from what is there now.
fn finished() -> Workspace {
    let workspace = Workspace::with_persons();
    workspace.write("data/training_data/squat/good_form/a.mp4", "a video");
    workspace.write("data/training_data/groups.csv", "path,person_id\n");
    workspace.write("data/captions.toml", "");
    workspace.write(
        "data/labeled_frames/squat_good_form.csv",
        "frame_path,label\n",
    );
    workspace.write("data/labeled_frames/reviews.ndjson", "");
    workspace.write("data/labeled_frames/frames_squat_good/a_0.jpg", "a frame");
    workspace.write("data/labeled_frames/records.ndjson", "");
    workspace.write("bin/wo-train", "a tool");
    workspace.write_model("first");
    workspace.look();
    workspace.write_comparison(("balanced_accuracy.low>0.5", true));
    let inputs = workspace.run(&["fingerprint", "bin/wo-train"]);
    assert_eq!(inputs.status, 0, "{}", inputs.stderr);
    let inputs = inputs.stdout.trim().to_owned();
    let promoted = workspace.run(&[
        "promote",
        "--challenger",
        "new",
        "--comparison",
        "comparison.ndjson",
        "--inputs",
        &inputs,
    ]);
    assert_eq!(promoted.status, 0, "{}", promoted.stderr);
    workspace
}

fn status(workspace: &Workspace) -> i32 {
    workspace.run(&["fingerprint", "bin/wo-train"]).status
}

#[test]
fn nothing_changed_is_said() {
    let workspace = finished();
    let run = workspace.run(&["fingerprint", "bin/wo-train"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("which ended: promoted 000001-"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout.trim().len(), 64);
    // A lost cache costs time only.
    fs::remove_file(workspace.path("models/.hashes.json")).expect("a cache");
    assert_eq!(status(&workspace), 1);
    workspace.write("models/.hashes.json", "no cache");
    assert_eq!(status(&workspace), 1);
}

#[test]
fn what_a_run_reads_counts_and_nothing_else() {
    for (name, text) in [
        ("data/training_data/squat/good_form/b.mp4", "another video"),
        ("data/training_data/squat/good_form/a.mp4", "A video"),
        ("data/training_data/groups.csv", "path,person_id\na,b\n"),
        ("data/captions.toml", "built_in = false\n"),
        (
            "data/labeled_frames/squat_good_form.csv",
            "frame_path,label\na,b\n",
        ),
        ("data/labeled_frames/reviews.ndjson", "{}"),
        ("wo.toml", "[gate]\nlooks = 7\n"),
        ("bin/wo-train", "another tool"),
    ] {
        let workspace = finished();
        workspace.write(name, text);
        assert_eq!(status(&workspace), 0, "{name}");
    }
    let workspace = finished();
    for name in [
        "data/ledger.ndjson",
        "data/sources.csv",
        "data/training_data/squat/good_form/README.md",
        "data/training_data/squat/good_form/c.mp4.part",
        "data/labeled_frames/trash/a.jpg",
        "models/reports/a.html",
        "elsewhere.mp4",
    ] {
        workspace.write(name, "text");
        assert_eq!(status(&workspace), 1, "{name}");
    }
    fs::remove_file(workspace.path("data/labeled_frames/frames_squat_good/a_0.jpg"))
        .expect("a frame");
    assert_eq!(status(&workspace), 0, "a frame that a person deleted");
    let workspace = finished();
    fs::remove_file(workspace.path("data/labeled_frames/records.ndjson")).expect("records");
    assert_eq!(status(&workspace), 0);
}

#[test]
fn content_counts_and_times_do_not() {
    let workspace = finished();
    let video = workspace.path("data/training_data/squat/good_form/a.mp4");
    let file = fs::File::options()
        .write(true)
        .open(&video)
        .expect("a video");
    // Neither a clock that was set back nor a copy without its time changes what is read.
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    file.set_modified(long_ago).expect("a time");
    assert_eq!(status(&workspace), 1);
    // Another content of the same size, with the old time put back.
    workspace.write("data/training_data/squat/good_form/a.mp4", "A video");
    let file = fs::File::options()
        .write(true)
        .open(&video)
        .expect("a video");
    file.set_modified(long_ago).expect("a time");
    assert_eq!(status(&workspace), 0);
}

#[test]
fn a_damaged_model_in_use_is_a_reason_to_run() {
    let workspace = finished();
    fs::write(workspace.path("models/current/model.safetensors"), "First").expect("damage");
    let run = workspace.run(&["fingerprint", "bin/wo-train"]);
    assert_eq!(run.status, 0);
    assert!(
        run.stderr.contains("the model in use is damaged"),
        "{}",
        run.stderr
    );
}

#[test]
fn another_base_model_is_a_change() {
    let workspace = finished();
    let with = |base: &str| {
        let tool = workspace.tool().args(["fingerprint", "bin/wo-train"]);
        tool.env("WO_INIT", base).run()
    };
    let (one, other) = (with("scratch:tiny"), with("scratch:small"));
    assert_eq!((one.status, other.status), (0, 0), "{}", one.stderr);
    assert_ne!(one.stdout, other.stdout);
    assert_eq!(status(&workspace), 1);
}
