//! SigLIP's text tower (`SiglipTextModel`): each position sees all others, and the last one is pooled.

use tch::nn::{self, Module};
use tch::{Kind, Tensor};
use wo_input::Tokens;

use crate::device::uploaded;
use crate::model::encoder::EncoderConfig;
use crate::model::siglip_config::SiglipConfig;
use crate::model::text_body::TextBody;

/// From token ids to features.
#[derive(Debug)]
pub(crate) struct SiglipText {
    pub(crate) body: TextBody,
    head: nn::Linear,
}

impl SiglipText {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &SiglipConfig) -> Self {
        let text = &config.text_config;
        let encoder = EncoderConfig {
            tower: "text_model",
            hidden_size: text.hidden_size,
            intermediate_size: text.intermediate_size,
            n_layers: text.num_hidden_layers,
            n_heads: text.num_attention_heads,
            activation: text.hidden_act,
            layer_norm_eps: text.layer_norm_eps,
            is_causal: false,
        };
        Self {
            body: TextBody::new(vs, &encoder, text.vocab_size, text.max_position_embeddings),
            head: nn::linear(
                vs / "text_model" / "head",
                text.hidden_size,
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
        let last = Tensor::full([n], length - 1, (Kind::Int64, device));
        self.head.forward(&self.body.forward_at(&ids, &last))
    }
}
