//! Takedown and the ledger of models: what it says of the model in use, and of whom.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::forget::forget;
use crate::gym::Workspace;

/// The files of a model as they are now.
fn model_files(workspace: &Workspace, model: &str) -> BTreeMap<String, Value> {
    let names = ["wo.json", "config.json", "model.safetensors"];
    let hashes = names.map(|name| {
        let bytes = fs::read(workspace.dir().join(model).join(name)).expect("a file");
        let hash = blake3::hash(&bytes).to_hex().to_string();
        (name.to_owned(), Value::from(hash))
    });
    hashes.into()
}

/// What the ledger of models says that the files of the model are.
fn noted_files(workspace: &Workspace) -> BTreeMap<String, Value> {
    let promoted = workspace.model_events("promoted");
    let events = promoted.into_iter();
    let events = events.chain(workspace.model_events("redacted"));
    let files = events.map(|it| it["files"].as_object().expect("files").clone());
    files.flatten().collect()
}

#[test]
fn the_model_in_use_stays_known_to_wo_models() {
    let workspace = Workspace::new();
    let before = model_files(&workspace, "models/versions/1");
    assert_eq!(noted_files(&workspace), before);
    forget(&workspace, &["anna"]);
    let after = model_files(&workspace, "models/versions/1");
    assert_ne!(after["wo.json"], before["wo.json"]);
    assert_ne!(after["model.safetensors"], before["model.safetensors"]);
    assert_eq!(noted_files(&workspace), after);
    // Another takedown, of what is redacted already.
    forget(&workspace, &["ben"]);
    let last = model_files(&workspace, "models/versions/1");
    assert_ne!(last, after);
    assert_eq!(noted_files(&workspace), last);
    assert!(workspace.model_events("set_aside").is_empty());
}

#[test]
fn a_takedown_makes_no_damaged_model_whole() {
    let workspace = Workspace::new();
    let weights = workspace.dir().join("models/versions/1/model.safetensors");
    let mut bytes = fs::read(&weights).expect("weights");
    *bytes.last_mut().expect("a byte") ^= 1;
    fs::remove_file(&weights).expect("the link");
    fs::write(&weights, bytes).expect("weights");
    forget(&workspace, &["anna"]);
    assert!(workspace.model_events("redacted").is_empty());
}

#[test]
fn a_model_that_is_set_aside_is_so_in_its_ledger() {
    let workspace = Workspace::new();
    forget(&workspace, &["anna", "--retire"]);
    let aside = workspace.model_events("set_aside");
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0]["versions"], serde_json::json!(["1"]));
    // Once.
    forget(&workspace, &["--retire"]);
    assert_eq!(workspace.model_events("set_aside").len(), 1);
}

#[test]
fn who_is_known_to_the_ledger_of_models_alone_is_forgotten_there() {
    let workspace = Workspace::new();
    let path = workspace.dir().join("models/ledger.ndjson");
    let salt = workspace.model_events("begun")[0]["salt"].clone();
    let hash = wo_ledger::salted_name("key", "person:svenja", salt.as_str().expect("a salt"));
    let mut sides = serde_json::Map::new();
    sides.insert(hash.clone(), "training".into());
    let entry =
        serde_json::json!({"event": "assigned", "at": "2026-11-04T00:00:00Z", "sides": sides});
    let mut ledger = wo_ledger::Ledger::<Value>::open(&path).expect("a ledger");
    ledger.append(entry).expect("an entry");
    drop(ledger);
    let run = forget(&workspace, &["Svenja", "--dry-run", "-v"]);
    assert!(
        run.stderr.contains("would change models/ledger.ndjson"),
        "{}",
        run.stderr
    );
    assert!(workspace.read("models/ledger.ndjson").contains(&hash));
    let run = forget(&workspace, &["Svenja"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(!workspace.read("models/ledger.ndjson").contains(&hash));
    assert_eq!(workspace.model_events("assigned").len(), 3);
    let run = forget(&workspace, &["Svenja"]);
    assert!(
        run.stderr.contains("nothing is known of Svenja"),
        "{}",
        run.stderr
    );
}
