//! A learned query that attends to all positions, and an MLP (timm's `AttentionPoolLatent`; Zhai et al. 2021, arXiv
//! 2106.04560).

use tch::nn::{self, Module};
use tch::{IndexOp, Tensor};

use crate::model::params::Params;
use crate::model::timm_layers::{Mlp, Norm, attention, linear};

#[derive(Debug)]
pub(crate) struct AttentionPool {
    latent: Tensor,
    q: nn::Linear,
    kv: nn::Linear,
    proj: nn::Linear,
    norm: Norm,
    mlp: Mlp,
    n_heads: i64,
}

impl AttentionPool {
    pub(crate) fn new(vs: &Params<'_>, width: i64, n_heads: i64, eps: f64) -> Self {
        let random = nn::Init::Randn {
            mean: 0.0,
            stdev: 0.02,
        };
        Self {
            latent: vs.parameter("latent", &[1, 1, width], random),
            q: linear(&vs.at("q"), width, width),
            kv: linear(&vs.at("kv"), width, 2 * width),
            proj: linear(&vs.at("proj"), width, width),
            norm: Norm::new(&vs.at("norm"), width, eps),
            mlp: Mlp::new(&vs.at("mlp"), width, 4 * width),
            n_heads,
        }
    }

    /// `[n, positions, width]` to `[n, width]`.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let (n, _, width) = xs.size3().expect("[n, positions, width]");
        let head_width = width / self.n_heads;
        let query = self
            .q
            .forward(&self.latent)
            .view([1, 1, self.n_heads, head_width])
            .transpose(1, 2)
            .expand([n, self.n_heads, 1, head_width], false);
        let kv = self
            .kv
            .forward(xs)
            .view([n, -1, 2, self.n_heads, head_width])
            .permute([2, 0, 3, 1, 4]);
        let attended = attention(&query, &kv.select(0, 0), &kv.select(0, 1));
        let pooled = self.proj.forward(&attended);
        let pooled = &pooled + self.mlp.forward(&self.norm.forward(&pooled));
        pooled.i((.., 0))
    }
}
