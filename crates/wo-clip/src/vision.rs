//! The vision tower (`CLIPVisionModel` and `visual_projection`).

use tch::nn::{self, Module};
use tch::{IndexOp, Kind, Tensor};

use crate::encoder::{Encoder, EncoderConfig, layer_norm};
use crate::{ClipConfig, VisionConfig};

/// Pixels to features.
#[derive(Debug)]
pub(crate) struct VisionTower {
    class_embedding: Tensor,
    patch_embedding: nn::Conv2D,
    position_embedding: nn::Embedding,
    pre_layer_norm: nn::LayerNorm,
    encoder: Encoder,
    post_layer_norm: nn::LayerNorm,
    visual_projection: nn::Linear,
    n_positions: i64,
}

impl VisionTower {
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
        let patches_a_side = image_size / patch_size;
        let n_positions = patches_a_side * patches_a_side + 1;
        let conv = nn::ConvConfig {
            stride: patch_size,
            bias: false,
            ..nn::ConvConfig::default()
        };
        Self {
            class_embedding: embeddings.var(
                "class_embedding",
                &[hidden_size],
                nn::Init::Randn {
                    mean: 0.0,
                    stdev: 0.02,
                },
            ),
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
            pre_layer_norm: layer_norm(&model / "pre_layrnorm", hidden_size, layer_norm_eps),
            encoder: Encoder::new(
                &(&model / "encoder"),
                &EncoderConfig {
                    hidden_size,
                    intermediate_size: vision.intermediate_size,
                    n_layers: vision.num_hidden_layers,
                    n_heads: vision.num_attention_heads,
                    activation: vision.hidden_act,
                    layer_norm_eps,
                    is_causal: false,
                },
            ),
            post_layer_norm: layer_norm(&model / "post_layernorm", hidden_size, layer_norm_eps),
            visual_projection: nn::linear(
                vs / "visual_projection",
                hidden_size,
                config.projection_dim,
                nn::LinearConfig {
                    bias: false,
                    ..nn::LinearConfig::default()
                },
            ),
            n_positions,
        }
    }

    /// `[n, 3, side, side]` to `[n, projection_dim]`, not yet at length one, and to what the last block says of each
    /// patch, `[n, patches, hidden]`.
    pub(crate) fn forward(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let patches = self
            .patch_embedding
            .forward(pixels)
            .flatten(2, 3)
            .transpose(1, 2);
        let (n, n_patches, hidden_size) = patches.size3().expect("[n, patches, hidden]");
        let class = self.class_embedding.expand([n, 1, hidden_size], false);
        let positions = Tensor::arange(self.n_positions, (Kind::Int64, pixels.device()));
        let embedded =
            Tensor::cat(&[class, patches], 1) + self.position_embedding.forward(&positions);
        let hidden = self
            .encoder
            .forward(&self.pre_layer_norm.forward(&embedded));
        let features = self
            .visual_projection
            .forward(&self.post_layer_norm.forward(&hidden.i((.., 0))));
        (features, hidden.narrow(1, 1, n_patches))
    }
}
