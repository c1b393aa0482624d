//! The models of a workspace: which were trained on forgotten videos, and their records without them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;
use wo_seal::{seal_of, seal_place};

use crate::disk::paths_in;
use crate::forget::files::{FileList, Kind, MANIFEST};
use crate::forget::manifest::{is_redacted, is_trained_on, redacted};
use crate::forget::model_ledger::ModelLedger;
use crate::forget::pt_file;
use crate::forget::retire::RETIRED;
use crate::forget::search::Search;
use crate::forget::traces::Traces;
use crate::video_files::hash_of;

/// How names of weights end that carry a seal.
const WEIGHTS: &str = "safetensors";
/// What a model card ends with, once a video was taken out of its record.
const CARD: &str = "\n## Takedown\n\nPeople whose videos were among its training data asked for them to be forgotten. The \
    record of this model does not say any more which they were; its weights were still trained on them.\n";

/// Models that were trained or chosen on forgotten videos, but for those that are set aside already.
pub(crate) fn trained_on(list: &FileList, traces: &Traces) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut trained = BTreeSet::new();
    for path in list.of_kind(&[Kind::Manifest, Kind::ModelFile]) {
        let is_aside = path.components().any(|it| it.as_os_str() == RETIRED);
        let manifest = manifest_of(path)?;
        let value = manifest.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        if value.is_some_and(|it| is_trained_on(&it, traces)) && !is_aside {
            trained.insert(model_of(path));
        }
    }
    Ok(trained)
}

/// Models in a folder that were trained on what was forgotten since, but for those that are set aside.
pub(crate) fn models_of_forgotten(models: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    if !models.is_dir() {
        return Ok(BTreeSet::new());
    }
    trained_on(&FileList::of_models(models)?, &Traces::default())
}

/// The model that a manifest belongs to: its folder, or the file that it lies in. Not by a link that leads there.
fn model_of(path: &Path) -> PathBuf {
    let is_folder = path.file_name().is_some_and(|name| name == MANIFEST);
    let model = if is_folder { path.parent() } else { Some(path) };
    let model = model.unwrap_or(path);
    let place = fs::canonicalize(model).unwrap_or_else(|_| model.to_owned());
    let here = std::env::current_dir().and_then(fs::canonicalize);
    let here = here.unwrap_or_default();
    place
        .strip_prefix(&here)
        .map(Path::to_owned)
        .unwrap_or(place)
}

fn manifest_of(path: &Path) -> anyhow::Result<Option<String>> {
    if path.file_name().is_some_and(|name| name == MANIFEST) {
        let text = fs::read_to_string(path);
        return text
            .map(Some)
            .with_context(|| format!("read {}", path.display()));
    }
    pt_file::manifest(path)
}

/// What changes in a model.
#[derive(Debug)]
pub(crate) struct Redaction {
    path: PathBuf,
    manifest: String,
}

/// The models in whose records there are traces.
pub(crate) fn redactions(
    list: &FileList,
    traces: &Traces,
    search: &Search,
) -> anyhow::Result<Vec<Redaction>> {
    let today = jiff::Timestamp::now().to_string();
    let today = today.split('T').next().unwrap_or_default();
    let mut redactions = Vec::new();
    for path in list.of_kind(&[Kind::Manifest, Kind::ModelFile]) {
        let Some(text) = manifest_of(path)? else {
            continue;
        };
        let files = || hashes(path);
        if let Some(manifest) = redacted(&text, traces, search, today, files)? {
            redactions.push(Redaction {
                path: path.to_owned(),
                manifest,
            });
        }
    }
    Ok(redactions)
}

/// The hashes of the files of a model that a redaction changes.
fn hashes(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = weights_beside(path)?;
    files.push(path.to_owned());
    let mut hashes = BTreeMap::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        hashes.insert(name.into_owned(), hash_of(&file)?);
    }
    Ok(hashes)
}

/// The weights in the folder of a manifest.
fn weights_beside(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.file_name().is_none_or(|name| name != MANIFEST) {
        return Ok(Vec::new());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut files = paths_in(folder)?;
    files.retain(|file| file.extension().is_some_and(|it| it == WEIGHTS) && file.is_file());
    Ok(files)
}

impl Redaction {
    /// Writes into the ledger of models which hashes this one gets, before any file changes.
    pub(crate) fn note(&self, ledger: &ModelLedger) -> anyhow::Result<()> {
        if self.path.file_name().is_none_or(|name| name != MANIFEST) {
            return Ok(());
        }
        let seal = seal_of(&self.manifest)?;
        let mut files = BTreeMap::new();
        let manifest = blake3::hash(self.manifest.as_bytes());
        files.insert(MANIFEST.to_owned(), manifest.to_hex().to_string());
        for weights in weights_beside(&self.path)? {
            let name = weights.file_name().unwrap_or_default().to_string_lossy();
            files.insert(name.into_owned(), hash_with_seal(&weights, &seal)?);
        }
        let model = self.path.parent().unwrap_or(Path::new("."));
        ledger.note_redaction(model, &files)
    }

    /// Writes the record, and says so in the model's card. The weights are sealed anew by [`seal_all`].
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let is_folder = self.path.file_name().is_some_and(|name| name == MANIFEST);
        let card = if is_folder {
            wo_folder::replace(&self.path, self.manifest.as_bytes())?;
            self.path.with_file_name("README.md")
        } else {
            let seal = seal_of(&self.manifest)?;
            pt_file::rewrite(&self.path, &self.manifest, &seal)?;
            let mut name = self.path.file_name().unwrap_or_default().to_owned();
            name.push(".README.md");
            self.path.with_file_name(name)
        };
        match fs::read_to_string(&card) {
            Ok(text) if !text.ends_with(CARD) => {
                wo_folder::replace(&card, (text + CARD).as_bytes())
            }
            _ => Ok(()),
        }
    }
}

/// Brings the seals in the weights of redacted models in line with their records.
pub(crate) fn seal_all(list: &FileList) -> anyhow::Result<()> {
    for path in list.of_kind(&[Kind::Manifest]) {
        // A model that was set aside in this run lies elsewhere now.
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        let value = serde_json::from_str::<Value>(&text);
        if value.is_ok_and(|it| is_redacted(&it)) {
            let seal = seal_of(&text)?;
            for weights in weights_beside(path)? {
                seal_weights(&weights, &seal)?;
            }
        }
    }
    Ok(())
}

/// The hash of weights, as it will be with another seal.
fn hash_with_seal(weights: &Path, seal: &str) -> anyhow::Result<String> {
    let hash = || -> io::Result<String> {
        let mut file = File::open(weights)?;
        let place = seal_place(&mut file)?;
        file.rewind()?;
        let mut hasher = blake3::Hasher::new();
        if let Some(place) = place {
            hasher.update_reader((&file).take(place.start))?;
            hasher.update(seal.as_bytes());
            file.seek(SeekFrom::Start(place.start + seal.len() as u64))?;
        }
        hasher.update_reader(&file)?;
        Ok(hasher.finalize().to_hex().to_string())
    };
    hash().with_context(|| format!("read {}", weights.display()))
}

/// Weights with another seal. They are copied, since a model that was replaced may share the file.
fn seal_weights(weights: &Path, seal: &str) -> anyhow::Result<()> {
    let sealing = || format!("seal {}", weights.display());
    let mut old = File::open(weights).with_context(sealing)?;
    let Some(place) = seal_place(&mut old).with_context(sealing)? else {
        return Ok(());
    };
    let mut now = vec![0; seal.len()];
    old.seek(SeekFrom::Start(place.start))
        .with_context(sealing)?;
    old.read_exact(&mut now).with_context(sealing)?;
    if now == seal.as_bytes() {
        return Ok(());
    }
    let mut new = wo_folder::create(weights)?;
    old.rewind().with_context(sealing)?;
    io::copy(&mut old, &mut new).with_context(sealing)?;
    new.seek(SeekFrom::Start(place.start))
        .with_context(sealing)?;
    new.write_all(seal.as_bytes()).with_context(sealing)?;
    new.commit().with_context(sealing)
}
