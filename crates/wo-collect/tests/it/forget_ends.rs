//! A takedown that is killed, and one that meets other tools at work.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::forget::{WHY, check_others, forget, left};
use crate::gym::Workspace;

/// Ends a run after a moment, as often as it takes to hit most steps of it.
#[test]
fn a_run_that_is_killed_is_completed_by_the_next() {
    let full = std::env::var_os("WO_FULL").is_some();
    let mut n_unfinished = 0;
    for attempt in 0..if full { 100 } else { 10 } {
        let workspace = Workspace::new();
        for kill in 0..3 {
            let mut child = Command::new(env!("CARGO_BIN_EXE_wo-collect"))
                .args(["forget", "anna", "--why", WHY, "--also", "exports"])
                .current_dir(workspace.dir())
                .env("XDG_CACHE_HOME", workspace.caches_dir())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            thread::sleep(Duration::from_micros(700 * (attempt * 7 % 50 + kill * 13)));
            child.kill().expect("it is killed");
            child.wait().expect("it ends");
        }
        n_unfinished += usize::from(workspace.has("data/.forget.json"));
        let run = forget(&workspace, &["anna", "--why", WHY, "--also", "exports"]);
        assert!([0, 1].contains(&run.status), "{}", run.stderr);
        assert_eq!(
            left(&workspace),
            Vec::<String>::new(),
            "{attempt}: {}",
            run.stderr
        );
        assert!(!workspace.has("data/.forget.json"));
        check_others(&workspace);
        let again = forget(&workspace, &["anna", "--also", "exports"]);
        assert_eq!(again.status, 1);
        assert!(
            again.stderr.contains("nothing is known of anna"),
            "{}",
            again.stderr
        );
    }
    println!("{n_unfinished} runs were killed in the middle");
}

#[test]
fn nobody_is_interrupted() {
    for (path, who) in [
        (
            "data/labeled_frames/reviews.ndjson",
            "wo-review has the log open",
        ),
        ("data/labeled_frames", "another run writes into"),
        (
            "data/ledger.ndjson",
            "another run has data/ledger.ndjson open",
        ),
        ("models", "wo-models is at work"),
        ("models/m.training", "a model is being trained"),
        ("models/.retrain.lock", "another run is at work"),
    ] {
        let workspace = Workspace::new();
        fs::create_dir_all(workspace.dir().join("models/m.training")).expect("a folder");
        workspace.write("models/.retrain.lock", "");
        let before = workspace.files();
        let file = File::open(workspace.dir().join(path)).expect("it is there");
        file.lock().expect("a lock");
        let run = forget(&workspace, &["anna"]);
        assert_eq!(run.status, 75, "{path}: {}", run.stderr);
        assert!(run.stderr.contains(who), "{path}: {}", run.stderr);
        let mut after = workspace.files();
        // Only the note of what is to be done may be there.
        after.retain(|(path, _)| !path.ends_with(".forget.json"));
        let is_begun =
            |path: &PathBuf| path.ends_with("data/labeled_frames/.records.ndjson.a1B2c3");
        let mut before = before;
        before.retain(|(path, _)| !is_begun(path));
        after.retain(|(path, _)| !is_begun(path));
        assert!(after == before, "{path}");
    }
}
