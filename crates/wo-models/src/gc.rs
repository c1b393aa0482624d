//! `wo-models gc`: deletes old models and caches. Data, the ledger, the model in use and the one before it always stay.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use walkdir::WalkDir;
use wo_cli::Outcome;
use wo_settings::{Settings, Size};

use crate::cli::config::Deleting;
use crate::event::{Event, Removed, Version, now};
use crate::folder::ModelsFolder;
use crate::history::History;
use crate::ledger::OpenLedger;

/// Deletes what is too much.
pub(crate) fn gc(deleting: Deleting) -> anyhow::Result<Outcome> {
    let settings = Settings::read(None)?;
    let folder = ModelsFolder::here();
    let mut ledger = OpenLedger::open(&folder)?;
    let plan = plan(&folder, ledger.history(), &settings)?;
    let n_bytes = plan.n_freed();
    if deleting == Deleting::Yes {
        if !plan.versions.is_empty() {
            ledger.append(&Event::Removed(Removed {
                at: now(),
                versions: plan.versions.clone(),
            }))?;
        }
        plan.pieces.iter().try_for_each(Piece::delete)?;
    }
    if !plan.pieces.is_empty() {
        let names = plan.pieces.iter().map(|it| it.path.display());
        let (what, size) = (wo_cli::named(names), readable(n_bytes));
        match deleting {
            Deleting::Yes => wo_cli::say!("deleted {what}: {size}"),
            Deleting::OnlySaid => wo_cli::say!("would delete {what}: {size}"),
        }
    }
    if plan.n_over > 0 {
        wo_cli::warn!(
            "models and caches take {} more than keep.disk of wo.toml allows, and what is left must stay", readable(plan.n_over);
            "make keep.disk larger, or free space"
        );
        return Ok(Outcome::No);
    }
    Ok(Outcome::Done)
}

/// What is deleted.
#[derive(Debug, Default)]
struct Plan {
    pieces: Vec<Piece>,
    /// Those of the pieces that are models.
    versions: Vec<Version>,
    /// How far the rest is above the budget.
    n_over: u64,
}

/// A file or a folder that may be deleted.
#[derive(Debug, Clone, PartialEq)]
struct Piece {
    path: PathBuf,
    n_bytes: u64,
    changed: SystemTime,
    version: Option<Version>,
}

impl Plan {
    fn n_freed(&self) -> u64 {
        self.pieces.iter().map(|it| it.n_bytes).sum()
    }

    fn take(&mut self, piece: Piece) {
        self.versions.extend(piece.version.clone());
        self.pieces.push(piece);
    }
}

/// First what an earlier deletion left over, and models beyond keep.models; then, until all fits, caches, reports and other models,
/// each the oldest first.
fn plan(folder: &ModelsFolder, history: &History, settings: &Settings) -> anyhow::Result<Plan> {
    let in_use = [history.champion(), history.before(1)]
        .into_iter()
        .flatten();
    let protected: BTreeSet<&str> = in_use.map(|it| it.version.as_str()).collect();
    let known: Vec<&str> = history.versions().map(|it| it.version.as_str()).collect();
    let mut plan = Plan::default();
    for path in entries(&folder.versions())? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if history.is_removed(&name) {
            plan.take(Piece::of(path)?);
        }
    }
    let n_kept = (settings.keep.models as usize).max(protected.len());
    let mut n_left = known.len();
    let mut others = Vec::new();
    for version in known.iter().filter(|it| !protected.contains(**it)) {
        let piece = Piece {
            version: Some((*version).to_owned()),
            ..Piece::of(folder.version(version))?
        };
        if n_left > n_kept {
            plan.take(piece);
            n_left -= 1;
        } else {
            others.push(piece);
        }
    }
    let mut cached = Vec::new();
    for dir in feature_caches().into_iter().chain([folder.reports()]) {
        for path in entries(&dir)? {
            cached.push(Piece::of(path)?);
        }
    }
    cached.sort_by_key(|it| it.changed);
    let of_caches: u64 = feature_caches().iter().map(|it| size_of(it)).sum();
    let mut n_bytes = size_of(folder.path()) + of_caches;
    n_bytes = n_bytes.saturating_sub(plan.n_freed());
    for piece in cached.into_iter().chain(others) {
        if n_bytes <= settings.keep.disk.bytes() {
            break;
        }
        n_bytes = n_bytes.saturating_sub(piece.n_bytes);
        plan.take(piece);
    }
    plan.n_over = n_bytes.saturating_sub(settings.keep.disk.bytes());
    Ok(plan)
}

impl Piece {
    fn of(path: PathBuf) -> anyhow::Result<Self> {
        let changed = match fs::symlink_metadata(&path) {
            Ok(facts) => facts.modified()?,
            Err(error) if error.kind() == ErrorKind::NotFound => SystemTime::UNIX_EPOCH,
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        Ok(Self {
            n_bytes: size_of(&path),
            path,
            changed,
            version: None,
        })
    }

    /// Deletes it; what is gone already needs no deletion.
    fn delete(&self) -> anyhow::Result<()> {
        let deleted = if self.path.is_dir() {
            fs::remove_dir_all(&self.path)
        } else {
            fs::remove_file(&self.path)
        };
        match deleted {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("delete {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }
}

/// As people read it: in whole MiB where it is more than one.
fn readable(n_bytes: u64) -> Size {
    let mebibyte = 1 << 20;
    if n_bytes < mebibyte {
        return Size(n_bytes);
    }
    Size(n_bytes.div_ceil(mebibyte) * mebibyte)
}

/// Where `wo-train` keeps the features of frames. It makes them again where they are missing.
fn feature_caches() -> Vec<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || Some(PathBuf::from(set("HOME")?).join(".cache"));
    let cache = set("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    cache.map(|it| it.join("wo/features")).into_iter().collect()
}

/// What lies in a folder, in the order of names. A folder that is not there has nothing.
fn entries(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let reading = || format!("read the folder {}", dir.display());
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).with_context(reading)? {
        entries.push(entry.with_context(reading)?.path());
    }
    entries.sort();
    Ok(entries)
}

/// The bytes of a file, or of all files below a folder. What cannot be read counts as nothing.
fn size_of(path: &Path) -> u64 {
    let entries = WalkDir::new(path).into_iter().flatten();
    let files = entries.filter(|it| it.file_type().is_file());
    files.filter_map(|it| Some(it.metadata().ok()?.len())).sum()
}
