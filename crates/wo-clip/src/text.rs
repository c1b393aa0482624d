//! The text tower (`CLIPTextModel` and `text_projection`).

use tch::nn::{self, Module};
use tch::{Kind, Tensor};
use wo_input::Tokens;

use crate::encoder::{Encoder, EncoderConfig, layer_norm};
use crate::{ClipConfig, TextConfig};

/// Ids to features.
#[derive(Debug)]
pub(crate) struct TextTower {
    token_embedding: nn::Embedding,
    position_embedding: nn::Embedding,
    encoder: Encoder,
    final_layer_norm: nn::LayerNorm,
    text_projection: nn::Linear,
    eos_token_id: i64,
}

impl TextTower {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &ClipConfig) -> Self {
        let TextConfig {
            hidden_size,
            layer_norm_eps,
            ..
        } = config.text_config;
        let text = &config.text_config;
        let model = vs / "text_model";
        let embeddings = &model / "embeddings";
        let embedding = |name: &str, n: i64| {
            nn::embedding(
                &embeddings / name,
                n,
                hidden_size,
                nn::EmbeddingConfig::default(),
            )
        };
        Self {
            token_embedding: embedding("token_embedding", text.vocab_size),
            position_embedding: embedding("position_embedding", text.max_position_embeddings),
            encoder: Encoder::new(
                &(&model / "encoder"),
                &EncoderConfig {
                    hidden_size,
                    intermediate_size: text.intermediate_size,
                    n_layers: text.num_hidden_layers,
                    n_heads: text.num_attention_heads,
                    activation: text.hidden_act,
                    layer_norm_eps,
                    is_causal: true,
                },
            ),
            final_layer_norm: layer_norm(&model / "final_layer_norm", hidden_size, layer_norm_eps),
            text_projection: nn::linear(
                vs / "text_projection",
                hidden_size,
                config.projection_dim,
                nn::LinearConfig {
                    bias: false,
                    ..nn::LinearConfig::default()
                },
            ),
            eos_token_id: text.eos_token_id,
        }
    }

    /// Texts to `[n_texts, projection_dim]`, not yet at length one.
    pub(crate) fn forward(&self, tokens: &Tokens) -> Tensor {
        let device = self.text_projection.ws.device();
        let (n, length) = (tokens.n_texts as i64, tokens.length as i64);
        let ids = Tensor::from_slice(&tokens.ids)
            .view([n, length])
            .to_device(device);
        let positions = Tensor::arange(length, (Kind::Int64, device));
        let embedded =
            self.token_embedding.forward(&ids) + self.position_embedding.forward(&positions);
        let hidden = self.encoder.forward(&embedded);
        // One position a text is looked at; the norm of the others would be thrown away.
        let rows = Tensor::arange(n, (Kind::Int64, device)) * length + self.end_positions(&ids);
        let pooled = hidden.flatten(0, 1).index_select(0, &rows);
        self.text_projection
            .forward(&self.final_layer_norm.forward(&pooled))
    }

    /// Where each text ends: the first end-of-text id, or in old checkpoints the largest id.
    fn end_positions(&self, ids: &Tensor) -> Tensor {
        let old_checkpoint = self.eos_token_id == 2;
        if old_checkpoint {
            ids.argmax(-1, false)
        } else {
            ids.eq(self.eos_token_id)
                .to_kind(Kind::Int)
                .argmax(-1, false)
        }
    }
}
