//! The choice of kernels, kept from run to run: one small file for each processor, libtorch and number of threads.

use std::io::Write;
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};

use crate::kernels::Kernels;
use crate::kernels::processor::Processor;
use crate::native::NativeError;
use crate::native::linear::{cpu_capability, libtorch_version};

/// The most bytes that a file of it may have; no choice needs more.
const MAX_BYTES: u64 = 1 << 16;

impl Kernels {
    /// The choice for this machine and the number of threads in use: as the environment variable says, else as it is
    /// kept in the cache, else by timing, which takes less than a tenth of a second. Without AVX-512 both kernels are of
    /// AVX2, and as fast as each other as far as noise lets one see; then libtorch's own stay.
    pub fn of_machine() -> Self {
        if let Some(kernels) = Self::asked_for() {
            return kernels;
        }
        if !Processor::of_machine().has_avx512() {
            return Self::OWN;
        }
        kept_or(folder().as_deref(), &Key::of_machine(), || {
            Self::timed().map(|times| Self::by(&times))
        })
    }
}

/// What the times of kernels depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    processor: String,
    capability: String,
    libtorch: String,
    n_threads: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    key: Key,
    onednn: Kernels,
}

impl Key {
    /// That of this machine, with the threads that libtorch may use now.
    pub(crate) fn of_machine() -> Self {
        Self {
            processor: Processor::of_machine().all(),
            capability: cpu_capability(),
            libtorch: libtorch_version(),
            n_threads: i64::from(tch::get_num_threads()),
        }
    }

    fn file(&self, folder: &Path) -> PathBuf {
        let text = format!("{self:?}");
        let hash = blake3::hash(text.as_bytes()).to_hex();
        folder.join(format!("{}.json", &hash[..16]))
    }
}

/// `$XDG_CACHE_HOME/wo/kernels`, or the same in `~/.cache`; `None` without a home.
pub(crate) fn folder() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(cache.join("wo/kernels"))
}

/// What is kept in the folder for this key, else what `choose` gives, which is kept. A file that is damaged or of
/// another key counts as none, and what cannot be kept is chosen again by the next run. Where nothing can be chosen:
/// libtorch's own.
pub(crate) fn kept_or(
    folder: Option<&Path>,
    key: &Key,
    choose: impl FnOnce() -> Result<Kernels, NativeError>,
) -> Kernels {
    let file = folder.map(|folder| key.file(folder));
    if let Some(kernels) = file.as_deref().and_then(|file| read(file, key)) {
        return kernels;
    }
    let Ok(kernels) = choose() else {
        return Kernels::OWN;
    };
    let Some(file) = file else {
        return kernels;
    };
    // Another process may have chosen meanwhile, and all are to use one choice.
    if let Some(kept) = read(&file, key) {
        return kept;
    }
    let _ = write(&file, key, kernels);
    kernels
}

fn read(file: &Path, key: &Key) -> Option<Kernels> {
    let about = std::fs::symlink_metadata(file).ok()?;
    if !about.is_file() || about.len() > MAX_BYTES {
        return None;
    }
    let kept: Kept = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    (kept.key == *key).then_some(kept.onednn)
}

fn write(path: &Path, key: &Key, kernels: Kernels) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let kept = Kept {
        key: key.clone(),
        onednn: kernels,
    };
    let mut file = AtomicWriteFile::open(path)?;
    file.write_all(&serde_json::to_vec(&kept)?)?;
    Ok(file.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never() -> Result<Kernels, NativeError> {
        panic!("it is kept")
    }

    #[test]
    fn a_choice_is_made_once_and_a_damaged_one_again() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, key) = (dir.path().join("a/b"), Key::of_machine());
        let kept =
            |choose: fn() -> Result<Kernels, NativeError>| kept_or(Some(&folder), &key, choose);
        assert_eq!(kept(|| Ok(Kernels::ONEDNN)), Kernels::ONEDNN);
        assert_eq!(kept(never), Kernels::ONEDNN);
        let file = key.file(&folder);
        for damaged in ["", "{}", "{\"key\":", "\u{0}\u{0}"] {
            std::fs::write(&file, damaged).unwrap();
            assert_eq!(kept(|| Ok(Kernels::OWN)), Kernels::OWN, "{damaged}");
            assert_eq!(kept(never), Kernels::OWN);
        }
        // The file of another machine, under this one's name.
        let other = Key {
            n_threads: key.n_threads + 1,
            ..key.clone()
        };
        write(&file, &other, Kernels::OWN).unwrap();
        assert_eq!(kept(|| Ok(Kernels::ONEDNN)), Kernels::ONEDNN);
        assert_ne!(other.file(&folder), file);
    }

    #[test]
    fn where_nothing_can_be_kept_or_chosen_libtorch_chooses() {
        let key = Key::of_machine();
        assert_eq!(kept_or(None, &key, || Ok(Kernels::ONEDNN)), Kernels::ONEDNN);
        let nowhere = Path::new("/proc/no/such");
        assert_eq!(
            kept_or(Some(nowhere), &key, || Ok(Kernels::ONEDNN)),
            Kernels::ONEDNN
        );
    }
}
