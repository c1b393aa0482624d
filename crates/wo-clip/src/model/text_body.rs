//! What the text towers of CLIP and SigLIP share: embeddings, blocks and the last norm.

use tch::Tensor;
use tch::nn::{self, Module};

use crate::model::encoder::{Encoder, EncoderConfig, LayerNorm};

/// From token ids to the hidden state of one position of each text.
#[derive(Debug)]
pub(crate) struct TextBody {
    token_embedding: nn::Embedding,
    position_embedding: nn::Embedding,
    pub(crate) encoder: Encoder,
    final_layer_norm: LayerNorm,
}

impl TextBody {
    /// The parameters live in `text_model` of `vs`, which is where the whole model is.
    pub(crate) fn new(
        vs: &nn::Path<'_>,
        config: &EncoderConfig,
        vocab_size: i64,
        n_positions: i64,
    ) -> Self {
        let model = vs / config.tower;
        let embeddings = &model / "embeddings";
        let embedding = |name: &str, n: i64| {
            let settings = nn::EmbeddingConfig::default();
            nn::embedding(&embeddings / name, n, config.hidden_size, settings)
        };
        Self {
            token_embedding: embedding("token_embedding", vocab_size),
            position_embedding: embedding("position_embedding", n_positions),
            encoder: Encoder::new(vs, config),
            final_layer_norm: LayerNorm::new(
                &model / "final_layer_norm",
                config.hidden_size,
                config.layer_norm_eps,
            ),
        }
    }

    /// Ids `[n, length]` to the hidden states at `places`, one position of each text: `[n, hidden]`.
    pub(crate) fn forward_at(&self, ids: &Tensor, places: &Tensor) -> Tensor {
        let positions = self.position_embedding.ws.narrow(0, 0, ids.size()[1]);
        let embedded = self.token_embedding.forward(ids) + positions;
        let pooled = self.encoder.forward_at(&embedded, places);
        self.final_layer_norm.forward(&pooled)
    }
}
