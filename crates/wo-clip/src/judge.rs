//! A judge: a model with its classes. Frames in, probabilities out.

use anyhow::Context;
use image::RgbImage;
use rayon::prelude::*;
use tch::{Device, Kind, Tensor, nn, no_grad};
use wo_cli::Hint;
use wo_input::{ClassTexts, Preprocessor, Tokenizer};

use crate::checkpoint::contents::Checkpoint;
use crate::checkpoint::manifest::{Class, Manifest};
use crate::device::to_device;
use crate::model::clip::Clip;
use crate::model::encoder::unit_rows;

/// Frames per forward pass, to bound memory for long videos.
const FRAMES_AT_ONCE: usize = 32;

/// A model that is ready to judge videos.
#[derive(Debug)]
pub struct Judge {
    clip: Clip,
    preprocessor: Preprocessor,
    tokenizer: Tokenizer,
    manifest: Manifest,
    /// `[classes, projection_dim]`: turns features of frames into logits.
    class_weights: Tensor,
    device: Device,
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
    /// Loads a checkpoint that `wo-train` wrote.
    pub fn new(checkpoint: &Checkpoint, device: Device) -> anyhow::Result<Self> {
        let manifest = checkpoint
            .manifest
            .clone()
            .context("the model has no wo.json, so it has no classes to judge by")
            .hint("train it with wo-train --init on this model first")?;
        let (vs, clip) = checkpoint.build(device)?;
        let class_weights = no_grad(|| match &manifest.head {
            Some(head) => head_tensor(head, device, checkpoint.config.feature_width()),
            None => {
                Ok(class_features(&clip, &checkpoint.tokenizer, &manifest.prompts)? * clip.scale())
            }
        })?;
        Ok(Self {
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
            Ok(Some(features * self.clip.scale()))
        })
    }

    /// Captions of its classes, as its tokenizer reads them.
    pub fn read_texts(&self, prompts: &[Vec<String>]) -> anyhow::Result<ClassTexts> {
        Ok(ClassTexts::read(&self.tokenizer, prompts)?)
    }

    /// Whether it runs on the CPU.
    pub fn is_on_cpu(&self) -> bool {
        self.device == Device::Cpu
    }

    /// The preprocessing of images.
    pub fn preprocessor(&self) -> &Preprocessor {
        &self.preprocessor
    }

    /// The features of frames, as unit vectors: `[frames, width]`. At least one frame.
    pub fn features(&self, frames: &[RgbImage]) -> Tensor {
        let preprocessor = &self.preprocessor;
        let pixels: Vec<Vec<f32>> = frames
            .par_iter()
            .map(|frame| preprocessor.pixels(frame))
            .collect();
        self.features_of_pixels(&pixels.concat())
    }

    /// The same of frames as [`Preprocessor::pixels`] makes them, one after the other.
    pub fn features_of_pixels(&self, pixels: &[f32]) -> Tensor {
        let side = i64::from(self.preprocessor.side);
        let a_frame = (3 * side * side) as usize;
        let of_chunk = |chunk: &[f32]| {
            let shape = [(chunk.len() / a_frame) as i64, 3, side, side];
            self.clip
                .image_features(&to_device(chunk, &shape, self.device))
        };
        no_grad(|| {
            let chunks = pixels.chunks(FRAMES_AT_ONCE * a_frame).map(of_chunk);
            Tensor::cat(&chunks.collect::<Vec<_>>(), 0)
        })
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
fn head_tensor(head: &[Vec<f32>], device: Device, width: i64) -> anyhow::Result<Tensor> {
    // That the rows are as wide as the model was checked when its manifest was read.
    anyhow::ensure!(!head.is_empty(), "the model has no classes");
    Ok(Tensor::from_slice(&head.concat())
        .view([head.len() as i64, width])
        .to_device(device))
}

fn rows(matrix: &Tensor) -> Vec<Vec<f64>> {
    let (n, k) = matrix.size2().expect("[rows, classes]");
    let flat = Vec::<f64>::try_from(matrix.contiguous().view([n * k]))
        .expect("a double matrix made above");
    flat.chunks(k as usize).map(<[f64]>::to_vec).collect()
}
