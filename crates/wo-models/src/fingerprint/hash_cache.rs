//! Hashes of files by their size and times, so that gigabytes of videos are not read each week.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::model_files::hash_of;

/// What changes when a file does. Nobody can set back the time of a change of its entry.
type Stamp = (u64, u64, i64, i64, i64, i64);

/// Hashes by path. Losing them costs time only.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct HashCache {
    known: BTreeMap<String, (Stamp, String)>,
    /// Those that are still in use.
    #[serde(skip)]
    used: BTreeMap<String, (Stamp, String)>,
}

impl HashCache {
    /// Reads what is there. A cache that cannot be read is empty.
    pub(crate) fn read(path: &Path) -> Self {
        let text = wo_cli::read_text(path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The hash of a file's bytes.
    pub(crate) fn hash_of(&mut self, path: &Path) -> anyhow::Result<String> {
        let facts = fs::metadata(path).with_context(|| format!("read {}", path.display()))?;
        let stamp = (
            facts.len(),
            facts.ino(),
            facts.mtime(),
            facts.mtime_nsec(),
            facts.ctime(),
            facts.ctime_nsec(),
        );
        let name = path.to_string_lossy().into_owned();
        let known = self.known.get(&name).filter(|(of, _)| *of == stamp);
        let hash = match known {
            Some((_, hash)) => hash.clone(),
            None => hash_of(path)?,
        };
        self.used.insert(name, (stamp, hash.clone()));
        Ok(hash)
    }

    /// Writes the hashes that were asked for.
    pub(crate) fn write(self, path: &Path) -> anyhow::Result<()> {
        let used = Self {
            known: self.used,
            used: BTreeMap::new(),
        };
        let text = serde_json::to_string(&used)?;
        wo_folder::replace(path, text.as_bytes())
    }
}
