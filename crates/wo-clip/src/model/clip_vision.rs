//! CLIP's vision tower (`CLIPVisionModel` and `visual_projection`).

use tch::nn::{self, Module};
use tch::{IndexOp, Kind, Tensor};

use crate::model::clip_config::{ClipConfig, VisionConfig};
use crate::model::encoder::{Encoder, EncoderConfig, LayerNorm};
use crate::model::patches::patches;

/// From pixels to features.
#[derive(Debug)]
pub(crate) struct ClipVision {
    class_embedding: Tensor,
    patch_embedding: nn::Conv2D,
    position_embedding: nn::Embedding,
    pre_layer_norm: LayerNorm,
    pub(crate) encoder: Encoder,
    post_layer_norm: LayerNorm,
    visual_projection: nn::Linear,
    n_positions: i64,
}

/// The initial class embedding, as in CLIP.
const CLASS_EMBEDDING: nn::Init = nn::Init::Randn {
    mean: 0.0,
    stdev: 0.02,
};

impl ClipVision {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &ClipConfig) -> Self {
        let VisionConfig {
            hidden_size,
            layer_norm_eps,
            patch_size,
            image_size,
            ..
        } = config.vision_config;
        let vision = &config.vision_config;
        let model = vs / "vision_model";
        let embeddings = &model / "embeddings";
        let n_positions = (image_size / patch_size).pow(2) + 1;
        let without_bias = nn::LinearConfig {
            bias: false,
            ..nn::LinearConfig::default()
        };
        let conv = nn::ConvConfig {
            stride: patch_size,
            bias: false,
            ..nn::ConvConfig::default()
        };
        Self {
            class_embedding: embeddings.var("class_embedding", &[hidden_size], CLASS_EMBEDDING),
            patch_embedding: nn::conv2d(
                &embeddings / "patch_embedding",
                vision.num_channels,
                hidden_size,
                patch_size,
                conv,
            ),
            position_embedding: nn::embedding(
                &embeddings / "position_embedding",
                n_positions,
                hidden_size,
                nn::EmbeddingConfig::default(),
            ),
            // The checkpoint's own spelling.
            pre_layer_norm: LayerNorm::new(&model / "pre_layrnorm", hidden_size, layer_norm_eps),
            encoder: Encoder::new(vs, &EncoderConfig::of_vision(vision)),
            post_layer_norm: LayerNorm::new(&model / "post_layernorm", hidden_size, layer_norm_eps),
            visual_projection: nn::linear(
                vs / "visual_projection",
                hidden_size,
                config.projection_dim,
                without_bias,
            ),
            n_positions,
        }
    }

    /// `[n, 3, side, side]` to `[n, projection_dim]`, not normalized.
    pub(crate) fn forward(&self, pixels: &Tensor) -> Tensor {
        let class_token = Tensor::zeros([pixels.size()[0]], (Kind::Int64, pixels.device()));
        let hidden = self
            .encoder
            .forward_at(&self.embedded(pixels), &class_token);
        self.projected(&hidden)
    }

    /// As [`ClipVision::forward`], and the last hidden state of each patch, `[n, patches, hidden]`.
    pub(crate) fn forward_with_patches(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let hidden = self.encoder.forward(&self.embedded(pixels));
        let patches = hidden.narrow(1, 1, self.n_positions - 1);
        (self.projected(&hidden.i((.., 0))), patches)
    }

    /// The input of the first block: `[n, positions, hidden]`.
    fn embedded(&self, pixels: &Tensor) -> Tensor {
        let patches = patches(pixels, &self.patch_embedding);
        let (n, _, hidden_size) = patches.size3().expect("[n, patches, hidden]");
        let class = self.class_embedding.expand([n, 1, hidden_size], false);
        let positions = &self.position_embedding.ws;
        self.pre_layer_norm
            .forward(&(Tensor::cat(&[class, patches], 1) + positions))
    }

    fn projected(&self, class_token: &Tensor) -> Tensor {
        self.visual_projection
            .forward(&self.post_layer_norm.forward(class_token))
    }
}
