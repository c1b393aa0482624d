//! What `wo-collect forget` writes into the ledger of models, as that tool writes it.

use std::fs;

use serde_json::{Value, json};
use wo_ledger::{Ledger, salted_name};

use crate::workspace::{Workspace, ids};

fn append(workspace: &Workspace, entry: Value) {
    let path = workspace.path("models/ledger.ndjson");
    let mut ledger = Ledger::<Value>::open(&path).expect("the ledger");
    ledger.append(entry).expect("an entry");
}

fn version(workspace: &Workspace) -> String {
    let promoted = workspace.events("promoted").pop().expect("a model");
    promoted["version"].as_str().expect("a version").to_owned()
}

#[test]
fn a_model_that_a_takedown_redacted_is_whole() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    let version = version(&workspace);
    let config = r#"{"redacted":1}"#;
    workspace.write(&format!("models/versions/{version}/config.json"), config);
    workspace.write_model("second");
    assert_eq!(workspace.look().status, 6);
    let hash = blake3::hash(config.as_bytes()).to_hex().to_string();
    append(
        &workspace,
        json!({"event": "redacted", "at": "2026-12-01T00:00:00Z", "version": version,
            "files": {"config.json": hash}}),
    );
    let look = workspace.look();
    assert_eq!(
        (look.status, look.stdout.as_str()),
        (0, "0.9875\n"),
        "{}",
        look.stderr
    );
    assert!(workspace.ok(&["show"]).contains("in use, whole"));
    let said = format!("a takedown redacted {version}");
    assert!(workspace.ok(&["history"]).contains(&said));
    // Nothing else may have changed.
    let weights = format!("models/versions/{version}/model.safetensors");
    workspace.write(&weights, "others");
    assert_eq!(workspace.look().status, 6);
}

#[test]
fn where_a_takedown_set_the_model_aside_a_new_one_is_judged_by_itself() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.promote_next("second");
    let second = version(&workspace);
    let place = workspace.path(&format!("models/versions/{second}"));
    fs::create_dir_all(workspace.path("models/retired")).expect("a folder");
    fs::rename(&place, workspace.path("models/retired/it")).expect("it moves");
    workspace.write_model("third");
    assert_eq!(workspace.look().status, 6, "nobody said why it is gone");
    append(
        &workspace,
        json!({"event": "set_aside", "at": "2026-12-01T00:00:00Z", "versions": [second]}),
    );
    // No other model takes its place unasked.
    assert_eq!(workspace.run(&["show"]).status, 1);
    let look = workspace.look();
    assert_eq!((look.status, look.stdout.as_str()), (0, "first\n"));
    workspace.write_comparison(("balanced_accuracy.low>0.5", true));
    let run = workspace.promote(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(workspace.in_use(), "third");
    // The model before it is the one before the one that was set aside.
    workspace.ok(&["rollback"]);
    assert_eq!(workspace.in_use(), "first");
}

#[test]
fn who_is_taken_out_of_the_sides_changes_no_other_side() {
    let workspace = Workspace::with_persons();
    let others = |side: &str| {
        let mut ids = ids(&workspace.split(side).stdout);
        ids.retain(|id| id != "v0" && id != "v1");
        ids
    };
    let before = (others("training"), others("held-out"));
    let salt = workspace.events("begun")[0]["salt"].clone();
    let salt = salt.as_str().expect("a salt");
    let gone = ["person:p1", "video:v0", "video:v1"].map(|key| salted_name("key", key, salt));
    let path = workspace.path("models/ledger.ndjson");
    let entries = wo_ledger::read::<Value>(&path).expect("the ledger");
    let has = |it: &&wo_ledger::Entry<Value>| !it.what["sides"][&gone[0]].is_null();
    let assigned = entries.iter().find(has);
    let assigned = assigned.expect("p1 has a side, by this name");
    let mut left = assigned.what.clone();
    for hash in &gone {
        let sides = left["sides"].as_object_mut().expect("sides");
        sides.remove(hash).expect("it has a side");
    }
    let mut ledger = Ledger::<Value>::open(&path).expect("the ledger");
    ledger
        .forget(&[assigned.sequence], left)
        .expect("forgotten");
    drop(ledger);
    assert!(!workspace.read("models/ledger.ndjson").contains(&gone[0]));
    assert_eq!((others("training"), others("held-out")), before);
}
