//! The whole model (`CLIPModel` in transformers' `modeling_clip.py`; Radford et al. 2021, arXiv 2103.00020).

use tch::{Tensor, nn};
use wo_input::Tokens;

use crate::ClipConfig;
use crate::encoder::unit_rows;
use crate::text::TextTower;
use crate::vision::VisionTower;

/// Two towers that end in one space, and the scale of its cosines.
#[derive(Debug)]
pub struct Clip {
    text: TextTower,
    vision: VisionTower,
    logit_scale: Tensor,
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
        self.image_and_patch_features(pixels).0
    }

    /// As [`Clip::image_features`], and what the vision tower's last block says of each patch, row by row of the
    /// picture: `[n, patches, hidden]`, for heads that need places.
    pub fn image_and_patch_features(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let (features, patches) = self.vision.forward(pixels);
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
}
