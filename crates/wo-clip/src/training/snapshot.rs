//! Snapshots of a training run: folders of named tensors. The newest complete one is read.
//!
//! A snapshot is written under another name: first the files, then the list of their hashes, all synced; then the
//! folder is renamed. So a run that is killed at any moment finds the previous snapshot or the new one, never a partial
//! one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tch::{Kind, Tensor};

use crate::checkpoint::weights::bytes_of;

const MANIFEST: &str = "manifest.json";
const STATE: &str = "state.json";
const PREFIX: &str = "step-";
const UNFINISHED: &str = ".part";

/// What a run needs to resume as if it had never stopped.
#[derive(Debug)]
pub struct Snapshot {
    /// Optimizer steps taken.
    pub step: u64,
    /// All state that is no tensor.
    pub state: Value,
    /// Sets of named tensors of 32-bit floats, such as `weights` and `optimizer`.
    pub tensors: BTreeMap<String, BTreeMap<String, Tensor>>,
}

/// Written last; makes a snapshot complete.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    step: u64,
    /// BLAKE3 of each file, in hexadecimal.
    files: BTreeMap<String, String>,
}

/// Writes a snapshot into `dir` and removes all but the newest `n_kept`.
pub fn write_snapshot(dir: &Path, snapshot: &Snapshot, n_kept: usize) -> anyhow::Result<()> {
    write(dir, snapshot, n_kept).with_context(|| format!("write a snapshot into {}", dir.display()))
}

fn write(dir: &Path, snapshot: &Snapshot, n_kept: usize) -> anyhow::Result<()> {
    fs::create_dir_all(dir)?;
    let name = format!("{PREFIX}{:010}", snapshot.step);
    let part = dir.join(format!("{name}{UNFINISHED}"));
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    fs::create_dir(&part)?;
    let mut manifest = Manifest {
        step: snapshot.step,
        files: BTreeMap::new(),
    };
    let mut save = |name: String, bytes: &[u8]| -> anyhow::Result<()> {
        save(&part.join(&name), bytes)?;
        manifest
            .files
            .insert(name, blake3::hash(bytes).to_hex().to_string());
        Ok(())
    };
    for (set, tensors) in &snapshot.tensors {
        save(format!("{set}.safetensors"), &bytes_of_set(tensors)?)?;
    }
    save(STATE.to_owned(), snapshot.state.to_string().as_bytes())?;
    self::save(&part.join(MANIFEST), &serde_json::to_vec(&manifest)?)?;
    sync(&part)?;
    let place = dir.join(&name);
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::rename(&part, &place)?;
    sync(dir)?;
    for old in steps(dir)?.into_iter().rev().skip(n_kept.max(1)) {
        fs::remove_dir_all(old)?;
    }
    Ok(())
}

/// The newest complete snapshot in `dir`, if any. Incomplete ones are skipped, since a disk may lose what it reported
/// as written.
pub fn latest_snapshot(dir: &Path) -> anyhow::Result<Option<Snapshot>> {
    if !dir.is_dir() {
        return Ok(None);
    }
    let steps = steps(dir).with_context(|| format!("read the folder {}", dir.display()))?;
    Ok(steps.iter().rev().find_map(|step| read(step).ok()))
}

/// The [`Snapshot::state`] of the newest snapshot in `dir` whose state is whole, without its tensors.
pub fn latest_state(dir: &Path) -> anyhow::Result<Option<Value>> {
    if !dir.is_dir() {
        return Ok(None);
    }
    let steps = steps(dir).with_context(|| format!("read the folder {}", dir.display()))?;
    let state = |step: &PathBuf| {
        let manifest = read_manifest(step).ok()?;
        let bytes = read_file(step, STATE, manifest.files.get(STATE)?).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    Ok(steps.iter().rev().find_map(state))
}

fn read_manifest(dir: &Path) -> anyhow::Result<Manifest> {
    Ok(serde_json::from_slice(&wo_cli::read_bytes(
        &dir.join(MANIFEST),
    )?)?)
}

/// A file whose hash is as its manifest says.
fn read_file(dir: &Path, name: &str, hash: &str) -> anyhow::Result<Vec<u8>> {
    let bytes = wo_cli::read_bytes(&dir.join(name))?;
    ensure!(
        blake3::hash(&bytes).to_hex().as_str() == hash,
        "{name} is damaged"
    );
    Ok(bytes)
}

fn read(dir: &Path) -> anyhow::Result<Snapshot> {
    let manifest = read_manifest(dir)?;
    let mut snapshot = Snapshot {
        step: manifest.step,
        state: Value::Null,
        tensors: BTreeMap::new(),
    };
    for (name, hash) in &manifest.files {
        let bytes = read_file(dir, name, hash)?;
        if name == STATE {
            snapshot.state = serde_json::from_slice(&bytes)?;
        } else if let Some(set) = name.strip_suffix(".safetensors") {
            snapshot
                .tensors
                .insert(set.to_owned(), set_of_bytes(&bytes)?);
        }
    }
    Ok(snapshot)
}

/// The snapshots of a folder, oldest first.
fn steps(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut steps = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with(PREFIX) && !name.ends_with(UNFINISHED)) {
            steps.push(path);
        }
    }
    steps.sort();
    Ok(steps)
}

fn save(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

fn bytes_of_set(tensors: &BTreeMap<String, Tensor>) -> anyhow::Result<Vec<u8>> {
    let values: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (name, bytes_of(tensor, Kind::Float)))
        .collect();
    let views: Vec<_> = values
        .iter()
        .map(|(name, (shape, bytes))| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect::<Result<_, _>>()?;
    Ok(safetensors::serialize(views, None)?)
}

fn set_of_bytes(bytes: &[u8]) -> anyhow::Result<BTreeMap<String, Tensor>> {
    let file = SafeTensors::deserialize(bytes)?;
    file.tensors()
        .into_iter()
        .map(|(name, view)| {
            ensure!(
                view.dtype() == Dtype::F32,
                "{name} is no set of 32-bit floats"
            );
            let shape: Vec<i64> = view.shape().iter().map(|&side| side as i64).collect();
            Ok((
                name,
                Tensor::from_data_size(view.data(), &shape, Kind::Float),
            ))
        })
        .collect()
}

/// BLAKE3 of named tensors, in hexadecimal: names, shapes and 32-bit values, in the order of the names.
pub fn weights_hash(tensors: &BTreeMap<String, Tensor>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, tensor) in tensors {
        let (shape, bytes) = bytes_of(tensor, Kind::Float);
        hasher.update(format!("{name} {shape:?}\n").as_bytes());
        hasher.update(&bytes);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(step: u64) -> Snapshot {
        let tensor = Tensor::from_slice(&[step as f32, f32::MIN_POSITIVE]).view([2, 1]);
        Snapshot {
            step,
            state: serde_json::json!({ "epoch": step, "loss": 0.1 }),
            tensors: BTreeMap::from([(
                "weights".to_owned(),
                BTreeMap::from([
                    ("a".to_owned(), tensor),
                    ("scale".to_owned(), Tensor::from(2.5_f32)),
                ]),
            )]),
        }
    }

    #[test]
    fn the_newest_whole_one_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        assert!(
            latest_snapshot(&dir.path().join("none"))
                .expect("no error")
                .is_none()
        );
        for step in [3, 12, 100] {
            write_snapshot(dir.path(), &snapshot(step), 2).expect("written");
        }
        let names = || steps(dir.path()).expect("read").len();
        assert_eq!(names(), 2, "the oldest is gone");
        let latest = latest_snapshot(dir.path()).expect("read").expect("there");
        assert_eq!((latest.step, &latest.state), (100, &snapshot(100).state));
        let state = latest_state(dir.path()).expect("read");
        assert_eq!(state, Some(latest.state.clone()));
        let weights = &latest.tensors["weights"];
        assert!(weights["a"].equal(&snapshot(100).tensors["weights"]["a"]));
        assert_eq!(weights["scale"].size(), [0_i64; 0]);

        // What is left of it after a power cut: the right length, and zeros.
        let file = dir.path().join("step-0000000100/weights.safetensors");
        let n_bytes = fs::metadata(&file).expect("there").len() as usize;
        fs::write(&file, vec![0; n_bytes]).expect("written");
        fs::create_dir(dir.path().join("step-0000000200.part")).expect("made");
        assert_eq!(
            latest_snapshot(dir.path())
                .expect("read")
                .expect("there")
                .step,
            12
        );
    }
}
