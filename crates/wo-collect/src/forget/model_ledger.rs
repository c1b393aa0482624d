//! The ledger in the folder of models. The sides of groups stand there by salted hashes of persons, sources and videos, which
//! anybody can try names against, and the hashes of the models that were promoted.
//!
//! `wo-models` writes it; what is written here are entries that it knows. Who calls this holds the lock of the folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wo_ledger::{Entry, Ledger, salted_name};
use wo_record::same_id;

use crate::disk::paths_in;
use crate::forget::target::Target;
use crate::forget::traces::Traces;
use crate::hand::Hand;
use crate::video_files::hash_of;

/// Its name.
pub(crate) const NAME: &str = "ledger.ndjson";
/// What the hash of a key is for, as `wo-models` has it.
const PURPOSE: &str = "key";
/// How the files end by which `wo-models` knows a model again.
const READ_BY_JUDGES: [&str; 2] = ["json", "safetensors"];

/// What it says.
#[derive(Debug)]
pub(crate) struct ModelLedger {
    path: PathBuf,
    models: PathBuf,
    entries: Vec<Entry<Value>>,
}

impl ModelLedger {
    /// Reads that of a folder of models. One that is not there says nothing.
    pub(crate) fn read(models: &Path) -> anyhow::Result<Self> {
        let path = models.join(NAME);
        Ok(Self {
            entries: wo_ledger::read(&path)?,
            path,
            models: models.to_owned(),
        })
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Entry<Value>> {
        let entries = self.entries.iter();
        entries.filter(move |it| it.what["event"].as_str() == Some(kind))
    }

    fn hash_of_key(&self, key: &str) -> String {
        let begun = self.of_kind("begun").last();
        let salt = begun.and_then(|it| it.what["salt"].as_str());
        salted_name(PURPOSE, key, salt.unwrap_or_default())
    }

    /// Sides in the order of entries, each with its entry.
    fn sides(&self) -> impl Iterator<Item = (u64, &String, &Value)> {
        self.of_kind("assigned").flat_map(|it| {
            let sides = it.what["sides"].as_object().into_iter().flatten();
            sides.map(move |(hash, side)| (it.sequence, hash, side))
        })
    }

    /// Adds what a target may mean, where only this ledger knows it. True where it does.
    pub(crate) fn add_known(&self, text: &str, traces: &mut Traces) -> bool {
        let keys = match Target::of(text) {
            Target::Person(id) => vec![format!("person:{id}")],
            Target::Source(id) => vec![format!("source:{id}")],
            Target::Named(id) => ["person", "source"]
                .map(|kind| format!("{kind}:{}", same_id(&id)))
                .into(),
            Target::Video(_) | Target::Address(_) | Target::File(_) => Vec::new(),
        };
        let hashes: BTreeSet<&String> = self.sides().map(|(_, hash, _)| hash).collect();
        let token = traces.token();
        let known: Vec<String> = keys
            .into_iter()
            .filter(|key| hashes.contains(&self.hash_of_key(key)))
            .collect();
        for key in &known {
            let kind = key.split(':').next().unwrap_or_default();
            traces.keys.insert(key.clone(), format!("{kind}:{token}"));
        }
        !known.is_empty()
    }

    /// Takes the hashes of forgotten persons, sources and videos out. All others keep their sides. Returns
    /// the file where it changes.
    pub(crate) fn forget_sides(
        &self,
        traces: &Traces,
        hand: Hand,
    ) -> anyhow::Result<Option<PathBuf>> {
        let videos = traces.videos.keys().map(|id| format!("video:{id}"));
        let keys = traces.keys.keys().cloned().chain(videos);
        let gone: BTreeSet<String> = keys.map(|key| self.hash_of_key(&key)).collect();
        let theirs = self.sides().filter(|(_, hash, _)| gone.contains(*hash));
        let lines: BTreeSet<u64> = theirs.map(|(line, ..)| line).collect();
        if lines.is_empty() || hand == Hand::OnlyLooks {
            return Ok((!lines.is_empty()).then(|| self.path.clone()));
        }
        let mut kept: BTreeMap<&String, &Value> = BTreeMap::new();
        for (line, hash, side) in self.sides() {
            // A side that a later entry says counts.
            if !gone.contains(hash) && (lines.contains(&line) || kept.contains_key(hash)) {
                kept.insert(hash, side);
            }
        }
        let entry = json!({"event": "assigned", "at": now(), "sides": kept});
        let lines: Vec<u64> = lines.into_iter().collect();
        Ledger::<Value>::open(&self.path)?.forget(&lines, entry)?;
        Ok(Some(self.path.clone()))
    }

    /// The models that were promoted, each with its folder.
    fn promoted(&self) -> impl Iterator<Item = (&str, PathBuf, &Entry<Value>)> {
        self.of_kind("promoted").filter_map(move |it| {
            let version = it.what["version"].as_str()?;
            let place = self.models.join("versions").join(version);
            // A run that was killed has not moved it yet.
            let from = || {
                let from = it.what["from"].as_str().unwrap_or_default();
                self.models.parent().unwrap_or(Path::new("")).join(from)
            };
            let place = if place.is_dir() { place } else { from() };
            Some((version, place, it))
        })
    }

    /// Writes that files of a promoted model get these hashes, before they change. Says nothing of a model that was changed
    /// before: it stays damaged.
    pub(crate) fn note_redaction(
        &self,
        model: &Path,
        files: &BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        let place = model.canonicalize().ok();
        let mut promoted = self.promoted();
        let found = promoted.find(|(_, it, _)| place.is_some() && it.canonicalize().ok() == place);
        let Some((version, _, entry)) = found else {
            return Ok(());
        };
        let known = |name: &str, hash: &str| {
            let redacted = self.of_kind("redacted");
            let redacted = redacted.filter(|it| it.what["version"].as_str() == Some(version));
            let mut all = redacted.chain([entry]);
            all.any(|it| it.what["files"][name].as_str() == Some(hash))
        };
        for (name, hash) in judged_files(model)? {
            if !known(&name, &hash) {
                return Ok(());
            }
        }
        if files.iter().all(|(name, hash)| known(name, hash)) {
            return Ok(());
        }
        let entry = json!({"event": "redacted", "at": now(), "version": version, "files": files});
        Ledger::<Value>::open(&self.path)?.append(entry)
    }

    /// Writes which promoted models were moved away, by this run or one that was killed after it.
    pub(crate) fn note_set_aside(&self, retired: &Path) -> anyhow::Result<()> {
        let noted = self.of_kind("set_aside").chain(self.of_kind("removed"));
        let noted = noted.flat_map(|it| it.what["versions"].as_array().into_iter().flatten());
        let noted: BTreeSet<&str> = noted.filter_map(Value::as_str).collect();
        let versions: Vec<&str> = self
            .promoted()
            .map(|(version, ..)| version)
            .filter(|version| {
                !noted.contains(version)
                    && !self.models.join("versions").join(version).exists()
                    && retired.join(format!("versions_{version}")).exists()
            })
            .collect();
        if versions.is_empty() {
            return Ok(());
        }
        let entry = json!({"event": "set_aside", "at": now(), "versions": versions});
        Ledger::<Value>::open(&self.path)?.append(entry)
    }
}

/// The hashes of the files in a model's folder by which it is known again.
fn judged_files(model: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for path in paths_in(model)? {
        let ending = path.extension().unwrap_or_default();
        if path.is_file() && READ_BY_JUDGES.iter().any(|it| ending == *it) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.insert(name.into_owned(), hash_of(&path)?);
        }
    }
    Ok(files)
}

/// Now, in whole seconds, as `wo-models` writes it.
fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}
