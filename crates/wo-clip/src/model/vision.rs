//! The vision tower (`CLIPVisionModel` and `visual_projection`).

use tch::nn::{self, Module};
use tch::{IndexOp, Kind, Tensor};

use crate::model::config::{ClipConfig, VisionConfig};
use crate::model::encoder::{Encoder, EncoderConfig, LayerNorm};

/// From pixels to features.
#[derive(Debug)]
pub(crate) struct VisionTower {
    class_embedding: Tensor,
    patch_embedding: nn::Conv2D,
    position_embedding: nn::Embedding,
    pre_layer_norm: LayerNorm,
    pub(crate) encoder: Encoder,
    post_layer_norm: LayerNorm,
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
            pre_layer_norm: LayerNorm::new(&model / "pre_layrnorm", hidden_size, layer_norm_eps),
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
            post_layer_norm: LayerNorm::new(&model / "post_layernorm", hidden_size, layer_norm_eps),
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

    /// `[n, 3, side, side]` to `[n, projection_dim]`, not normalized.
    pub(crate) fn forward(&self, pixels: &Tensor) -> Tensor {
        let class_token = Tensor::zeros([pixels.size()[0]], (Kind::Int64, pixels.device()));
        let hidden = self
            .encoder
            .forward_at(&self.embedded(pixels), &class_token);
        self.projected(&hidden)
    }

    /// As [`VisionTower::forward`], and the last hidden state of each patch, `[n, patches, hidden]`.
    pub(crate) fn forward_with_patches(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let hidden = self.encoder.forward(&self.embedded(pixels));
        let patches = hidden.narrow(1, 1, self.n_positions - 1);
        (self.projected(&hidden.i((.., 0))), patches)
    }

    /// The input of the first block: `[n, positions, hidden]`.
    fn embedded(&self, pixels: &Tensor) -> Tensor {
        let patches = self.patches(pixels);
        let (n, _, hidden_size) = patches.size3().expect("[n, patches, hidden]");
        let class = self.class_embedding.expand([n, 1, hidden_size], false);
        let positions = &self.position_embedding.ws;
        self.pre_layer_norm
            .forward(&(Tensor::cat(&[class, patches], 1) + positions))
    }

    /// Each patch times the matrix: `[n, patches, hidden]`. A convolution whose stride equals its kernel is one matrix product.
    fn patches(&self, pixels: &Tensor) -> Tensor {
        let weight = &self.patch_embedding.ws;
        let (n, channels, height, _) = pixels.size4().expect("[n, channels, side, side]");
        let (hidden_size, side) = (weight.size()[0], weight.size()[2]);
        let a_side = height / side;
        let patches = pixels
            .narrow(2, 0, a_side * side)
            .narrow(3, 0, a_side * side)
            .view([n, channels, a_side, side, a_side, side])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([n, a_side * a_side, channels * side * side]);
        patches.linear(&weight.view([hidden_size, -1]), None::<&Tensor>)
    }

    fn projected(&self, class_token: &Tensor) -> Tensor {
        self.visual_projection
            .forward(&self.post_layer_norm.forward(class_token))
    }
}
