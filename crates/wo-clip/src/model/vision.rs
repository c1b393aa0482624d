//! The vision tower of any architecture: from pixels to features.

use tch::{Tensor, nn};

use crate::model::blocks::Blocks;
use crate::model::clip_vision::ClipVision;
use crate::model::config::ModelConfig;
use crate::model::params::Params;
use crate::model::siglip_vision::SiglipVision;
use crate::model::timm_vision::TimmVision;

/// From pixels to features.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a model has a handful of them")]
pub(crate) enum VisionTower {
    Clip(ClipVision),
    Siglip(SiglipVision),
    Timm(TimmVision),
}

impl VisionTower {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &ModelConfig) -> Self {
        match config {
            ModelConfig::Clip(config) => Self::Clip(ClipVision::new(vs, config)),
            ModelConfig::Siglip(config) => Self::Siglip(SiglipVision::new(vs, config)),
            ModelConfig::Timm(config) => {
                Self::Timm(TimmVision::new(&Params::Store(vs.clone()), config))
            }
        }
    }

    /// `[n, 3, side, side]` to `[n, feature_width]`, not normalized.
    pub(crate) fn forward(&self, pixels: &Tensor) -> Tensor {
        match self {
            Self::Clip(tower) => tower.forward(pixels),
            Self::Siglip(tower) => tower.forward(pixels),
            Self::Timm(tower) => tower.forward(pixels),
        }
    }

    /// As [`VisionTower::forward`], and the last hidden state of each patch, `[n, patches, hidden]`.
    pub(crate) fn forward_with_patches(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        match self {
            Self::Clip(tower) => tower.forward_with_patches(pixels),
            Self::Siglip(tower) => tower.forward_with_patches(pixels),
            Self::Timm(tower) => tower.forward_with_patches(pixels),
        }
    }

    pub(crate) fn blocks(&mut self) -> &mut dyn Blocks {
        match self {
            Self::Clip(tower) => &mut tower.encoder,
            Self::Siglip(tower) => &mut tower.encoder,
            Self::Timm(tower) => tower,
        }
    }
}
