//! The transformer that both towers share (`CLIPEncoder` in transformers' `modeling_clip.py`).

use tch::nn::{self, Module};
use tch::{Kind, Tensor};

use crate::Activation;

/// Width, depth and functions of one tower's transformer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncoderConfig {
    pub(crate) hidden_size: i64,
    pub(crate) intermediate_size: i64,
    pub(crate) n_layers: i64,
    pub(crate) n_heads: i64,
    pub(crate) activation: Activation,
    pub(crate) layer_norm_eps: f64,
    /// Whether a position may only look at itself and what is before it.
    pub(crate) is_causal: bool,
}

/// All blocks of a tower.
#[derive(Debug)]
pub(crate) struct Encoder {
    layers: Vec<Layer>,
}

#[derive(Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "they are named as the checkpoint names them"
)]
struct Layer {
    layer_norm1: nn::LayerNorm,
    self_attn: Attention,
    layer_norm2: nn::LayerNorm,
    fc1: nn::Linear,
    fc2: nn::Linear,
    activation: Activation,
}

#[derive(Debug)]
struct Attention {
    q_proj: nn::Linear,
    k_proj: nn::Linear,
    v_proj: nn::Linear,
    out_proj: nn::Linear,
    n_heads: i64,
    is_causal: bool,
}

impl Encoder {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &EncoderConfig) -> Self {
        let layers = vs / "layers";
        Self {
            layers: (0..config.n_layers)
                .map(|i| Layer::new(&(&layers / i), config))
                .collect(),
        }
    }

    /// `[batch, positions, hidden]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        self.layers
            .iter()
            .fold(xs.shallow_clone(), |xs, layer| layer.forward(&xs))
    }
}

/// A layer norm named as the checkpoint names it.
pub(crate) fn layer_norm(vs: nn::Path<'_>, size: i64, eps: f64) -> nn::LayerNorm {
    nn::layer_norm(
        vs,
        vec![size],
        nn::LayerNormConfig {
            eps,
            ..nn::LayerNormConfig::default()
        },
    )
}

impl Layer {
    fn new(vs: &nn::Path<'_>, config: &EncoderConfig) -> Self {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let mlp = vs / "mlp";
        Self {
            layer_norm1: layer_norm(vs / "layer_norm1", hidden, config.layer_norm_eps),
            self_attn: Attention::new(&(vs / "self_attn"), config),
            layer_norm2: layer_norm(vs / "layer_norm2", hidden, config.layer_norm_eps),
            fc1: nn::linear(
                &mlp / "fc1",
                hidden,
                intermediate,
                nn::LinearConfig::default(),
            ),
            fc2: nn::linear(
                &mlp / "fc2",
                intermediate,
                hidden,
                nn::LinearConfig::default(),
            ),
            activation: config.activation,
        }
    }

    fn forward(&self, xs: &Tensor) -> Tensor {
        let xs = xs + self.self_attn.forward(&self.layer_norm1.forward(xs));
        let inner = self.fc1.forward(&self.layer_norm2.forward(&xs));
        let inner = match self.activation {
            Activation::QuickGelu => &inner * (&inner * 1.702).sigmoid(),
            Activation::Gelu => inner.gelu("none"),
        };
        xs + self.fc2.forward(&inner)
    }
}

impl Attention {
    fn new(vs: &nn::Path<'_>, config: &EncoderConfig) -> Self {
        let size = config.hidden_size;
        let linear = |name: &str| nn::linear(vs / name, size, size, nn::LinearConfig::default());
        Self {
            q_proj: linear("q_proj"),
            k_proj: linear("k_proj"),
            v_proj: linear("v_proj"),
            out_proj: linear("out_proj"),
            n_heads: config.n_heads,
            is_causal: config.is_causal,
        }
    }

    fn forward(&self, xs: &Tensor) -> Tensor {
        let (batch, length, size) = xs.size3().expect("[batch, positions, hidden]");
        let heads = |xs: Tensor| {
            xs.view([batch, length, self.n_heads, size / self.n_heads])
                .transpose(1, 2)
        };
        let attended = Tensor::scaled_dot_product_attention(
            &heads(self.q_proj.forward(xs)),
            &heads(self.k_proj.forward(xs)),
            &heads(self.v_proj.forward(xs)),
            None::<&Tensor>,
            0.0,
            self.is_causal,
            None,
            false,
        );
        self.out_proj
            .forward(&attended.transpose(1, 2).reshape([batch, length, size]))
    }
}

/// `[n, size]` with each row at length one. The norm is taken in 32 bits.
pub(crate) fn unit_rows(xs: &Tensor) -> Tensor {
    let xs = xs.to_kind(Kind::Float);
    let norm = xs.norm_scalaropt_dim(2.0, [-1], true);
    xs / norm
}
