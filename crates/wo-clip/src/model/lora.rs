//! Low-rank adapters (Hu et al. 2021, arXiv 2106.09685): a frozen matrix is adapted by a low-rank product beside it.
//! Knows nothing of where a model uses it.

use serde::{Deserialize, Serialize};
use tch::nn;
use tch::{Tensor, no_grad};

use crate::model::dropout::{dropout, number_of};
use crate::native::linear::linear;

/// The rank, scale and dropout of adapters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LoraConfig {
    /// The rank of the product; at least 1.
    pub rank: i64,
    /// The product is multiplied by `alpha / rank`.
    pub alpha: f64,
    /// Dropout on an adapter's input in training.
    pub dropout: f64,
}

/// A linear layer that may have an adapter beside it.
#[derive(Debug)]
pub(crate) struct Projection {
    linear: nn::Linear,
    adapter: Option<Adapter>,
}

#[derive(Debug)]
struct Adapter {
    /// `[rank, in]`.
    a: Tensor,
    /// `[out, rank]`.
    b: Tensor,
    scale: f64,
    dropout: f64,
    is_training: bool,
    /// Tells its draws from those of other adapters.
    number: u64,
}

impl Projection {
    /// A square layer without an adapter.
    pub(crate) fn new(vs: nn::Path<'_>, size: i64) -> Self {
        Self {
            linear: nn::linear(vs, size, size, nn::LinearConfig::default()),
            adapter: None,
        }
    }

    /// Any layer without an adapter.
    pub(crate) fn of(linear: nn::Linear) -> Self {
        Self {
            linear,
            adapter: None,
        }
    }

    /// The layer, where there is no adapter beside it.
    pub(crate) fn plain(&self) -> Option<&nn::Linear> {
        self.adapter.is_none().then_some(&self.linear)
    }

    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let ys = linear(&self.linear, xs);
        let Some(adapter) = &self.adapter else {
            return ys;
        };
        let narrow = adapter.thinned(xs).linear(&adapter.a, None::<&Tensor>);
        ys + narrow.linear(&adapter.b, None::<&Tensor>) * adapter.scale
    }

    /// Adds an adapter to the layer, whose output is zero at first. Its parameters live in `vs` under PEFT's names.
    pub(crate) fn add_adapter(&mut self, vs: &nn::Path<'_>, config: &LoraConfig) {
        let size = self.linear.ws.size();
        // As in loralib: `kaiming_uniform_` with a = sqrt(5).
        let bound = (size[1] as f64).powf(-0.5);
        let uniform = nn::Init::Uniform {
            lo: -bound,
            up: bound,
        };
        self.adapter = Some(Adapter {
            a: (vs / "lora_A").var("weight", &[config.rank, size[1]], uniform),
            b: (vs / "lora_B").var("weight", &[size[0], config.rank], nn::Init::Const(0.0)),
            scale: config.alpha / config.rank as f64,
            dropout: config.dropout,
            is_training: false,
            number: number_of(&vs.components().collect::<Vec<_>>().join(".")),
        });
    }

    /// Merges the adapter into the layer's own matrix.
    pub(crate) fn merge_adapter(&mut self) {
        if let Some(adapter) = self.adapter.take() {
            let change = no_grad(|| adapter.b.matmul(&adapter.a) * adapter.scale);
            no_grad(|| drop(self.linear.ws.g_add_(&change)));
        }
    }

    // A bool, as in the setters of PyTorch.
    pub(crate) fn set_training(&mut self, is_training: bool) {
        if let Some(adapter) = &mut self.adapter {
            adapter.is_training = is_training;
        }
    }

    /// A layer that shares these parameters.
    pub(crate) fn shallow_clone(&self) -> Self {
        Self {
            linear: shallow_clone(&self.linear),
            adapter: self.adapter.as_ref().map(|adapter| Adapter {
                a: adapter.a.shallow_clone(),
                b: adapter.b.shallow_clone(),
                ..*adapter
            }),
        }
    }
}

impl Adapter {
    /// Its input after dropout.
    fn thinned(&self, xs: &Tensor) -> Tensor {
        if self.is_training {
            dropout(xs, self.dropout, self.number)
        } else {
            xs.shallow_clone()
        }
    }
}

/// A layer that shares these parameters.
pub(crate) fn shallow_clone(linear: &nn::Linear) -> nn::Linear {
    nn::Linear {
        ws: linear.ws.shallow_clone(),
        bs: linear.bs.as_ref().map(Tensor::shallow_clone),
    }
}
