//! Reads what all places say of videos: files, tables, the ledger, records, predictions and models.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value};
use wo_folder::{MEDIA_ENDINGS, has_ending, holds_written_images};

use crate::cli::config::ForgetConfig;
use crate::forget::files::{FileList, Kind};
use crate::forget::known::{AllKnown, Known};
use crate::forget::pt_file;
use crate::groups::GroupsTable;
use crate::provenance::Entry;
use crate::source_rows::SourceRows;
use crate::video_files::hash_of;

/// The fields of an object that are about other videos, or about nothing that is looked for.
const OF_OTHERS: [&str; 3] = ["nearest_other", "joining", "seen_keys"];

/// All that is known of videos.
pub(crate) fn gather(config: &ForgetConfig, list: &FileList) -> anyhow::Result<AllKnown> {
    let mut all = AllKnown::default();
    for path in list.of_kind(&[Kind::Media]) {
        // Frames are known by their records.
        let is_frame = path
            .iter()
            .any(|it| holds_written_images(&it.to_string_lossy()));
        if has_ending(path, &MEDIA_ENDINGS) && !is_frame {
            all.take(known_file(path, list, config)?);
        }
    }
    for path in list.of_kind(&[Kind::Groups]) {
        of_groups(&GroupsTable::read(path)?, &mut all);
    }
    for path in list.of_kind(&[Kind::Sources]) {
        of_sources(&SourceRows::read(path)?, &config.places.videos, &mut all);
    }
    for entry in wo_ledger::read::<Entry>(&config.places.ledger)? {
        of_entry(entry.what, config, &mut all);
    }
    for path in list.of_kind(&[Kind::Lines]) {
        of_lines(path, &mut all)?;
    }
    for path in list.of_kind(&[Kind::Manifest, Kind::Json]) {
        let text = fs::read(path).with_context(|| format!("read {}", path.display()))?;
        if let Ok(value) = serde_json::from_slice(&text) {
            of_value(&value, &mut all);
        }
    }
    for path in list.of_kind(&[Kind::ModelFile]) {
        let manifest = pt_file::manifest(path)?;
        if let Some(Ok(value)) = manifest.map(|text| serde_json::from_str(&text)) {
            of_value(&value, &mut all);
        }
    }
    Ok(all)
}

fn known_file(path: &Path, list: &FileList, config: &ForgetConfig) -> anyhow::Result<Known> {
    let mut known = Known {
        id: Some(hash_of(path)?),
        ..Known::default()
    };
    known.files.extend(fs::canonicalize(path).ok());
    known
        .files
        .extend(list.notes_of(path).flat_map(fs::canonicalize));
    // Below the folder of videos, as tables and ledgers have it.
    if let Ok(below) = path.strip_prefix(&config.places.videos) {
        known.paths.insert(below.display().to_string());
    }
    Ok(known)
}

fn of_groups(table: &GroupsTable, all: &mut AllKnown) {
    for row in &table.rows {
        let mut known = Known::default();
        known.add_person(row.person.as_deref());
        known.add_source(row.source.as_deref());
        known.paths.insert(row.written.replace('\\', "/"));
        known
            .files
            .insert(fs::canonicalize(&row.file).unwrap_or_else(|_| row.file.clone()));
        all.take(known);
    }
}

fn of_sources(rows: &SourceRows, videos: &Path, all: &mut AllKnown) {
    for row in &rows.rows {
        let mut known = Known::default();
        known.add_person(row.person.as_deref());
        known.add_source(row.source.as_deref());
        known.addresses.extend(row.address.clone());
        // A file may lie in the folder of videos already.
        let places = row
            .address
            .iter()
            .map(|it| videos.join(it))
            .chain(row.file.clone());
        known.files.extend(
            places
                .flat_map(fs::canonicalize)
                .filter(|it| is_below(it, videos)),
        );
        all.take(known);
    }
}

fn is_below(path: &Path, folder: &Path) -> bool {
    fs::canonicalize(folder).is_ok_and(|folder| path.starts_with(folder))
}

fn of_entry(entry: Entry, config: &ForgetConfig, all: &mut AllKnown) {
    let mut known = Known::default();
    match entry {
        Entry::Fetched(fetched) | Entry::Changed(fetched) | Entry::Duplicate(fetched) => {
            known.id = Some(fetched.file.blake3);
            let file = config.places.videos.join(&fetched.file.path);
            known.files.extend(fs::canonicalize(file).ok());
            known.paths.insert(fetched.file.path);
            known.add_person(fetched.said.person.as_deref());
            let channel = fetched.origin.channel.as_deref();
            known.add_source(fetched.said.source.as_deref().or(channel));
            let addresses = [
                Some(fetched.address),
                Some(fetched.said.url),
                fetched.origin.final_url,
            ];
            known.addresses.extend(addresses.into_iter().flatten());
        }
        Entry::Failed(failed) => {
            known.addresses.insert(failed.address);
        }
        Entry::Forgotten(_) => return,
    }
    known.addresses.retain(|address| !address.trim().is_empty());
    all.take(known);
}

fn of_lines(path: &Path, all: &mut AllKnown) -> anyhow::Result<()> {
    let reading = || format!("read {}", path.display());
    let mut input = BufReader::with_capacity(1 << 18, File::open(path).with_context(reading)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).with_context(reading)? == 0 {
            return Ok(());
        }
        // What is no JSON is looked through as a text later.
        if let Ok(value) = serde_json::from_slice(&line) {
            of_value(&value, all);
        }
    }
}

/// Each object that has the id of a video says something of it.
fn of_value(value: &Value, all: &mut AllKnown) {
    match value {
        Value::Array(values) => values.iter().for_each(|it| of_value(it, all)),
        Value::Object(fields) => {
            let id = fields.get("video_id").and_then(Value::as_str);
            if let Some(id) = id.filter(|id| !id.is_empty()) {
                all.take(of_object(id, fields));
            }
            let own = fields
                .iter()
                .filter(|(name, _)| !OF_OTHERS.contains(&name.as_str()));
            own.for_each(|(_, it)| of_value(it, all));
        }
        _ => {}
    }
}

fn of_object(id: &str, fields: &Map<String, Value>) -> Known {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let mut known = Known {
        id: Some(id.to_owned()),
        keys: keys_of(fields),
        ..Known::default()
    };
    known.add_person(text("person_id"));
    known.add_source(text("source_id"));
    known.paths.extend(text("path").map(str::to_owned));
    let image = fields.get("image").and_then(|it| it.get("file"));
    let hash = image
        .and_then(|it| it.get("blake3"))
        .and_then(Value::as_str);
    known.images.extend(hash.map(str::to_owned));
    known
}

/// The keys of a video in a prediction or a model. A group may be called after a person in another video of it, so it
/// counts only where nothing else is said.
fn keys_of(fields: &Map<String, Value>) -> BTreeSet<String> {
    let is_key = |text: &&str| text.starts_with("person:") || text.starts_with("source:");
    let of = |name: &str| -> BTreeSet<String> {
        let values = match fields.get(name) {
            Some(Value::Array(values)) => values.iter().collect(),
            Some(value) => vec![value],
            None => Vec::new(),
        };
        let texts = values.into_iter().filter_map(Value::as_str);
        texts.filter(is_key).map(str::to_owned).collect()
    };
    let of_fields = ["keys", "own_group", "group"].map(of);
    let mut said = of_fields.into_iter().filter(|keys| !keys.is_empty());
    said.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_object_with_a_video_says_something_of_it() {
        let mut all = AllKnown::default();
        let state = json!({"settings": "x", "video": {"video_id": "a", "path": "squat/good_form/a.mp4", "person_id": "Anna"},
            "frames": [{"video_id": "a", "image": {"file": {"path": "f/a_0.jpg", "blake3": "77"}}}]});
        let model = json!({"videos": [
            {"video_id": "b", "group": "person:anna", "keys": ["person:ben", "source:gym"]},
            {"video_id": "c", "group": "person:anna", "own_group": null},
        ]});
        let verdict = json!({"video_id": "d", "nearest_other": {"video_id": "e"}});
        for value in [state, model, verdict] {
            of_value(&value, &mut all);
        }
        let said: Vec<(Option<&str>, Vec<&str>)> = all
            .videos
            .iter()
            .map(|it| {
                (
                    it.id.as_deref(),
                    it.keys.iter().map(String::as_str).collect(),
                )
            })
            .collect();
        let expected = [
            (Some("a"), vec!["person:anna"]),
            (Some("b"), vec!["person:ben", "source:gym"]),
            (Some("c"), vec!["person:anna"]),
            (Some("d"), vec![]),
        ];
        assert_eq!(said, expected);
        assert!(all.videos[0].images.contains("77"));
    }
}
