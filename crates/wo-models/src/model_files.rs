//! The files of a model that a judge reads, and whether they are those that were promoted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;

/// How the files end that a judge reads. Notes such as README.md may change.
const READ_BY_JUDGES: [&str; 2] = ["json", "safetensors"];

/// The hash of each file that a judge reads, by its name.
pub(crate) fn hashes(model: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let reading = || format!("read the model {}", model.display());
    let mut hashes = BTreeMap::new();
    for entry in fs::read_dir(model).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        let ending = path.extension().unwrap_or_default();
        if path.is_file() && READ_BY_JUDGES.iter().any(|it| ending == *it) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            hashes.insert(name.into_owned(), hash_of(&path)?);
        }
    }
    Ok(hashes)
}

/// The hash of a file's bytes.
pub(crate) fn hash_of(path: &Path) -> anyhow::Result<String> {
    let mut hasher = blake3::Hasher::new();
    wo_cli::open_file(path)
        .and_then(|file| hasher.update_reader(file).map(drop))
        .with_context(|| format!("read {}", path.display()))?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// One hash of all of them.
pub(crate) fn digest(files: &BTreeMap<String, String>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, hash) in files {
        hasher.update(format!("{name}\0{hash}\n").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// What differs from the files that were promoted, as a sentence; `None` where nothing does.
pub(crate) fn damage(model: &Path, promoted: &BTreeMap<String, String>) -> Option<String> {
    if !model.is_dir() {
        return Some(format!("{} is not there", model.display()));
    }
    let found = match hashes(model) {
        Ok(found) => found,
        Err(error) => return Some(format!("{error:#}")),
    };
    let names = promoted.keys().chain(found.keys());
    let mut names = names.filter(|name| promoted.get(*name) != found.get(*name));
    let name = names.next()?;
    let file = model.join(name);
    let file = file.display();
    Some(match (promoted.get(name), found.get(name)) {
        (Some(_), None) => format!("{file} is not there"),
        (None, Some(_)) => format!("{file} was not there when the model was promoted"),
        _ => format!("{file} is not what was promoted"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_lost_and_a_new_file_are_damage_and_a_note_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("m");
        fs::create_dir(&model).unwrap();
        let write = |name: &str, text: &str| fs::write(model.join(name), text).unwrap();
        write("config.json", "{}");
        write("model.safetensors", "weights");
        let promoted = hashes(&model).unwrap();
        assert_eq!(promoted.len(), 2);
        write("README.md", "mine");
        assert_eq!(damage(&model, &promoted), None);
        let says = |end: &str| {
            let said = damage(&model, &promoted).unwrap();
            assert!(said.ends_with(end), "{said}");
        };
        write("model.safetensors", "Weights");
        says("model.safetensors is not what was promoted");
        fs::remove_file(model.join("model.safetensors")).unwrap();
        says("model.safetensors is not there");
        write("model.safetensors", "weights");
        write("adapter.json", "{}");
        says("adapter.json was not there when the model was promoted");
        fs::remove_dir_all(&model).unwrap();
        says("m is not there");
    }
}
