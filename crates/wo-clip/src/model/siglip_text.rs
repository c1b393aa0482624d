//! SigLIP's text tower (`SiglipTextModel`): each position sees all others, and the last one is pooled.

use tch::nn::{self, Module};
use tch::{Kind, Tensor};
use wo_input::Tokens;

use crate::device::uploaded;
use crate::model::encoder::{Encoder, EncoderConfig, LayerNorm};
use crate::model::siglip_config::{SiglipConfig, SiglipTextConfig};

/// From token ids to features.
#[derive(Debug)]
pub(crate) struct SiglipText {
    token_embedding: nn::Embedding,
    position_embedding: nn::Embedding,
    pub(crate) encoder: Encoder,
    final_layer_norm: LayerNorm,
    head: nn::Linear,
}

impl SiglipText {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &SiglipConfig) -> Self {
        let text = &config.text_config;
        let SiglipTextConfig {
            hidden_size,
            layer_norm_eps,
            ..
        } = *text;
        let model = vs / "text_model";
        let embeddings = &model / "embeddings";
        let embedding = |name: &str, n: i64| {
            let config = nn::EmbeddingConfig::default();
            nn::embedding(&embeddings / name, n, hidden_size, config)
        };
        Self {
            token_embedding: embedding("token_embedding", text.vocab_size),
            position_embedding: embedding("position_embedding", text.max_position_embeddings),
            encoder: Encoder::new(
                vs,
                &EncoderConfig {
                    tower: "text_model",
                    hidden_size,
                    intermediate_size: text.intermediate_size,
                    n_layers: text.num_hidden_layers,
                    n_heads: text.num_attention_heads,
                    activation: text.hidden_act,
                    layer_norm_eps,
                    is_causal: false,
                },
            ),
            final_layer_norm: LayerNorm::new(
                &model / "final_layer_norm",
                hidden_size,
                layer_norm_eps,
            ),
            head: nn::linear(
                &model / "head",
                hidden_size,
                config.vision_config.hidden_size,
                nn::LinearConfig::default(),
            ),
        }
    }

    /// Texts to `[n_texts, feature_width]`, not normalized. They are filled up, and the tokens that fill them count.
    pub(crate) fn forward(&self, tokens: &Tokens) -> Tensor {
        let device = self.head.ws.device();
        let (n, length) = (tokens.n_texts as i64, tokens.length as i64);
        let ids = uploaded(&Tensor::from_slice(&tokens.ids).view([n, length]), device);
        let positions = self.position_embedding.ws.narrow(0, 0, length);
        let embedded = self.token_embedding.forward(&ids) + positions;
        let last = Tensor::full([n], length - 1, (Kind::Int64, device));
        let pooled = self.encoder.forward_at(&embedded, &last);
        self.head.forward(&self.final_layer_norm.forward(&pooled))
    }
}
