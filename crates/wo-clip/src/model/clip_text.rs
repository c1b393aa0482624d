//! CLIP's text tower (`CLIPTextModel` and `text_projection`).

use std::iter;

use tch::Tensor;
use tch::nn::{self, Module};
use wo_input::Tokens;

use crate::device::uploaded;
use crate::model::clip_config::{ClipConfig, TextConfig};
use crate::model::encoder::EncoderConfig;
use crate::model::text_body::TextBody;

/// From token ids to features.
#[derive(Debug)]
pub(crate) struct ClipText {
    pub(crate) body: TextBody,
    text_projection: nn::Linear,
    eos_token_id: i64,
    /// The length to which texts are filled up with zeros, where their tokens see what comes after them.
    full_length: Option<i64>,
}

/// Which tokens of a text a token sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Those before it.
    OneWay,
    /// All, also the zeros that fill up a text to the tower's length.
    BothWays,
}

impl ClipText {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &ClipConfig) -> Self {
        Self::of(
            vs,
            &config.text_config,
            config.projection_dim,
            Reading::OneWay,
        )
    }

    /// The same of its own numbers.
    pub(crate) fn of(
        vs: &nn::Path<'_>,
        text: &TextConfig,
        projection_dim: i64,
        reading: Reading,
    ) -> Self {
        let is_causal = reading == Reading::OneWay;
        let encoder = EncoderConfig {
            tower: "text_model",
            hidden_size: text.hidden_size,
            intermediate_size: text.intermediate_size,
            n_layers: text.num_hidden_layers,
            n_heads: text.num_attention_heads,
            activation: text.hidden_act,
            layer_norm_eps: text.layer_norm_eps,
            is_causal,
        };
        Self {
            body: TextBody::new(vs, &encoder, text.vocab_size, text.max_position_embeddings),
            text_projection: nn::linear(
                vs / "text_projection",
                text.hidden_size,
                projection_dim,
                nn::LinearConfig {
                    bias: false,
                    ..nn::LinearConfig::default()
                },
            ),
            eos_token_id: text.eos_token_id,
            full_length: (!is_causal).then_some(text.max_position_embeddings),
        }
    }

    /// Texts to `[n_texts, projection_dim]`, not normalized.
    pub(crate) fn forward(&self, tokens: &Tokens) -> Tensor {
        let device = self.text_projection.ws.device();
        let rows = tokens.ids.chunks_exact(tokens.length.max(1));
        let ends: Vec<i64> = rows.clone().map(|row| self.end(row)).collect();
        // Where the tower is causal, tokens after the last end of text change nothing.
        let longest = ends.iter().max().map_or(0, |end| end + 1);
        let length = self.full_length.unwrap_or(longest);
        let ids: Vec<i64> = rows
            .zip(&ends)
            .flat_map(|(row, &end)| {
                let text = row[..=end as usize].iter().copied();
                text.chain(iter::repeat(0)).take(length as usize)
            })
            .collect();
        let ids = Tensor::from_slice(&ids).view([tokens.n_texts as i64, length]);
        let ids = uploaded(&ids, device);
        let ends = uploaded(&Tensor::from_slice(&ends), device);
        self.text_projection
            .forward(&self.body.forward_at(&ids, &ends))
    }

    /// The end of a text: the first end-of-text id, or in old checkpoints the first of the largest ids.
    fn end(&self, ids: &[i64]) -> i64 {
        let is_old_checkpoint = self.eos_token_id == 2;
        let last_id = if is_old_checkpoint {
            ids.iter().copied().max().unwrap_or(0)
        } else {
            self.eos_token_id
        };
        ids.iter().position(|&id| id == last_id).unwrap_or(0) as i64
    }
}
