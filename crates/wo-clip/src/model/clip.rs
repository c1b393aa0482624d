//! The whole model (`CLIPModel` in transformers' `modeling_clip.py`; Radford et al. 2021, arXiv 2103.00020).

use tch::{Tensor, nn};
use wo_input::Tokens;

use crate::model::config::ClipConfig;
use crate::model::encoder::unit_rows;
use crate::model::lora::LoraConfig;
use crate::model::text::TextTower;
use crate::model::vision::VisionTower;

/// Two towers with a shared embedding space, and the logit scale.
#[derive(Debug)]
pub struct Clip {
    text: TextTower,
    vision: VisionTower,
    logit_scale: Tensor,
}

/// Which parameters are frozen. A tower with frozen blocks has frozen embeddings too. [`FreezeConfig::TOWER`] freezes all blocks, the
/// last norm and the projection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FreezeConfig {
    /// The number of frozen blocks of the vision tower, from the input.
    pub n_image_blocks: usize,
    /// The number of frozen blocks of the text tower, from the input.
    pub n_text_blocks: usize,
}

impl FreezeConfig {
    /// Freezes a whole tower.
    pub const TOWER: usize = usize::MAX;
}

/// The output of both towers.
#[derive(Debug)]
pub struct Output {
    /// `[n_images, projection_dim]`, unit vectors.
    pub image_features: Tensor,
    /// `[n_texts, projection_dim]`, unit vectors.
    pub text_features: Tensor,
    /// `[n_images, n_texts]`: cosines times the logit scale.
    pub logits: Tensor,
}

impl Clip {
    /// A model with random parameters, which live in `vs` under the checkpoint's names.
    pub fn new(vs: &nn::Path<'_>, config: &ClipConfig) -> Self {
        Self {
            text: TextTower::new(vs, config),
            vision: VisionTower::new(vs, config),
            logit_scale: vs.var(
                "logit_scale",
                &[],
                nn::Init::Const(config.logit_scale_init_value),
            ),
        }
    }

    /// Pixels `[n, 3, side, side]` to features `[n, projection_dim]`, unit vectors.
    pub fn image_features(&self, pixels: &Tensor) -> Tensor {
        unit_rows(&self.vision.forward(pixels))
    }

    /// As [`Clip::image_features`], and the vision tower's last hidden state of each patch, row by row of the image: `[n, patches,
    /// hidden]`, for heads that need positions.
    pub fn image_and_patch_features(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let (features, patches) = self.vision.forward_with_patches(pixels);
        (unit_rows(&features), patches)
    }

    /// Texts to features `[n_texts, projection_dim]`, unit vectors.
    pub fn text_features(&self, tokens: &Tokens) -> Tensor {
        unit_rows(&self.text.forward(tokens))
    }

    /// The logit scale: the factor from cosines to logits.
    pub fn scale(&self) -> Tensor {
        self.logit_scale.exp()
    }

    /// Runs both towers.
    pub fn forward(&self, pixels: &Tensor, tokens: &Tokens) -> Output {
        let image_features = self.image_features(pixels);
        let text_features = self.text_features(tokens);
        let logits = image_features.matmul(&text_features.tr()) * self.scale();
        Output {
            image_features,
            text_features,
            logits,
        }
    }

    /// Freezes parameters for good: they get no gradients, and no activations are kept for them. `vs` holds the model's
    /// parameters. An optimizer that is made afterwards ignores frozen ones.
    pub fn freeze(&mut self, vs: &nn::VarStore, config: FreezeConfig) {
        let towers = [
            ("vision_model.", "visual_projection.", config.n_image_blocks),
            ("text_model.", "text_projection.", config.n_text_blocks),
        ];
        for (name, parameter) in vs.variables() {
            let is_frozen = towers.iter().any(|&(model, projection, n_blocks)| {
                if n_blocks == FreezeConfig::TOWER {
                    return name.starts_with(model) || name.starts_with(projection);
                }
                let part = name.strip_prefix(model).unwrap_or_default();
                match part.strip_prefix("encoder.layers.") {
                    Some(part) => part
                        .split_once('.')
                        .and_then(|(block, _)| block.parse::<usize>().ok())
                        .is_some_and(|block| block < n_blocks),
                    None => {
                        n_blocks > 0
                            && (part.starts_with("embeddings.")
                                || part.starts_with("pre_layrnorm."))
                    }
                }
            });
            if is_frozen {
                let _ = parameter.set_requires_grad(false);
            }
        }
        self.vision.encoder.freeze(config.n_image_blocks);
        self.text.encoder.freeze(config.n_text_blocks);
    }

    /// Whether the backward pass recomputes activations (gradient checkpointing): the same gradients with a third more compute and
    /// a fraction of the memory.
    pub fn set_checkpointing(&mut self, is_checkpointing: bool) {
        self.vision.encoder.set_checkpointing(is_checkpointing);
        self.text.encoder.set_checkpointing(is_checkpointing);
    }

    /// Adds low-rank adapters to the query, key and value projections of all blocks that are not frozen, and freezes all of
    /// `base`, which holds the model's own parameters. The adapters live in `adapters`; their output is zero at first. Uses
    /// libtorch's generator, seeded with `seed`.
    pub fn add_lora(
        &mut self,
        base: &nn::VarStore,
        adapters: &nn::Path<'_>,
        config: &LoraConfig,
        seed: u64,
    ) {
        for parameter in base.variables().values() {
            let _ = parameter.set_requires_grad(false);
        }
        tch::manual_seed(seed as i64);
        let vision = adapters / "vision_model" / "encoder";
        self.vision.encoder.add_lora(&vision, config);
        let text = adapters / "text_model" / "encoder";
        self.text.encoder.add_lora(&text, config);
    }

    /// Merges the adapters into the model's own parameters; features stay the same.
    pub fn merge_lora(&mut self) {
        self.vision.encoder.merge_lora();
        self.text.encoder.merge_lora();
    }

    /// Whether adapters apply dropout, by libtorch's generator. It is off at first.
    pub fn set_training(&mut self, is_training: bool) {
        self.vision.encoder.set_training(is_training);
        self.text.encoder.set_training(is_training);
    }
}
