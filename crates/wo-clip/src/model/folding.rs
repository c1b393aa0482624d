//! Convolutions with what is linear beside and behind them, folded into one kernel (Ding et al. 2021, arXiv 2101.03697).
//!
//! A batch norm that runs with stored statistics is linear, so branches of convolutions and norms are one convolution.
//! The kernels are added instead of their outputs: the same function of the same parameters, with the same gradients,
//! for a fraction of the work and memory. Statistics are never updated: a few videos say less about them than the
//! pictures of pre-training do.

use tch::{Tensor, nn};

use crate::model::params::Params;
use crate::model::share::share_fields;

/// Added to variances; that of `nn.BatchNorm2d`.
const EPS: f64 = 1e-5;

/// A batch norm with stored statistics.
#[derive(Debug)]
pub(crate) struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
}

share_fields!(BatchNorm { weight, bias, mean, variance; });

/// A kernel `[out, in / groups, side, side]` and a bias `[out]`.
pub(crate) struct Kernel {
    pub(crate) weight: Tensor,
    pub(crate) bias: Tensor,
}

/// A convolution without bias, and a batch norm.
#[derive(Debug)]
pub(crate) struct NormedConv {
    weight: Tensor,
    norm: BatchNorm,
}

share_fields!(NormedConv { weight, norm; });

/// How a kernel moves over an image. Its edge is padded with zeros so that its middle reaches all pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sweep {
    pub(crate) side: i64,
    pub(crate) stride: i64,
    pub(crate) groups: i64,
}

impl BatchNorm {
    pub(crate) fn new(vs: &Params<'_>, size: i64) -> Self {
        Self {
            weight: vs.constant("weight", &[size], 1.0),
            bias: vs.constant("bias", &[size], 0.0),
            mean: vs.statistic("running_mean", &[size], 0.0),
            variance: vs.statistic("running_var", &[size], 1.0),
        }
    }

    /// The factor and the summand of each channel.
    fn line(&self) -> (Tensor, Tensor) {
        let factor = &self.weight * (&self.variance + EPS).rsqrt();
        let summand = &self.bias - &self.mean * &factor;
        (factor, summand)
    }

    /// `[n, channels, height, width]` to the same shape.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let (factor, summand) = self.line();
        let wide = |xs: Tensor| xs.view([1, -1, 1, 1]);
        xs * wide(factor) + wide(summand)
    }

    /// As a kernel of `sweep`, whose output is as wide as its input.
    pub(crate) fn folded(&self, sweep: Sweep) -> Kernel {
        let (factor, bias) = self.line();
        let n = bias.size()[0];
        let middle = if sweep.groups == n {
            factor.view([n, 1, 1, 1])
        } else {
            factor.diag(0).view([n, n, 1, 1])
        };
        Kernel {
            weight: padded(&middle, sweep.side),
            bias,
        }
    }
}

impl NormedConv {
    /// Named as timm names them: `conv` and `bn`.
    pub(crate) fn new(vs: &Params<'_>, (n_in, n_out): (i64, i64), sweep: Sweep) -> Self {
        let shape = [n_out, n_in / sweep.groups, sweep.side, sweep.side];
        Self {
            weight: vs.at("conv").weight("weight", &shape),
            norm: BatchNorm::new(&vs.at("bn"), n_out),
        }
    }

    /// As a kernel of `side` pixels.
    pub(crate) fn folded(&self, side: i64) -> Kernel {
        let (factor, bias) = self.norm.line();
        Kernel {
            weight: padded(&(&self.weight * factor.view([-1, 1, 1, 1])), side),
            bias,
        }
    }
}

impl Kernel {
    /// The kernel whose output is the sum of both.
    pub(crate) fn plus(self, other: &Self) -> Self {
        Self {
            weight: self.weight + &other.weight,
            bias: self.bias + &other.bias,
        }
    }

    /// The kernel whose output is this one's less the other's.
    pub(crate) fn minus(self, other: &Self) -> Self {
        Self {
            weight: self.weight - &other.weight,
            bias: self.bias - &other.bias,
        }
    }

    /// The kernel whose output is `factors` `[out]` times as large.
    pub(crate) fn times(self, factors: &Tensor) -> Self {
        Self {
            weight: self.weight * factors.view([-1, 1, 1, 1]),
            bias: self.bias * factors.view([-1]),
        }
    }

    /// The kernel of one channel each that adds the input to the output.
    pub(crate) fn plus_input(self) -> Self {
        let side = self.weight.size()[3];
        let one = self.weight.ones_like().narrow(2, 0, 1).narrow(3, 0, 1);
        Self {
            weight: self.weight + padded(&one, side),
            bias: self.bias,
        }
    }

    pub(crate) fn forward(&self, xs: &Tensor, sweep: Sweep) -> Tensor {
        let (stride, padding) = ([sweep.stride; 2], [sweep.side / 2; 2]);
        xs.conv2d(
            &self.weight,
            Some(&self.bias),
            stride,
            padding,
            [1, 1],
            sweep.groups,
        )
    }
}

/// A convolution of one pixel with a bias.
pub(crate) fn pointwise(vs: &Params<'_>, n_in: i64, n_out: i64) -> (Tensor, Tensor) {
    (
        vs.weight("weight", &[n_out, n_in, 1, 1]),
        vs.parameter("bias", &[n_out], nn::Init::Const(0.0)),
    )
}

/// A kernel of one pixel in the middle of `side` pixels.
fn padded(weight: &Tensor, side: i64) -> Tensor {
    let edge = (side - weight.size()[3]) / 2;
    if edge == 0 {
        return weight.shallow_clone();
    }
    weight.constant_pad_nd([edge; 4])
}
