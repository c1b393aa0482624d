//! The ledger of models in the workspace made by hand.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::gym::{FILMS, Film, Workspace};

/// The salt of the ledger of models.
const SALT: &str = "00000000000000000000000000000007";

impl Film {
    /// What stands in the ledger of models for its keys and for itself.
    pub(crate) fn key_hashes(&self) -> Vec<String> {
        let video = format!("video:{}", self.id());
        let keys = self.keys().into_iter().chain([video]);
        keys.map(|key| wo_ledger::salted_name("key", &key, SALT))
            .collect()
    }
}

impl Workspace {
    /// What `wo-models` wrote: the sides of all keys in two entries, and the model in use.
    pub(crate) fn model_ledger(&self) {
        let path = self.dir().join("models/ledger.ndjson");
        let mut ledger = wo_ledger::Ledger::<Value>::open(&path).expect("a ledger");
        let mut append = |entry: Value| ledger.append(entry).expect("an entry");
        append(json!({"event": "begun", "at": "2026-11-02T00:00:00Z", "salt": SALT}));
        for (films, side) in [
            (&FILMS[..2], json!("training")),
            (&FILMS[2..], json!({"held_out": 1})),
        ] {
            let keys = films.iter().flat_map(Film::key_hashes);
            let sides: serde_json::Map<String, Value> = keys.map(|it| (it, side.clone())).collect();
            append(json!({"event": "assigned", "at": "2026-11-02T00:00:00Z", "sides": sides}));
        }
        let hash = |name: &str| {
            let bytes = fs::read(self.dir().join("models/versions/1").join(name));
            let hash = blake3::hash(&bytes.expect("a file of the model"));
            hash.to_hex().to_string()
        };
        let names = ["wo.json", "config.json", "model.safetensors"];
        let files: BTreeMap<&str, String> = names.map(|name| (name, hash(name))).into();
        append(
            json!({"event": "promoted", "at": "2026-11-03T00:00:00Z", "version": "1",
            "from": "models/.challenger/model", "files": files, "replaces": null, "gate": [], "report": null,
            "inputs": "x"}),
        );
    }

    /// What the ledger of models says, by kinds.
    pub(crate) fn model_events(&self, kind: &str) -> Vec<Value> {
        let path = self.dir().join("models/ledger.ndjson");
        let entries = wo_ledger::read::<Value>(&path).expect("the ledger follows");
        let events = entries.into_iter().map(|it| it.what);
        events.filter(|it| it["event"] == kind).collect()
    }
}
