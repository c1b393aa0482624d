//! The convolutional parts of FastViT: MobileOne's block (Vasu et al. 2022, arXiv 2206.04040), large kernels, and squeeze
//! and excitation. Named as in timm's `fastvit.py`.

use tch::{Kind, Tensor};

use crate::model::folding::{BatchNorm, Kernel, NormedConv, Sweep, pointwise};
use crate::model::params::Params;
use crate::model::share::share_fields;

/// Branches of convolutions and norms that are one convolution, then perhaps attention over channels and an activation.
#[derive(Debug)]
pub(crate) struct MobileOne {
    conv: Option<NormedConv>,
    scale: Option<NormedConv>,
    identity: Option<BatchNorm>,
    squeeze: Option<Squeeze>,
    sweep: Sweep,
    ending: Ending,
}

share_fields!(MobileOne { conv, scale, identity, squeeze; sweep, ending });

/// What follows the convolution of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing: the block is linear.
    Linear,
    /// The Gaussian error linear unit.
    Gelu,
    /// Squeeze and excitation, then the Gaussian error linear unit.
    SqueezeGelu,
}

/// Which branches a block has beside the identity, which is there wherever its output has the input's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Branches {
    /// A convolution, and one of one pixel if the first is larger.
    ConvAndScale,
    /// A convolution.
    Conv,
    /// None.
    Identity,
}

/// Attention over channels: a factor for each, from the means of all (Hu et al. 2017, arXiv 1709.01507).
#[derive(Debug)]
struct Squeeze {
    narrow: (Tensor, Tensor),
    wide: (Tensor, Tensor),
}

impl crate::model::share::Share for Squeeze {
    fn share(&self) -> Self {
        let both = |(weight, bias): &(Tensor, Tensor)| (weight.share(), bias.share());
        Self {
            narrow: both(&self.narrow),
            wide: both(&self.wide),
        }
    }
}

/// A large depthwise kernel beside a small one, which widens the image's channels and halves its sides.
#[derive(Debug)]
pub(crate) struct LargeKernel {
    large: NormedConv,
    small: NormedConv,
    squeeze: Option<Squeeze>,
    sweep: Sweep,
}

share_fields!(LargeKernel { large, small, squeeze; sweep });

impl MobileOne {
    pub(crate) fn new(
        vs: &Params<'_>,
        (n_in, n_out): (i64, i64),
        sweep: Sweep,
        branches: Branches,
        ending: Ending,
    ) -> Self {
        let widths = (n_in, n_out);
        let pixel = Sweep { side: 1, ..sweep };
        let has_scale = branches == Branches::ConvAndScale && sweep.side > 1;
        let keeps_shape = n_in == n_out && sweep.stride == 1;
        Self {
            conv: (branches != Branches::Identity)
                .then(|| NormedConv::new(&vs.at("conv_kxk.0"), widths, sweep)),
            scale: has_scale.then(|| NormedConv::new(&vs.at("conv_scale"), widths, pixel)),
            identity: keeps_shape.then(|| BatchNorm::new(&vs.at("identity"), n_in)),
            squeeze: (ending == Ending::SqueezeGelu)
                .then(|| Squeeze::new(&vs.at("se"), n_out, (n_out + 8) / 16)),
            sweep,
            ending,
        }
    }

    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let Some(kernel) = self.folded() else {
            return xs.shallow_clone();
        };
        let mut ys = kernel.forward(xs, self.sweep);
        if let Some(squeeze) = &self.squeeze {
            ys = squeeze.forward(&ys);
        }
        match self.ending {
            Ending::Linear => ys,
            Ending::Gelu | Ending::SqueezeGelu => ys.gelu("none"),
        }
    }

    /// All branches as one kernel; `None` where there are none.
    pub(crate) fn folded(&self) -> Option<Kernel> {
        let side = self.sweep.side;
        let branches = [
            self.conv.as_ref().map(|conv| conv.folded(side)),
            self.scale.as_ref().map(|scale| scale.folded(side)),
            self.identity.as_ref().map(|norm| norm.folded(self.sweep)),
        ];
        branches
            .into_iter()
            .flatten()
            .reduce(|all, one| all.plus(&one))
    }
}

impl Squeeze {
    fn new(vs: &Params<'_>, width: i64, narrow: i64) -> Self {
        let narrow = narrow.max(1);
        Self {
            narrow: pointwise(&vs.at("fc1"), width, narrow),
            wide: pointwise(&vs.at("fc2"), narrow, width),
        }
    }

    fn forward(&self, xs: &Tensor) -> Tensor {
        let means = xs.mean_dim([2_i64, 3].as_slice(), true, None::<Kind>);
        let narrow = through(&means, &self.narrow).relu();
        xs * through(&narrow, &self.wide).sigmoid()
    }
}

/// Through a convolution of one pixel.
pub(crate) fn through(xs: &Tensor, (weight, bias): &(Tensor, Tensor)) -> Tensor {
    xs.conv2d(weight, Some(bias), [1, 1], [0, 0], [1, 1], 1)
}

impl LargeKernel {
    // A bool, since timm's configuration has one.
    pub(crate) fn new(vs: &Params<'_>, (n_in, n_out): (i64, i64), squeezes: bool) -> Self {
        let sweep = Sweep {
            side: 7,
            stride: 2,
            groups: n_in,
        };
        let small = Sweep { side: 3, ..sweep };
        // A quarter of the width, as a multiple of eight.
        let narrow = ((n_out / 4 + 4) / 8 * 8).max(8);
        Self {
            large: NormedConv::new(&vs.at("large_conv"), (n_in, n_out), sweep),
            small: NormedConv::new(&vs.at("small_conv"), (n_in, n_out), small),
            squeeze: squeezes.then(|| Squeeze::new(&vs.at("se"), n_out, narrow)),
            sweep,
        }
    }

    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        let side = self.sweep.side;
        let kernel = self.large.folded(side).plus(&self.small.folded(side));
        let ys = kernel.forward(xs, self.sweep);
        let ys = match &self.squeeze {
            Some(squeeze) => squeeze.forward(&ys),
            None => ys,
        };
        ys.gelu("none")
    }
}
