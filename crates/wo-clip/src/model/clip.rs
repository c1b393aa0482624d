//! The whole model (`CLIPModel` in transformers' `modeling_clip.py`; Radford et al. 2021, arXiv 2103.00020).

use tch::{Tensor, nn};
use wo_input::Tokens;

use crate::model::config::ClipConfig;
use crate::model::encoder::unit_rows;
use crate::model::lora::LoraConfig;
use crate::model::text::TextTower;
use crate::model::vision::VisionTower;

/// Two towers that end in one space, and the scale of its cosines.
#[derive(Debug)]
pub struct Clip {
    text: TextTower,
    vision: VisionTower,
    logit_scale: Tensor,
}

/// What of a model stays as it is. A tower whose first blocks are frozen has its embeddings frozen too; where all of its
/// blocks are and [`FreezeConfig::TOWER`] is given, its last norm and its projection stay as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FreezeConfig {
    /// How many of the first blocks of the vision tower.
    pub n_image_blocks: usize,
    /// How many of the first blocks of the text tower.
    pub n_text_blocks: usize,
}

impl FreezeConfig {
    /// Freezes a whole tower.
    pub const TOWER: usize = usize::MAX;
}

/// What a pass through both towers gives.
#[derive(Debug)]
pub struct Output {
    /// `[n_images, projection_dim]`, rows of length one.
    pub image_features: Tensor,
    /// `[n_texts, projection_dim]`, rows of length one.
    pub text_features: Tensor,
    /// `[n_images, n_texts]`: cosines times the scale.
    pub logits: Tensor,
}

impl Clip {
    /// A model whose parameters live in `vs` under the checkpoint's names, randomly initialised.
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

    /// Pixels `[n, 3, side, side]` to features `[n, projection_dim]` of length one.
    pub fn image_features(&self, pixels: &Tensor) -> Tensor {
        unit_rows(&self.vision.forward(pixels))
    }

    /// As [`Clip::image_features`], and what the vision tower's last block says of each patch, row by row of the
    /// picture: `[n, patches, hidden]`, for heads that need places.
    pub fn image_and_patch_features(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let (features, patches) = self.vision.forward_with_patches(pixels);
        (unit_rows(&features), patches)
    }

    /// Texts to features `[n_texts, projection_dim]` of length one.
    pub fn text_features(&self, tokens: &Tokens) -> Tensor {
        unit_rows(&self.text.forward(tokens))
    }

    /// What cosines are multiplied with to become logits.
    pub fn scale(&self) -> Tensor {
        self.logit_scale.exp()
    }

    /// Both towers.
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

    /// Freezes parts of the model for good: their parameters ask for no gradients and nothing is kept for them. `vs`
    /// holds the model's parameters; an optimiser that is made afterwards leaves the frozen ones out.
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

    /// Whether the towers' blocks forget what is inside them and compute it once more on the way back, to the same
    /// gradients: a third more work for a fraction of the memory.
    pub fn set_checkpointing(&mut self, is_checkpointing: bool) {
        self.vision.encoder.set_checkpointing(is_checkpointing);
        self.text.encoder.set_checkpointing(is_checkpointing);
    }

    /// Puts low-rank adapters beside the query, key and value projections of all blocks that are not frozen, and
    /// freezes all of `base`, which holds the model's own parameters. The adapters' parameters live in `adapters` and
    /// say nothing until they are trained. Draws from libtorch's generator, seeded with `seed`.
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

    /// Adds the adapters to the model's own parameters and takes them away; the features stay the same.
    pub fn merge_lora(&mut self) {
        self.vision.encoder.merge_lora();
        self.text.encoder.merge_lora();
    }

    /// Whether adapters leave out a part of their inputs at random. A model starts without; the draws are of libtorch's
    /// generator.
    pub fn set_training(&mut self, is_training: bool) {
        self.vision.encoder.set_training(is_training);
        self.text.encoder.set_training(is_training);
    }
}
