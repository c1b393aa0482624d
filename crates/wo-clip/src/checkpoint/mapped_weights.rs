//! Files of weights, mapped into memory: one, or several with an index.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use memmap2::Mmap;

use crate::checkpoint::weights::{Tensors, tensors_of};

/// Files of weights in memory.
#[derive(Debug)]
pub(crate) struct MappedWeights(Vec<(PathBuf, Mmap)>);

impl MappedWeights {
    /// Maps the files.
    pub(crate) fn open(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let open = |path: &PathBuf| {
            let map = map_file(path).with_context(|| format!("open {}", name_of(path)))?;
            Ok((path.clone(), map))
        };
        Ok(Self(paths.iter().map(open).collect::<anyhow::Result<_>>()?))
    }

    /// The tensors in each file, with its name.
    pub(crate) fn by_file(&self) -> anyhow::Result<Vec<(String, Tensors<'_>)>> {
        let mut files = Vec::with_capacity(self.0.len());
        for (path, map) in &self.0 {
            let name = name_of(path);
            let tensors = tensors_of(map).with_context(|| format!("read {name}"))?;
            files.push((name, tensors));
        }
        Ok(files)
    }

    /// All tensors, of which none may be in two files.
    pub(crate) fn tensors(&self) -> anyhow::Result<Tensors<'_>> {
        let mut all = Tensors::new();
        for (file, tensors) in self.by_file()? {
            for (name, view) in tensors {
                ensure!(
                    !all.contains_key(&name),
                    "{file} holds {name}, and another file does too"
                );
                all.insert(name, view);
            }
        }
        Ok(all)
    }

    /// The bytes of the weights where they are in one file.
    pub(crate) fn single(&self) -> Option<&[u8]> {
        match self.0.as_slice() {
            [(_, map)] => Some(map),
            _ => None,
        }
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Maps a file into memory.
fn map_file(path: &Path) -> std::io::Result<Mmap> {
    let file = wo_cli::open_file(path)?;
    // SAFETY: the map is dropped before the function that made it returns, and each byte is checked as it is copied;
    // a file that another process cuts short meanwhile ends this process, as it would with any reader of maps.
    #[expect(unsafe_code, reason = "mapping a file is unsafe by nature")]
    unsafe {
        Mmap::map(&file)
    }
}
