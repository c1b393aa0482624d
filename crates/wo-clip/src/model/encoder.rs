//! The transformer of towers (`CLIPEncoder` and `SiglipEncoder` of transformers, which are the same).
//!
//! Unused numbers are not computed: the last block computes attention and MLP for the pooled token only.

use tch::nn;
use tch::{Kind, Tensor};

use crate::model::blocks::Blocks;
use crate::model::clip_config::VisionConfig;
use crate::model::dropout::as_now;
use crate::model::joint_products::joint_products;
use crate::model::lora::LoraConfig;
use crate::model::lora::{Projection, shallow_clone};
use crate::model::mlp::{Mlp, plus};
use crate::model::sizes::Activation;
use crate::native;
use crate::native::linear::linear;

/// The shape of one tower's transformer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncoderConfig {
    /// The tower's name in the checkpoint, such as `vision_model`.
    pub(crate) tower: &'static str,
    pub(crate) hidden_size: i64,
    pub(crate) intermediate_size: i64,
    pub(crate) n_layers: i64,
    pub(crate) n_heads: i64,
    pub(crate) activation: Activation,
    pub(crate) layer_norm_eps: f64,
    /// Whether attention is causal.
    pub(crate) is_causal: bool,
}

impl EncoderConfig {
    /// That of a vision tower: each patch sees all others.
    pub(crate) fn of_vision(vision: &VisionConfig) -> Self {
        Self {
            tower: "vision_model",
            hidden_size: vision.hidden_size,
            intermediate_size: vision.intermediate_size,
            n_layers: vision.num_hidden_layers,
            n_heads: vision.num_attention_heads,
            activation: vision.hidden_act,
            layer_norm_eps: vision.layer_norm_eps,
            is_causal: false,
        }
    }
}

/// All blocks of a tower.
#[derive(Debug)]
pub(crate) struct Encoder {
    tower: &'static str,
    layers: Vec<Layer>,
    n_frozen: usize,
    is_checkpointing: bool,
}

#[derive(Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "they are named as the checkpoint names them"
)]
struct Layer {
    layer_norm1: LayerNorm,
    self_attn: Attention,
    layer_norm2: LayerNorm,
    mlp: Mlp,
}

#[derive(Debug)]
struct Attention {
    q_proj: Projection,
    k_proj: Projection,
    v_proj: Projection,
    out_proj: nn::Linear,
    n_heads: i64,
    is_causal: bool,
}

/// Which positions attention sees.
enum Mask {
    /// All.
    None,
    /// Those up to the query's own.
    Causal,
    /// Those where this is true: `[batch, 1, queries, positions]`.
    Visible(Tensor),
}

/// A layer norm; unlike tch's own, its parameters can be shared.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl Encoder {
    /// The encoder of `vs`, which is where the whole model is.
    pub(crate) fn new(vs: &nn::Path<'_>, config: &EncoderConfig) -> Self {
        let layers = layers_of(vs, config.tower);
        Self {
            tower: config.tower,
            layers: (0..config.n_layers)
                .map(|i| Layer::new(&(&layers / i), config))
                .collect(),
            n_frozen: 0,
            is_checkpointing: false,
        }
    }

    /// `[batch, positions, hidden]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        self.through(&self.layers, xs)
    }

    /// `[batch, positions, hidden]` to what [`Encoder::forward`] gives at `places`, one position per item:
    /// `[batch, hidden]`.
    pub(crate) fn forward_at(&self, xs: &Tensor, places: &Tensor) -> Tensor {
        match self.layers.split_last() {
            Some((last, layers)) => last.forward_at(&self.through(layers, xs), places),
            None => pick(xs, places),
        }
    }

    fn through(&self, layers: &[Layer], xs: &Tensor) -> Tensor {
        layers
            .iter()
            .enumerate()
            .fold(xs.shallow_clone(), |xs, (i, layer)| {
                // Frozen blocks keep no activations anyway.
                if !self.is_checkpointing || i < self.n_frozen {
                    return layer.forward(&xs);
                }
                let layer = layer.shallow_clone();
                native::checkpoint(&xs, as_now(move |xs| layer.forward(xs)))
                    .expect("a block has run before with such shapes")
            })
    }

    fn each_projection(&mut self, work: impl Fn(&mut Projection)) {
        for layer in &mut self.layers {
            layer
                .self_attn
                .projections()
                .into_iter()
                .for_each(|(_, projection)| work(projection));
        }
    }
}

impl Blocks for Encoder {
    fn freeze(&mut self, n_frozen: usize) {
        self.n_frozen = n_frozen.min(self.layers.len());
    }

    // A bool, as in the setters of PyTorch.
    fn set_checkpointing(&mut self, is_checkpointing: bool) {
        self.is_checkpointing = is_checkpointing;
    }

    /// To the projections to queries, keys and values.
    fn add_lora(&mut self, adapters: &nn::Path<'_>, config: &LoraConfig) {
        let layers = layers_of(adapters, self.tower);
        for (i, layer) in self.layers.iter_mut().enumerate().skip(self.n_frozen) {
            let vs = &layers / i / "self_attn";
            for (name, projection) in layer.self_attn.projections() {
                projection.add_adapter(&(&vs / name), config);
            }
        }
    }

    fn merge_lora(&mut self) {
        self.each_projection(Projection::merge_adapter);
    }

    // A bool, as in the setters of PyTorch.
    fn set_training(&mut self, is_training: bool) {
        self.each_projection(|projection| projection.set_training(is_training));
    }
}

/// Where the blocks of a tower are.
fn layers_of<'a>(vs: &nn::Path<'a>, tower: &str) -> nn::Path<'a> {
    vs / tower / "encoder" / "layers"
}

impl LayerNorm {
    /// Named as the checkpoint names it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a path is made where it is passed"
    )]
    pub(crate) fn new(vs: nn::Path<'_>, size: i64, eps: f64) -> Self {
        Self {
            weight: vs.var("weight", &[size], nn::Init::Const(1.0)),
            bias: vs.var("bias", &[size], nn::Init::Const(0.0)),
            eps,
        }
    }

    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        xs.layer_norm(self.weight.size(), weight, bias, self.eps, true)
    }

    fn shallow_clone(&self) -> Self {
        Self {
            weight: self.weight.shallow_clone(),
            bias: self.bias.shallow_clone(),
            eps: self.eps,
        }
    }
}

impl Layer {
    fn new(vs: &nn::Path<'_>, config: &EncoderConfig) -> Self {
        let hidden = config.hidden_size;
        Self {
            layer_norm1: LayerNorm::new(vs / "layer_norm1", hidden, config.layer_norm_eps),
            self_attn: Attention::new(&(vs / "self_attn"), config),
            layer_norm2: LayerNorm::new(vs / "layer_norm2", hidden, config.layer_norm_eps),
            mlp: Mlp::new(
                &(vs / "mlp"),
                hidden,
                config.intermediate_size,
                config.activation,
            ),
        }
    }

    fn forward(&self, xs: &Tensor) -> Tensor {
        let attended = self.self_attn.forward(&self.layer_norm1.forward(xs));
        self.with_mlp(&plus(attended, xs))
    }

    /// What [`Layer::forward`] gives at `places`: `[batch, hidden]`.
    fn forward_at(&self, xs: &Tensor, places: &Tensor) -> Tensor {
        let normed = self.layer_norm1.forward(xs);
        let attended = self.self_attn.forward_at(&normed, places);
        self.with_mlp(&plus(attended, &pick(xs, places)))
    }

    fn with_mlp(&self, xs: &Tensor) -> Tensor {
        plus(self.mlp.forward(&self.layer_norm2.forward(xs)), xs)
    }

    /// A layer that shares these parameters.
    fn shallow_clone(&self) -> Self {
        Self {
            layer_norm1: self.layer_norm1.shallow_clone(),
            self_attn: self.self_attn.shallow_clone(),
            layer_norm2: self.layer_norm2.shallow_clone(),
            mlp: self.mlp.shallow_clone(),
        }
    }
}

impl Attention {
    fn new(vs: &nn::Path<'_>, config: &EncoderConfig) -> Self {
        let size = config.hidden_size;
        Self {
            q_proj: Projection::new(vs / "q_proj", size),
            k_proj: Projection::new(vs / "k_proj", size),
            v_proj: Projection::new(vs / "v_proj", size),
            out_proj: nn::linear(vs / "out_proj", size, size, nn::LinearConfig::default()),
            n_heads: config.n_heads,
            is_causal: config.is_causal,
        }
    }

    fn forward(&self, xs: &Tensor) -> Tensor {
        let mask = if self.is_causal {
            Mask::Causal
        } else {
            Mask::None
        };
        self.attend(xs, xs, &mask)
    }

    /// `[batch, positions, hidden]` to what [`Attention::forward`] gives at `places`: `[batch, hidden]`.
    fn forward_at(&self, xs: &Tensor, places: &Tensor) -> Tensor {
        let (batch, length, _) = xs.size3().expect("[batch, positions, hidden]");
        let mask = if self.is_causal {
            let visible = Tensor::arange(length, (Kind::Int64, xs.device()))
                .le_tensor(&places.unsqueeze(1))
                .view([batch, 1, 1, length]);
            Mask::Visible(visible)
        } else {
            Mask::None
        };
        self.attend(&pick(xs, places).unsqueeze(1), xs, &mask)
            .squeeze_dim(1)
    }

    /// Attention from `queries` `[batch, queries, hidden]` to `xs` `[batch, positions, hidden]`.
    fn attend(&self, queries: &Tensor, xs: &Tensor, mask: &Mask) -> Tensor {
        let (visible, is_causal) = match mask {
            Mask::None => (None, false),
            Mask::Causal => (None, true),
            Mask::Visible(visible) => (Some(visible), false),
        };
        let (batch, n_queries, size) = queries.size3().expect("[batch, queries, hidden]");
        let heads = |xs: Tensor| {
            xs.view([batch, -1, self.n_heads, size / self.n_heads])
                .transpose(1, 2)
        };
        let [queries, keys, values] = self.products(queries, xs);
        let attended = Tensor::scaled_dot_product_attention(
            &heads(queries),
            &heads(keys),
            &heads(values),
            visible,
            0.0,
            is_causal,
            None,
            false,
        );
        let attended = attended.transpose(1, 2);
        linear(&self.out_proj, &attended.reshape([batch, n_queries, size]))
    }

    /// The projections of `queries`, and those to keys and values of `xs`.
    fn products(&self, queries: &Tensor, xs: &Tensor) -> [Tensor; 3] {
        let (q, k, v) = (&self.q_proj, &self.k_proj, &self.v_proj);
        let is_of_itself = std::ptr::eq(queries, xs);
        if is_of_itself && let Some(all) = joint_products(xs, [q, k, v].map(Projection::plain)) {
            return all;
        }
        // In this order, in which adapters draw their dropout.
        let queries = q.forward(queries);
        let both = joint_products(xs, [k, v].map(Projection::plain));
        let [keys, values] = both.unwrap_or_else(|| [k.forward(xs), v.forward(xs)]);
        [queries, keys, values]
    }

    fn projections(&mut self) -> [(&'static str, &mut Projection); 3] {
        [
            ("q_proj", &mut self.q_proj),
            ("k_proj", &mut self.k_proj),
            ("v_proj", &mut self.v_proj),
        ]
    }

    /// A layer that shares these parameters.
    fn shallow_clone(&self) -> Self {
        Self {
            q_proj: self.q_proj.shallow_clone(),
            k_proj: self.k_proj.shallow_clone(),
            v_proj: self.v_proj.shallow_clone(),
            out_proj: shallow_clone(&self.out_proj),
            ..*self
        }
    }
}

/// `[batch, positions, hidden]` at a position for each item: `[batch, hidden]`.
fn pick(xs: &Tensor, places: &Tensor) -> Tensor {
    let (batch, length, _) = xs.size3().expect("[batch, positions, hidden]");
    let rows = Tensor::arange(batch, (Kind::Int64, xs.device())) * length + places;
    xs.flatten(0, 1).index_select(0, &rows)
}

/// `[n, size]` with rows normalized to unit length. The norm is computed in 32 bits.
pub(crate) fn unit_rows(xs: &Tensor) -> Tensor {
    let xs = xs.to_kind(Kind::Float);
    let norm = xs.norm_scalaropt_dim(2.0, [-1], true);
    xs / norm
}
