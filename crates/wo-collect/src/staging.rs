//! The folder in which videos are before they are whole: `.collect` beside the folder of videos, on the same file system, so
//! that each appears by a rename.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::disk::{paths_in, sync};
use crate::groups_table::Keys;
use crate::provenance::Entry;

/// The name of the folder.
const NAME: &str = ".collect";
/// How names of intents end.
const INTENT: &str = "intent";

/// The folder.
#[derive(Debug)]
pub(crate) struct Staging {
    dir: PathBuf,
}

/// A video that is whole and about to appear. It is on the disk before the first step, so that a run that is killed in
/// between is finished by the next one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// Where the file is.
    pub(crate) from: PathBuf,
    /// Where it goes, from the folder of videos.
    pub(crate) to: String,
    /// Its row of `groups.csv`.
    pub(crate) keys: Keys,
    /// The row that goes: path and keys, where nobody changed it since.
    pub(crate) old_row: Option<(String, Keys)>,
    /// What the ledger will say.
    pub(crate) entry: Entry,
}

impl Staging {
    /// Makes the folder beside `videos`. Only for who holds the lock.
    pub(crate) fn open(videos: &Path) -> anyhow::Result<Self> {
        let videos = videos
            .canonicalize()
            .with_context(|| format!("open {}", videos.display()))?;
        let dir = videos.parent().unwrap_or(&videos).join(NAME);
        fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
        Ok(Self { dir })
    }

    /// A new empty folder for one download.
    pub(crate) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.dir.join(name);
        let what = || format!("make {}", folder.display());
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(what)?;
        }
        fs::create_dir(&folder).with_context(what)?;
        Ok(folder)
    }

    /// Deletes the folder of a download.
    pub(crate) fn remove_folder(&self, name: &str) {
        if let Err(error) = fs::remove_dir_all(self.dir.join(name)) {
            wo_cli::info!("{NAME}/{name}: {error}");
        }
    }

    /// Puts an intent on the disk.
    pub(crate) fn intend(&self, name: &str, intent: &Intent) -> anyhow::Result<()> {
        let text = serde_json::to_vec(intent).context("write an intent")?;
        self.replace(&self.intent(name), &text)
    }

    /// Deletes an intent that was carried out.
    pub(crate) fn fulfil(&self, name: &str) -> anyhow::Result<()> {
        let path = self.intent(name);
        fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        sync(&self.dir)
    }

    /// The intents that a killed run left, with their names. One that cannot be read was never whole.
    pub(crate) fn intents(&self) -> anyhow::Result<Vec<(String, Intent)>> {
        let mut intents = Vec::new();
        for path in paths_in(&self.dir)? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            if path.extension().is_some_and(|it| it == INTENT) {
                let text = wo_cli::read_bytes(&path)
                    .with_context(|| format!("read {}", path.display()))?;
                if let Ok(intent) = serde_json::from_slice(&text) {
                    intents.push((name.into_owned(), intent));
                }
            }
        }
        Ok(intents)
    }

    /// Deletes all that is left of earlier runs, but for their intents.
    pub(crate) fn clean(&self) -> anyhow::Result<()> {
        let kept: Vec<PathBuf> = self
            .intents()?
            .iter()
            .map(|it| self.intent(&it.0))
            .collect();
        for path in paths_in(&self.dir)? {
            let what = || format!("remove {}", path.display());
            if path.is_dir() {
                fs::remove_dir_all(&path).with_context(what)?;
            } else if !kept.contains(&path) {
                fs::remove_file(&path).with_context(what)?;
            }
        }
        Ok(())
    }

    /// Deletes the folder itself, where nothing is in it.
    pub(crate) fn close(&self) {
        if let Err(error) = fs::remove_dir(&self.dir) {
            wo_cli::info!("{NAME}: {error}");
        }
    }

    /// Lets `bytes` take the place of a file as a whole, with its permissions.
    pub(crate) fn replace(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let new = self.dir.join(format!("{name}.new"));
        let write = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(bytes)?;
            if let Ok(old) = fs::metadata(path) {
                file.set_permissions(old.permissions())?;
            }
            file.sync_all()?;
            fs::rename(&new, path)
        };
        if let Err(error) = write() {
            let _ = fs::remove_file(&new);
            return Err(error).with_context(|| format!("write {}", path.display()));
        }
        sync(path.parent().unwrap_or(Path::new(".")))
    }

    fn intent(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.{INTENT}"))
    }
}
