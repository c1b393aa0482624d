//! The two linear layers of a block.

use tch::Tensor;
use tch::nn;

use crate::model::lora::shallow_clone;
use crate::model::sizes::Activation;
use crate::native::linear::linear;
use crate::native::quick_gelu::quick_gelu;

/// Two linear layers with an activation between them.
#[derive(Debug)]
pub(crate) struct Mlp {
    fc1: nn::Linear,
    fc2: nn::Linear,
    activation: Activation,
}

impl Mlp {
    pub(crate) fn new(
        vs: &nn::Path<'_>,
        size: i64,
        intermediate: i64,
        activation: Activation,
    ) -> Self {
        let layer =
            |name, n_in, n_out| nn::linear(vs / name, n_in, n_out, nn::LinearConfig::default());
        Self {
            fc1: layer("fc1", size, intermediate),
            fc2: layer("fc2", intermediate, size),
            activation,
        }
    }

    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let inner = linear(&self.fc1, xs);
        let inner = match self.activation {
            Activation::QuickGelu => quick_gelu(&inner).expect("it takes all shapes"),
            Activation::Gelu => inner.gelu("none"),
            Activation::GeluPytorchTanh => inner.gelu("tanh"),
        };
        linear(&self.fc2, &inner)
    }

    /// A layer that shares these parameters.
    pub(crate) fn shallow_clone(&self) -> Self {
        Self {
            fc1: shallow_clone(&self.fc1),
            fc2: shallow_clone(&self.fc2),
            activation: self.activation,
        }
    }
}

/// Adds in place: the output of a linear layer is used nowhere else.
pub(crate) fn plus(mut fresh: Tensor, xs: &Tensor) -> Tensor {
    fresh.g_add_(xs)
}
