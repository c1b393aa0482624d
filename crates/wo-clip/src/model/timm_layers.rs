//! Layers that timm's vision transformers are made of.

use tch::Tensor;
use tch::nn::{self, Module};

use crate::model::params::Params;
use crate::model::share::share_fields;

/// A layer norm.
#[derive(Debug)]
pub(crate) struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

share_fields!(Norm { weight, bias; eps });

/// Two layers with the Gaussian error linear unit between them.
#[derive(Debug)]
pub(crate) struct Mlp {
    fc1: nn::Linear,
    fc2: nn::Linear,
}

share_fields!(Mlp { fc1, fc2; });

/// Attention of all queries to all keys, `[n, heads, positions, head width]`, as rows `[n, queries, width]`.
pub(crate) fn attention(queries: &Tensor, keys: &Tensor, values: &Tensor) -> Tensor {
    Tensor::scaled_dot_product_attention(
        queries,
        keys,
        values,
        None::<&Tensor>,
        0.0,
        false,
        None,
        false,
    )
    .transpose(1, 2)
    .flatten(2, 3)
}

impl Mlp {
    pub(crate) fn new(vs: &Params<'_>, width: i64, inner: i64) -> Self {
        Self {
            fc1: linear(&vs.at("fc1"), width, inner),
            fc2: linear(&vs.at("fc2"), inner, width),
        }
    }

    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        self.fc2.forward(&self.fc1.forward(xs).gelu("none"))
    }
}

impl Norm {
    pub(crate) fn new(vs: &Params<'_>, width: i64, eps: f64) -> Self {
        Self {
            weight: vs.constant("weight", &[width], 1.0),
            bias: vs.constant("bias", &[width], 0.0),
            eps,
        }
    }

    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        xs.layer_norm(self.weight.size(), weight, bias, self.eps, true)
    }
}

/// A linear layer with a bias.
pub(crate) fn linear(vs: &Params<'_>, n_in: i64, n_out: i64) -> nn::Linear {
    nn::Linear {
        ws: vs.weight("weight", &[n_out, n_in]),
        bs: Some(vs.constant("bias", &[n_out], 0.0)),
    }
}
