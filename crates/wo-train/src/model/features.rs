//! What the model as it starts makes of frames, kept on disk: a frame that was seen before is not looked at again.
//!
//! Rows are found by the content of the frame, in a file named after the weights and what is done to pictures before they
//! see them. A row that was cut off in the middle is not there.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use anyhow::Context;
use wo_clip::tch::{Device, Kind, Tensor, nn, no_grad};
use wo_clip::{Clip, weights_hash};
use wo_input::Preprocessor;

use crate::data::dataset::{Dataset, Example};

/// Frames that go through the vision tower at once.
const FRAMES_AT_ONCE: usize = 64;
/// Bytes of a frame's hash.
const KEY: usize = 16;

/// The rows of one start.
pub(crate) struct Features<'a> {
    clip: &'a Clip,
    preprocessor: &'a Preprocessor,
    device: Device,
    store: Option<Store>,
}

/// The file of a start.
struct Store {
    path: PathBuf,
    file: File,
    width: usize,
    rows: HashMap<[u8; KEY], u64>,
}

impl<'a> Features<'a> {
    /// Of the model in `vs`. Where there is no folder for caches, or `is_kept` is false, nothing is kept.
    pub(crate) fn of(
        vs: &nn::VarStore,
        clip: &'a Clip,
        preprocessor: &'a Preprocessor,
        width: i64,
        is_kept: bool,
    ) -> anyhow::Result<Self> {
        let store = match cache_folder().filter(|_| is_kept) {
            Some(folder) => {
                let parameters = vs.variables().into_iter().collect();
                let start = format!("{} {preprocessor:?}", weights_hash(&parameters));
                let name = blake3::hash(start.as_bytes()).to_hex();
                Some(Store::open(
                    folder.join(format!("{name}.rows")),
                    width as usize,
                )?)
            }
            None => None,
        };
        Ok(Self {
            clip,
            preprocessor,
            device: vs.device(),
            store,
        })
    }

    /// Of a model that moves: nothing is kept.
    pub(crate) fn of_moving(
        clip: &'a Clip,
        preprocessor: &'a Preprocessor,
        device: Device,
    ) -> Self {
        Self {
            clip,
            preprocessor,
            device,
            store: None,
        }
    }

    /// The features of length one of each frame of `videos`: `[frames, width]` for each video.
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
        for (place, &frame) in video.frames.iter().enumerate() {
            let key = dataset.frame_cache.key(frame);
            let known = self.store.as_ref().and_then(|store| store.get(&key));
            if known.is_none() {
                missing.push((place, key, dataset.frame_cache.get(frame)?));
            }
            rows.push(known);
        }
        for chunk in missing.chunks(FRAMES_AT_ONCE) {
            let side = i64::from(self.preprocessor.crop);
            let pixels: Vec<f32> = chunk
                .iter()
                .flat_map(|(_, _, square)| self.preprocessor.pixels(square))
                .collect();
            let pixels = Tensor::from_slice(&pixels)
                .view([-1, 3, side, side])
                .to_device(self.device);
            let features = no_grad(|| self.clip.image_features(&pixels))
                .to_kind(Kind::Float)
                .to_device(Device::Cpu);
            for (i, (place, key, _)) in chunk.iter().enumerate() {
                let row =
                    Vec::<f32>::try_from(features.get(i as i64)).context("a row of features")?;
                if let Some(store) = &mut self.store {
                    store.add(*key, &row)?;
                }
                rows[*place] = Some(row);
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
        // What a killed run left of a row would put all rows behind it out of place.
        store
            .file
            .set_len(n_bytes - n_bytes % store.n_bytes_a_row())?;
        let mut key = [0; KEY];
        for row in 0..n_bytes / store.n_bytes_a_row() {
            store
                .file
                .read_exact_at(&mut key, row * store.n_bytes_a_row())?;
            store.rows.insert(key, row);
        }
        Ok(store)
    }

    fn n_bytes_a_row(&self) -> u64 {
        (KEY + 4 * self.width) as u64
    }

    fn get(&self, key: &[u8; KEY]) -> Option<Vec<f32>> {
        let row = *self.rows.get(key)?;
        let mut bytes = vec![0; 4 * self.width];
        let place = row * self.n_bytes_a_row() + KEY as u64;
        self.file.read_exact_at(&mut bytes, place).ok()?;
        let (floats, _) = bytes.as_chunks::<4>();
        let row: Vec<f32> = floats
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        row.iter().all(|value| value.is_finite()).then_some(row)
    }

    /// One `write` a row: rows of two runs do not mix.
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

/// `$XDG_CACHE_HOME/wo/features`, or the same in `~/.cache`.
fn cache_folder() -> Option<PathBuf> {
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
