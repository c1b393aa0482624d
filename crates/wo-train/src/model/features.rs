//! Features of frames, cached on disk: the base model sees each frame once.
//!
//! A file is named after the weights and the preprocessing. Its rows are found by the content of the frame. A row that
//! was cut off in the middle does not count.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_clip::tch::{Device, Kind, Tensor, nn, no_grad};
use wo_clip::{Clip, weights_hash};
use wo_input::Preprocessor;

use crate::data::dataset::{Dataset, Example};

/// Frames per forward pass of the vision tower.
const FRAMES_AT_ONCE: usize = 64;
/// Bytes of a frame's hash.
const KEY: usize = 16;

/// Computes features, or reads them from the cache.
pub(crate) struct Features<'a> {
    clip: &'a Clip,
    preprocessor: &'a Preprocessor,
    device: Device,
    store: Option<Store>,
}

/// The cache of one model.
struct Store {
    path: PathBuf,
    file: File,
    width: usize,
    rows: HashMap<[u8; KEY], u64>,
}

impl<'a> Features<'a> {
    /// By the model in `vs`, whose features are `width` wide. They are kept in the folder `cache`; without one they are
    /// not.
    pub(crate) fn cached(
        vs: &nn::VarStore,
        clip: &'a Clip,
        preprocessor: &'a Preprocessor,
        width: i64,
        cache: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let open = |folder: &Path| {
            let parameters = vs.variables().into_iter().collect();
            let model = format!("{} {preprocessor:?}", weights_hash(&parameters));
            let name = blake3::hash(model.as_bytes()).to_hex();
            Store::open(folder.join(format!("{name}.rows")), width as usize)
        };
        Ok(Self {
            clip,
            preprocessor,
            device: vs.device(),
            store: cache.map(open).transpose()?,
        })
    }

    /// By a model whose weights change: nothing is kept.
    pub(crate) fn uncached(clip: &'a Clip, preprocessor: &'a Preprocessor, device: Device) -> Self {
        Self {
            clip,
            preprocessor,
            device,
            store: None,
        }
    }

    /// The features of each video's frames, as unit vectors: `[frames, width]` per video.
    pub(crate) fn videos(
        &mut self,
        dataset: &Dataset,
        videos: &[&Example],
    ) -> anyhow::Result<Vec<Tensor>> {
        videos
            .iter()
            .map(|video| self.video(dataset, video))
            .collect()
    }

    fn video(&mut self, dataset: &Dataset, video: &Example) -> anyhow::Result<Tensor> {
        let mut rows: Vec<Option<Vec<f32>>> = Vec::new();
        let mut missing = Vec::new();
        for (index, &frame) in video.frames.iter().enumerate() {
            let key = dataset.frame_cache.key(frame);
            let known = self.store.as_ref().and_then(|store| store.get(&key));
            if known.is_none() {
                missing.push((index, key, dataset.frame_cache.get(frame)?));
            }
            rows.push(known);
        }
        for chunk in missing.chunks(FRAMES_AT_ONCE) {
            let side = i64::from(self.preprocessor.side);
            let pixels: Vec<f32> = chunk
                .iter()
                .flat_map(|(_, _, square)| self.preprocessor.pixels_of_square(square))
                .collect();
            let pixels = Tensor::from_slice(&pixels)
                .view([-1, 3, side, side])
                .to_device(self.device);
            let features = no_grad(|| self.clip.image_features(&pixels))
                .to_kind(Kind::Float)
                .to_device(Device::Cpu);
            for (i, (index, key, _)) in chunk.iter().enumerate() {
                let row =
                    Vec::<f32>::try_from(features.get(i as i64)).context("a row of features")?;
                if let Some(store) = &mut self.store {
                    store.add(*key, &row)?;
                }
                rows[*index] = Some(row);
            }
        }
        let rows: Vec<f32> = rows.into_iter().flatten().flatten().collect();
        let n = video.frames.len() as i64;
        Ok(Tensor::from_slice(&rows)
            .view([n, -1])
            .to_device(self.device))
    }
}

impl Store {
    fn open(path: PathBuf, width: usize) -> anyhow::Result<Self> {
        let open = || {
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .open(&path)
        };
        let file = open().with_context(|| format!("open {}", path.display()))?;
        let mut store = Self {
            file,
            width,
            rows: HashMap::new(),
            path,
        };
        let n_bytes = store.file.metadata()?.len();
        // A partial row that a killed run left would misalign all rows after it.
        store
            .file
            .set_len(n_bytes - n_bytes % store.bytes_per_row())?;
        let mut key = [0; KEY];
        for row in 0..n_bytes / store.bytes_per_row() {
            store
                .file
                .read_exact_at(&mut key, row * store.bytes_per_row())?;
            store.rows.insert(key, row);
        }
        Ok(store)
    }

    fn bytes_per_row(&self) -> u64 {
        (KEY + 4 * self.width) as u64
    }

    fn get(&self, key: &[u8; KEY]) -> Option<Vec<f32>> {
        let row = *self.rows.get(key)?;
        let mut bytes = vec![0; 4 * self.width];
        let offset = row * self.bytes_per_row() + KEY as u64;
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        let (floats, _) = bytes.as_chunks::<4>();
        let row: Vec<f32> = floats
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        row.iter().all(|value| value.is_finite()).then_some(row)
    }

    /// One `write` per row, so that rows of two runs do not mix.
    fn add(&mut self, key: [u8; KEY], row: &[f32]) -> anyhow::Result<()> {
        let mut bytes = Vec::with_capacity(KEY + 4 * row.len());
        bytes.extend_from_slice(&key);
        for value in row {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        let written = self.file.write_all(&bytes);
        written.with_context(|| format!("write {}", self.path.display()))
    }
}

/// `$XDG_CACHE_HOME/wo/features`, or the same in `~/.cache`; `None` without a home.
pub(crate) fn cache_dir() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(cache.join("wo/features"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_and_half_a_row_does_not_count() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a/b.rows");
        let mut store = Store::open(path.clone(), 3).expect("opened");
        store.add([1; KEY], &[1.0, -2.0, 0.5]).expect("written");
        store.add([2; KEY], &[4.0, 5.0, f32::NAN]).expect("written");
        store.file.write_all(&[7; 10]).expect("written");
        let mut store = Store::open(path.clone(), 3).expect("opened");
        store.add([3; KEY], &[7.0, 8.0, 9.0]).expect("written");
        let store = Store::open(path, 3).expect("opened");
        assert_eq!(store.get(&[1; KEY]), Some(vec![1.0, -2.0, 0.5]));
        assert_eq!(store.get(&[3; KEY]), Some(vec![7.0, 8.0, 9.0]));
        assert_eq!(store.get(&[2; KEY]), None, "not finite");
        assert_eq!(store.get(&[7; KEY]), None);
    }
}
