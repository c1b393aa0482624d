//! SigLIP's vision tower (`SiglipVisionModel`): no class token; a learned query attends to all patches.

use tch::Tensor;
use tch::nn::{self, Module};

use crate::model::clip_config::VisionConfig;
use crate::model::encoder::{Encoder, EncoderConfig, LayerNorm};
use crate::model::mlp::{Mlp, plus};
use crate::model::patches::patches;
use crate::model::siglip_config::SiglipConfig;

/// From pixels to features.
#[derive(Debug)]
pub(crate) struct SiglipVision {
    patch_embedding: nn::Conv2D,
    position_embedding: nn::Embedding,
    pub(crate) encoder: Encoder,
    post_layer_norm: LayerNorm,
    head: AttentionPooling,
}

/// Pools patches by attention (the MAP head of Zhai et al. 2022, arXiv 2106.04560; `SiglipMultiheadAttentionPoolingHead`).
#[derive(Debug)]
struct AttentionPooling {
    /// `[1, 1, hidden]`: the query.
    probe: Tensor,
    /// `[3 hidden, hidden]`: the projections to queries, keys and values, one below the other.
    in_proj_weight: Tensor,
    in_proj_bias: Tensor,
    out_proj: nn::Linear,
    layer_norm: LayerNorm,
    mlp: Mlp,
    n_heads: i64,
}

/// The initial values of matrices that `tch` has no layer for.
const MATRIX: nn::Init = nn::Init::Randn {
    mean: 0.0,
    stdev: 0.02,
};

impl SiglipVision {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &SiglipConfig) -> Self {
        let vision = &config.vision_config;
        let VisionConfig {
            hidden_size,
            layer_norm_eps,
            patch_size,
            image_size,
            ..
        } = *vision;
        let model = vs / "vision_model";
        let embeddings = &model / "embeddings";
        let conv = nn::ConvConfig {
            stride: patch_size,
            ..nn::ConvConfig::default()
        };
        Self {
            patch_embedding: nn::conv2d(
                &embeddings / "patch_embedding",
                vision.num_channels,
                hidden_size,
                patch_size,
                conv,
            ),
            position_embedding: nn::embedding(
                &embeddings / "position_embedding",
                (image_size / patch_size).pow(2),
                hidden_size,
                nn::EmbeddingConfig::default(),
            ),
            encoder: Encoder::new(vs, &EncoderConfig::of_vision(vision)),
            post_layer_norm: LayerNorm::new(&model / "post_layernorm", hidden_size, layer_norm_eps),
            head: AttentionPooling::new(&(&model / "head"), vision),
        }
    }

    /// `[n, 3, side, side]` to `[n, hidden]`, not normalized.
    pub(crate) fn forward(&self, pixels: &Tensor) -> Tensor {
        self.forward_with_patches(pixels).0
    }

    /// As [`SiglipVision::forward`], and the last hidden state of each patch, `[n, patches, hidden]`.
    pub(crate) fn forward_with_patches(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let embedded = patches(pixels, &self.patch_embedding) + &self.position_embedding.ws;
        let hidden = self
            .post_layer_norm
            .forward(&self.encoder.forward(&embedded));
        (self.head.forward(&hidden), hidden)
    }
}

impl AttentionPooling {
    fn new(vs: &nn::Path<'_>, config: &VisionConfig) -> Self {
        let size = config.hidden_size;
        let attention = vs / "attention";
        Self {
            probe: vs.var("probe", &[1, 1, size], MATRIX),
            in_proj_weight: attention.var("in_proj_weight", &[3 * size, size], MATRIX),
            in_proj_bias: attention.var("in_proj_bias", &[3 * size], nn::Init::Const(0.0)),
            out_proj: nn::linear(
                &attention / "out_proj",
                size,
                size,
                nn::LinearConfig::default(),
            ),
            layer_norm: LayerNorm::new(vs / "layernorm", size, config.layer_norm_eps),
            mlp: Mlp::new(
                &(vs / "mlp"),
                size,
                config.intermediate_size,
                config.hidden_act,
            ),
            n_heads: config.num_attention_heads,
        }
    }

    /// `[n, patches, hidden]` to `[n, hidden]`.
    fn forward(&self, patches: &Tensor) -> Tensor {
        let (n, _, size) = patches.size3().expect("[n, patches, hidden]");
        let heads = |xs: &Tensor, n: i64| {
            xs.view([n, -1, self.n_heads, size / self.n_heads])
                .transpose(1, 2)
        };
        let part = |xs: &Tensor, first: i64, rows: i64| {
            let weight = self.in_proj_weight.narrow(0, first * size, rows * size);
            let bias = self.in_proj_bias.narrow(0, first * size, rows * size);
            xs.linear(&weight, Some(&bias))
        };
        let query = heads(&part(&self.probe, 0, 1), 1).expand([n, -1, -1, -1], false);
        let both = part(patches, 1, 2);
        let (keys, values) = (both.narrow(2, 0, size), both.narrow(2, size, size));
        let attended = Tensor::scaled_dot_product_attention(
            &query,
            &heads(&keys, n),
            &heads(&values, n),
            None::<&Tensor>,
            0.0,
            false,
            None,
            false,
        );
        let pooled = self
            .out_proj
            .forward(&attended.transpose(1, 2).reshape([n, size]));
        plus(self.mlp.forward(&self.layer_norm.forward(&pooled)), &pooled)
    }
}
