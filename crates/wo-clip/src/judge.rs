//! A judge: a model with its classes. Frames in, probabilities out.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use image::RgbImage;
use rayon::prelude::*;
use tch::{Device, Kind, Tensor, nn, no_grad};
use wo_cli::Hint;
use wo_input::{ClassTexts, Preprocessor, Tokenizer};

use crate::checkpoint::contents::Checkpoint;
use crate::checkpoint::manifest::{Class, Manifest};
use crate::device::FoundDevice;
use crate::frames::{Frames, PixelTable, planes};
use crate::memory::halving;
use crate::model::clip::Clip;
use crate::model::encoder::unit_rows;
use crate::model::pass_size::bytes_of_frame;
use crate::precision::Precision;

/// Frames per forward pass on a CPU, to bound memory for long videos. More bring it nothing.
const FRAMES_AT_ONCE: usize = 32;
/// The most frames per pass on a GPU: enough that it computes for longer than it takes to tell it what.
const MOST_AT_ONCE: usize = 512;

/// A model that is ready to judge videos.
#[derive(Debug)]
pub struct Judge {
    clip: Clip,
    preprocessor: Preprocessor,
    tokenizer: Tokenizer,
    manifest: Manifest,
    /// `[classes, width]`: turns features of frames into logits. On the CPU, where features come to.
    class_weights: Tensor,
    table: PixelTable,
    device: Device,
    precision: Precision,
    /// Frames per forward pass; fewer once memory has run out.
    n_at_once: AtomicUsize,
    // Owns the parameters of `clip`.
    _vs: nn::VarStore,
}

#[expect(
    unsafe_code,
    reason = "tch shares no tensor, since others could write to it"
)]
// SAFETY: what a judge does reads its tensors and writes none of them. libtorch counts references atomically, and is
// made for several threads that put one model's parameters to use without gradients (its notes on CPU threading).
unsafe impl Sync for Judge {}

/// Predictions for one video. All rows are probabilities over [`Judge::classes`].
#[derive(Debug, Clone, PartialEq)]
pub struct FrameScores {
    /// A row for each frame, on its own.
    pub frames: Vec<Vec<f64>>,
    /// The video: the softmax of its frames' pooled logits.
    pub video: Vec<f64>,
}

impl Judge {
    /// Loads a checkpoint that `wo-train` wrote, in 32 bits.
    pub fn new(checkpoint: &Checkpoint, device: Device) -> anyhow::Result<Self> {
        let found = FoundDevice {
            device,
            ..FoundDevice::cpu()
        };
        Self::on(checkpoint, &found, Precision::Fp32)
    }

    /// Loads it onto a device, to judge in this precision.
    pub fn on(
        checkpoint: &Checkpoint,
        found: &FoundDevice,
        precision: Precision,
    ) -> anyhow::Result<Self> {
        let device = found.device;
        precision.apply()?;
        let manifest = checkpoint
            .manifest
            .clone()
            .context("the model has no wo.json, so it has no classes to judge by")
            .hint("train it with wo-train --init on this model first")?;
        let (vs, clip) = checkpoint.build(device)?;
        let class_weights = no_grad(|| {
            if let Some(head) = &manifest.head {
                return head_tensor(head, checkpoint.config.feature_width());
            }
            let features = class_features(&clip, &checkpoint.tokenizer, &manifest.prompts)?;
            Ok((features * clip.scale()).to_device(Device::Cpu))
        })?;
        let a_frame = bytes_of_frame(&checkpoint.config);
        let n_at_once = found.items_a_pass(a_frame, FRAMES_AT_ONCE, MOST_AT_ONCE);
        Ok(Self {
            table: PixelTable::new(&checkpoint.preprocessor, device),
            precision,
            n_at_once: AtomicUsize::new(n_at_once),
            clip,
            preprocessor: checkpoint.preprocessor.clone(),
            tokenizer: checkpoint.tokenizer.clone(),
            manifest,
            class_weights,
            device,
            _vs: vs,
        })
    }

    /// The classes, in the order of the scores.
    pub fn classes(&self) -> &[Class] {
        &self.manifest.classes
    }

    /// The manifest of the model.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Scores the frames of one video; at least one.
    pub fn score(&self, frames: &[RgbImage]) -> FrameScores {
        self.score_features(&self.features(frames))
    }

    /// Scores the frames of one video by their [`Self::features`].
    pub fn score_features(&self, features: &Tensor) -> FrameScores {
        self.score_with(features, &self.class_weights)
    }

    /// Scores them with other class weights, such as [`Self::weights_of`] gives for other captions.
    pub fn score_with(&self, features: &Tensor, class_weights: &Tensor) -> FrameScores {
        no_grad(|| {
            let logits = features.matmul(&class_weights.tr());
            FrameScores {
                frames: rows(&logits.softmax(-1, Kind::Double)),
                video: rows(&self.manifest.pooling.probabilities(&logits).unsqueeze(0)).remove(0),
            }
        })
    }

    /// The class weights for these captions: `[classes, width]`. `None` for a linear probe, which uses no captions.
    pub fn weights_of(&self, prompts: &[Vec<String>]) -> anyhow::Result<Option<Tensor>> {
        if self.manifest.head.is_some() {
            return Ok(None);
        }
        no_grad(|| {
            let features = class_features(&self.clip, &self.tokenizer, prompts)?;
            Ok(Some((features * self.clip.scale()).to_device(Device::Cpu)))
        })
    }

    /// Captions of its classes, as its tokenizer reads them.
    pub fn read_texts(&self, prompts: &[Vec<String>]) -> anyhow::Result<ClassTexts> {
        Ok(ClassTexts::read(&self.tokenizer, prompts)?)
    }

    /// The preprocessing of images.
    pub fn preprocessor(&self) -> &Preprocessor {
        &self.preprocessor
    }

    /// Frames that one forward pass takes.
    pub fn n_at_once(&self) -> usize {
        self.n_at_once.load(Ordering::Relaxed)
    }

    /// The features of frames, as unit vectors on the CPU: `[frames, width]`. At least one frame.
    pub fn features(&self, frames: &[RgbImage]) -> Tensor {
        let square = |frame| planes(&self.preprocessor.square(frame));
        let squares: Vec<Vec<u8>> = frames.par_iter().map(square).collect();
        self.features_of_planes(&squares.concat())
    }

    /// The same of the squares that the preprocessing makes of frames, as [`planes`] gives them, one after the other.
    /// Where memory runs out, passes get smaller.
    pub fn features_of_planes(&self, squares: &[u8]) -> Tensor {
        let frames = Frames::of_planes(squares, self.preprocessor.side, self.device);
        let mut n_at_once = self.n_at_once();
        let features = halving(&mut n_at_once, |n| {
            let firsts = (0..frames.n()).step_by(n);
            let parts = firsts.map(|first| frames.part(first, n.min(frames.n() - first)));
            let features: Vec<Tensor> = parts.map(|part| self.features_of_pass(&part)).collect();
            // One copy, since each waits for the device.
            Tensor::cat(&features, 0).to_device(Device::Cpu)
        });
        self.n_at_once.fetch_min(n_at_once, Ordering::Relaxed);
        // What runs the tool knows this panic.
        features.unwrap_or_else(|error| panic!("{error}"))
    }

    fn features_of_pass(&self, frames: &Frames) -> Tensor {
        let forward = || no_grad(|| self.clip.image_features(&self.table.input(frames)));
        let features = self.precision.run(self.device, forward);
        features
            .expect("each device has bfloat16")
            .to_kind(Kind::Float)
    }
}

/// A unit vector per class: the mean direction of its captions.
pub fn class_features(
    clip: &Clip,
    tokenizer: &Tokenizer,
    prompts: &[Vec<String>],
) -> anyhow::Result<Tensor> {
    let means: Vec<Tensor> = prompts
        .iter()
        .map(|captions| {
            let features = clip.text_features(&tokenizer.encode(captions)?);
            Ok(features.mean_dim([0_i64].as_slice(), false, Kind::Float))
        })
        .collect::<anyhow::Result<_>>()?;
    anyhow::ensure!(!means.is_empty(), "the model has no classes");
    Ok(unit_rows(&Tensor::stack(&means, 0)))
}

/// The weights of a linear probe as `[classes, width]`.
fn head_tensor(head: &[Vec<f32>], width: i64) -> anyhow::Result<Tensor> {
    // That the rows are as wide as the model was checked when its manifest was read.
    anyhow::ensure!(!head.is_empty(), "the model has no classes");
    Ok(Tensor::from_slice(&head.concat()).view([head.len() as i64, width]))
}

fn rows(matrix: &Tensor) -> Vec<Vec<f64>> {
    let (n, k) = matrix.size2().expect("[rows, classes]");
    let flat = Vec::<f64>::try_from(matrix.contiguous().view([n * k]))
        .expect("a double matrix made above");
    flat.chunks(k as usize).map(<[f64]>::to_vec).collect()
}
