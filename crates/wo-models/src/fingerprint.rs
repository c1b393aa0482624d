//! `wo-models fingerprint`: one hash of all that a run reads. Where it is that of the last finished run, there is nothing to do.

mod hash_cache;
mod inputs;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use wo_cli::Outcome;

use crate::WRITING;
use crate::champion::Champion;
use crate::fingerprint::hash_cache::HashCache;
use crate::fingerprint::inputs::{Content, inputs};
use crate::folder::ModelsFolder;
use crate::ledger::OpenLedger;

/// The variable that sets the base model of `wo-train`.
const BASE: &str = "WO_INIT";

/// Writes the fingerprint. The answer is no where nothing changed since the last finished run, and its model is whole.
pub(crate) fn fingerprint(files: &[PathBuf], stdout: &mut dyn Write) -> anyhow::Result<Outcome> {
    let folder = ModelsFolder::here();
    let mut cache = HashCache::read(&folder.hash_cache());
    let mut hasher = blake3::Hasher::new();
    for input in inputs(files)? {
        let content = match input.content {
            Content::Bytes => cache.hash_of(&input.path)?,
            Content::Size(size) => size.to_string(),
            Content::Presence => String::new(),
        };
        let path = input.path.as_os_str().as_encoded_bytes();
        hasher.update(&(path.len() as u64).to_le_bytes());
        hasher.update(path);
        hasher.update(&(content.len() as u64).to_le_bytes());
        hasher.update(content.as_bytes());
    }
    // Another base model gives another model.
    if let Some(base) = std::env::var_os(BASE) {
        hasher.update(BASE.as_bytes());
        hasher.update(base.as_encoded_bytes());
    }
    let fingerprint = hasher.finalize().to_hex().to_string();
    // The lock is taken after hours of reading, perhaps, and not before.
    let ledger = OpenLedger::open(&folder)?;
    cache.write(&folder.hash_cache())?;
    writeln!(stdout, "{fingerprint}").context(WRITING)?;
    let history = ledger.history();
    let Some(finished) = history.finished().filter(|it| it.inputs == fingerprint) else {
        return Ok(Outcome::Done);
    };
    if let Champion::Damaged(why) = Champion::of(&folder, history) {
        wo_cli::warn!("nothing changed since the last run, but the model in use is damaged: {why}");
        return Ok(Outcome::Done);
    }
    wo_cli::say!(
        "nothing changed since the last finished run, which ended: {}",
        finished.how
    );
    Ok(Outcome::No)
}
