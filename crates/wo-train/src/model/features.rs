//! Features of frames, cached on disk: the base model sees each frame once.
//!
//! A file is named after the weights and the preprocessing. Its rows are found by the content of the frame. A row that
//! was cut off in the middle does not count.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use anyhow::Context;
use rayon::prelude::*;
use wo_clip::tch::{Device, Kind, Tensor, nn, no_grad};
use wo_clip::{Clip, Frames, PixelTable, Precision, halving, planes, weights_hash};
use wo_input::Preprocessor;

use crate::data::dataset::{Dataset, Example};
use crate::data::frame_cache::{FrameCache, FrameId, Key};

/// Bytes of a frame's hash.
const KEY: usize = size_of::<Key>();

/// Frames per forward pass of the vision tower on a CPU.
pub(crate) const FRAMES_ON_CPU: usize = 64;
/// At most so many on a GPU.
pub(crate) const MOST_FRAMES: usize = 512;
/// Passes that are decoded ahead of the model.
const PASSES_AHEAD: usize = 2;

/// Computes features, or reads them from the cache.
pub(crate) struct Features<'a> {
    clip: &'a Clip,
    preprocessor: &'a Preprocessor,
    table: PixelTable,
    how: HowComputed,
    store: Option<Store>,
}

/// Where and how features are computed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HowComputed {
    pub(crate) device: Device,
    pub(crate) precision: Precision,
    /// Frames per forward pass.
    pub(crate) n_at_once: usize,
}

/// Frames that share one forward pass, of whatever videos.
struct Pass {
    keys: Vec<Key>,
    frames: Frames,
}

/// The cache of one model.
struct Store {
    path: PathBuf,
    file: File,
    width: usize,
    rows: HashMap<Key, u64>,
}

impl<'a> Features<'a> {
    /// By the model in `vs`, whose features are `width` wide. They are kept in the folder `cache`; without one they are
    /// not.
    pub(crate) fn cached(
        vs: &nn::VarStore,
        clip: &'a Clip,
        preprocessor: &'a Preprocessor,
        width: i64,
        how: HowComputed,
        cache: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let open = |folder: &Path| {
            let parameters = vs.variables().into_iter().collect();
            let model = format!("{} {preprocessor:?}", weights_hash(&parameters));
            let model = match how.precision {
                Precision::Fp32 => model,
                other => format!("{model} {other}"),
            };
            let name = blake3::hash(model.as_bytes()).to_hex();
            Store::open(folder.join(format!("{name}.rows")), width as usize)
        };
        Ok(Self {
            store: cache.map(open).transpose()?,
            ..Self::uncached(clip, preprocessor, how)
        })
    }

    /// By a model whose weights change: nothing is kept.
    pub(crate) fn uncached(
        clip: &'a Clip,
        preprocessor: &'a Preprocessor,
        how: HowComputed,
    ) -> Self {
        Self {
            clip,
            preprocessor,
            table: PixelTable::new(preprocessor, how.device),
            how,
            store: None,
        }
    }

    /// The features of each video's frames, as unit vectors on the CPU: `[frames, width]` per video. Each frame is
    /// computed once, however many videos show it. Which frames share a pass depends on the videos alone: a run that was
    /// killed goes on with the passes that it lacks.
    pub(crate) fn videos(
        &mut self,
        dataset: &Dataset,
        videos: &[&Example],
    ) -> anyhow::Result<Vec<Tensor>> {
        let mut rows: HashMap<Key, Option<Vec<f32>>> = HashMap::new();
        let mut missing: Vec<FrameId> = Vec::new();
        for &frame in videos.iter().flat_map(|video| &video.frames) {
            rows.entry(dataset.frame_cache.key(frame))
                .or_insert_with_key(|key| {
                    let known = self.store.as_ref().and_then(|store| store.get(key));
                    if known.is_none() {
                        missing.push(frame);
                    }
                    known
                });
        }
        self.compute(&dataset.frame_cache, &missing, |key, row| {
            rows.insert(key, Some(row));
        })?;
        let of_video = |video: &&Example| {
            let keys = video.frames.iter().map(|&it| dataset.frame_cache.key(it));
            let known = keys.filter_map(|key| rows.get(&key)?.as_deref());
            let floats: Vec<f32> = known.flatten().copied().collect();
            Tensor::from_slice(&floats).view([video.frames.len() as i64, -1])
        };
        Ok(videos.iter().map(of_video).collect())
    }

    /// Computes frames pass by pass. The next ones are decoded meanwhile, and one is read while the next is computed.
    fn compute(
        &mut self,
        cache: &FrameCache,
        frames: &[FrameId],
        mut take: impl FnMut(Key, Vec<f32>),
    ) -> anyhow::Result<()> {
        let (preprocessor, how) = (self.preprocessor, self.how);
        std::thread::scope(|scope| {
            let (to, from) = sync_channel(PASSES_AHEAD);
            scope.spawn(move || {
                for frames in frames.chunks(how.n_at_once.max(1)) {
                    let pass = Pass::decoded(frames, cache, preprocessor, how.device);
                    let is_last = pass.is_err();
                    // Whoever computes has stopped, or sees the error.
                    if to.send(pass).is_err() || is_last {
                        return;
                    }
                }
            });
            let mut before: Option<(Vec<Key>, Tensor)> = None;
            for pass in from {
                let pass = pass?;
                let features = self.forward(&pass.frames)?;
                if let Some((keys, features)) = before.replace((pass.keys, features)) {
                    self.read(&keys, &features, &mut take)?;
                }
            }
            before.map_or(Ok(()), |(keys, features)| {
                self.read(&keys, &features, &mut take)
            })
        })
    }

    /// The features of frames, on the device. Where memory runs out, passes get smaller.
    fn forward(&mut self, frames: &Frames) -> anyhow::Result<Tensor> {
        let HowComputed {
            device, precision, ..
        } = self.how;
        let forward = |part: &Frames| -> anyhow::Result<Tensor> {
            let forward = || no_grad(|| self.clip.image_features(&self.table.input(part)));
            Ok(precision.run(device, forward)?.to_kind(Kind::Float))
        };
        let mut n_at_once = self.how.n_at_once.min(frames.n()).max(1);
        let before = n_at_once;
        let features = halving(&mut n_at_once, |n| {
            let firsts = (0..frames.n()).step_by(n);
            let parts = firsts.map(|first| frames.part(first, n.min(frames.n() - first)));
            let parts = parts.map(|part| forward(&part));
            parts.collect::<anyhow::Result<Vec<_>>>()
        });
        if n_at_once < before {
            self.how.n_at_once = n_at_once;
        }
        Ok(Tensor::cat(&features??, 0))
    }

    /// Copies features from the device, all in one, and hands out the row of each frame.
    fn read(
        &mut self,
        keys: &[Key],
        features: &Tensor,
        take: &mut impl FnMut(Key, Vec<f32>),
    ) -> anyhow::Result<()> {
        let width = features.size()[1] as usize;
        let features = features.to_device(Device::Cpu).contiguous().view([-1]);
        let floats = Vec::<f32>::try_from(features).context("rows of features")?;
        let rows = keys.iter().zip(floats.chunks_exact(width));
        if let Some(store) = &mut self.store {
            store.add(rows.clone())?;
        }
        rows.for_each(|(key, row)| take(*key, row.to_vec()));
        Ok(())
    }
}

impl Pass {
    /// Decodes frames with all threads.
    fn decoded(
        frames: &[FrameId],
        cache: &FrameCache,
        preprocessor: &Preprocessor,
        device: Device,
    ) -> anyhow::Result<Self> {
        let square = |&frame: &FrameId| {
            let square = cache.get(frame)?;
            Ok(planes(&preprocessor.resized(&square)))
        };
        let squares: Vec<Vec<u8>> = frames
            .par_iter()
            .map(square)
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            keys: frames.iter().map(|&frame| cache.key(frame)).collect(),
            frames: Frames::of_planes(&squares.concat(), preprocessor.side, device),
        })
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

    fn get(&self, key: &Key) -> Option<Vec<f32>> {
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

    /// One `write` for all rows of a pass: rows of two runs do not mix, and a run that is killed has all rows of a pass
    /// or none.
    fn add<'r>(
        &mut self,
        rows: impl IntoIterator<Item = (&'r Key, &'r [f32])>,
    ) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        for (key, row) in rows {
            bytes.extend_from_slice(key);
            for value in row {
                bytes.extend_from_slice(&value.to_le_bytes());
            }
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
mod tests;
