//! The whole model: two towers and one space of features (CLIP: Radford et al. 2021, arXiv 2103.00020).

use tch::{Tensor, nn};
use wo_input::Tokens;

use crate::model::config::ModelConfig;
use crate::model::encoder::unit_rows;
use crate::model::lora::LoraConfig;
use crate::model::place::{Place, Tower, place_of};
use crate::model::siglip_config::SiglipConfig;
use crate::model::text::TextTower;
use crate::model::vision::VisionTower;

/// Two towers with a shared embedding space, the logit scale, and in some architectures the logit bias.
#[derive(Debug)]
pub struct Clip {
    text: TextTower,
    vision: VisionTower,
    logit_scale: Tensor,
    logit_bias: Option<Tensor>,
}

/// Which parameters are frozen. A tower with frozen blocks has frozen embeddings too. [`FreezeConfig::TOWER`] freezes
/// all blocks, the last norm and the projection.
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
    /// `[n_images, feature_width]`, unit vectors.
    pub image_features: Tensor,
    /// `[n_texts, feature_width]`, unit vectors.
    pub text_features: Tensor,
    /// `[n_images, n_texts]`: cosines times the logit scale, plus the logit bias.
    pub logits: Tensor,
}

impl Clip {
    /// A model with random parameters, which live in `vs` under the checkpoint's names.
    pub fn new(vs: &nn::Path<'_>, config: &ModelConfig) -> Self {
        // As in transformers, where SigLIP's numbers are lists of one.
        let shape: &[i64] = if config.has_logit_bias() { &[1] } else { &[] };
        let number = |name: &str, value: f64| vs.var(name, shape, nn::Init::Const(value));
        Self {
            text: TextTower::new(vs, config),
            vision: VisionTower::new(vs, config),
            logit_scale: number("logit_scale", config.initial_logit_scale()),
            logit_bias: config
                .has_logit_bias()
                .then(|| number("logit_bias", SiglipConfig::INITIAL_LOGIT_BIAS)),
        }
    }

    /// Pixels `[n, 3, side, side]` to features `[n, feature_width]`, unit vectors.
    pub fn image_features(&self, pixels: &Tensor) -> Tensor {
        unit_rows(&self.vision.forward(pixels))
    }

    /// As [`Clip::image_features`], and the vision tower's last hidden state of each patch, row by row of the image:
    /// `[n, patches, hidden]`, for heads that need positions.
    pub fn image_and_patch_features(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let (features, patches) = self.vision.forward_with_patches(pixels);
        (unit_rows(&features), patches)
    }

    /// Texts to features `[n_texts, feature_width]`, unit vectors.
    pub fn text_features(&self, tokens: &Tokens) -> Tensor {
        unit_rows(&self.text.forward(tokens))
    }

    /// The logit scale: the factor from cosines to logits.
    pub fn scale(&self) -> Tensor {
        self.logit_scale.exp()
    }

    /// What is added to logits; `None` where the architecture has none. In a softmax over texts it changes nothing.
    pub fn bias(&self) -> Option<&Tensor> {
        self.logit_bias.as_ref()
    }

    /// Runs both towers.
    pub fn forward(&self, pixels: &Tensor, tokens: &Tokens) -> Output {
        let image_features = self.image_features(pixels);
        let text_features = self.text_features(tokens);
        let scaled = image_features.matmul(&text_features.tr()) * self.scale();
        let logits = match &self.logit_bias {
            Some(bias) => scaled + bias,
            None => scaled,
        };
        Output {
            image_features,
            text_features,
            logits,
        }
    }

    /// Freezes parameters for good: they get no gradients, and no activations are kept for them. `vs` holds the model's
    /// parameters. An optimizer that is made afterwards ignores frozen ones.
    pub fn freeze(&mut self, vs: &nn::VarStore, config: FreezeConfig) {
        for (name, parameter) in vs.variables() {
            let Some((tower, place)) = place_of(&name) else {
                continue;
            };
            let n_blocks = match tower {
                Tower::Vision => config.n_image_blocks,
                Tower::Text => config.n_text_blocks,
            };
            let is_frozen = match place {
                _ if n_blocks == FreezeConfig::TOWER => true,
                Place::Embeddings => n_blocks > 0,
                Place::Block(block) => block < n_blocks,
                Place::Head => false,
            };
            if is_frozen {
                let _ = parameter.set_requires_grad(false);
            }
        }
        self.vision.blocks().freeze(config.n_image_blocks);
        self.text.blocks().freeze(config.n_text_blocks);
    }

    /// Whether the backward pass recomputes activations (gradient checkpointing): the same gradients with a third more
    /// compute and a fraction of the memory.
    // A bool, as in the setters of PyTorch.
    pub fn set_checkpointing(&mut self, is_checkpointing: bool) {
        self.vision.blocks().set_checkpointing(is_checkpointing);
        self.text.blocks().set_checkpointing(is_checkpointing);
    }

    /// Adds low-rank adapters to the query, key and value projections of all blocks that are not frozen, and freezes
    /// all of `base`, which holds the model's own parameters. The adapters live in `adapters`; their output is zero at
    /// first. Uses libtorch's generator, seeded with `seed`.
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
        self.vision.blocks().add_lora(adapters, config);
        self.text.blocks().add_lora(adapters, config);
    }

    /// Merges the adapters into the model's own parameters; features stay the same.
    pub fn merge_lora(&mut self) {
        self.vision.blocks().merge_lora();
        self.text.blocks().merge_lora();
    }

    /// Whether adapters apply dropout, by libtorch's generator. It is off at first.
    // A bool, as in the setters of PyTorch.
    pub fn set_training(&mut self, is_training: bool) {
        self.vision.blocks().set_training(is_training);
        self.text.blocks().set_training(is_training);
    }
}
