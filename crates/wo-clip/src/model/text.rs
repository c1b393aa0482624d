//! The text tower of any architecture: from token ids to features.

use tch::{Tensor, nn};
use wo_input::Tokens;

use crate::model::blocks::Blocks;
use crate::model::clip_text::ClipText;
use crate::model::config::ModelConfig;
use crate::model::siglip_text::SiglipText;

/// From token ids to features.
#[derive(Debug)]
pub(crate) enum TextTower {
    Clip(ClipText),
    Siglip(SiglipText),
}

impl TextTower {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &ModelConfig) -> Self {
        match config {
            ModelConfig::Clip(config) => Self::Clip(ClipText::new(vs, config)),
            ModelConfig::Timm(config) => {
                let (text, width) = (&config.text_config, config.projection_dim);
                Self::Clip(ClipText::of(vs, text, width, config.reading()))
            }
            ModelConfig::Siglip(config) => Self::Siglip(SiglipText::new(vs, config)),
        }
    }

    /// Texts to `[n_texts, feature_width]`, not normalized.
    pub(crate) fn forward(&self, tokens: &Tokens) -> Tensor {
        match self {
            Self::Clip(tower) => tower.forward(tokens),
            Self::Siglip(tower) => tower.forward(tokens),
        }
    }

    pub(crate) fn blocks(&mut self) -> &mut dyn Blocks {
        match self {
            Self::Clip(tower) => &mut tower.body.encoder,
            Self::Siglip(tower) => &mut tower.body.encoder,
        }
    }
}
