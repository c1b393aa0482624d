//! The blocks of FastViT (Vasu et al. 2023, arXiv 2303.14189), as timm's `fastvit.py` has and names them.

use tch::Tensor;
use tch::nn::{self, Module};

use crate::model::chain::Link;
use crate::model::folding::{BatchNorm, Kernel, NormedConv, Sweep, pointwise};
use crate::model::lora::Projection;
use crate::model::mobile_one::{Branches, Ending, LargeKernel, MobileOne, through};
use crate::model::params::Params;
use crate::model::share::{Share, share_fields};

/// The width of an attention head.
pub(crate) const HEAD_WIDTH: i64 = 32;
/// Added to variances in layer norms.
const EPS: f64 = 1e-5;

/// The norm before attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FastVitNorm {
    /// Batch norm with stored statistics.
    Batch,
    /// Layer norm over channels.
    Layer,
}

/// One block, and what leads into its stage if it is the first.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) downsample: Option<Downsample>,
    pub(crate) positions: Option<Positions>,
    pub(crate) body: Body,
}

share_fields!(Step { downsample, positions, body; });

/// Halves the sides of the image.
#[derive(Debug)]
pub(crate) struct Downsample {
    large: LargeKernel,
    pixel: MobileOne,
}

share_fields!(Downsample { large, pixel; });

/// A convolution that tells pixels where they are, from the edges around them.
#[derive(Debug)]
pub(crate) struct Positions {
    weight: Tensor,
    bias: Tensor,
}

share_fields!(Positions { weight, bias; });

/// What a block does.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a model has a handful of them")]
pub(crate) enum Body {
    /// Mixes neighbours by convolution.
    Mixing(Mixing),
    /// Mixes all by attention.
    Attending(Attending),
}

impl Share for Body {
    fn share(&self) -> Self {
        match self {
            Self::Mixing(body) => Self::Mixing(body.share()),
            Self::Attending(body) => Self::Attending(body.share()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Mixing {
    norm: MobileOne,
    mixer: MobileOne,
    mixer_scale: Tensor,
    mlp: ConvMlp,
    mlp_scale: Tensor,
}

share_fields!(Mixing { norm, mixer, mixer_scale, mlp, mlp_scale; });

#[derive(Debug)]
pub(crate) struct Attending {
    norm: Norm,
    pub(crate) qkv: Projection,
    proj: nn::Linear,
    attention_scale: Tensor,
    mlp: ConvMlp,
    mlp_scale: Tensor,
}

share_fields!(Attending { norm, qkv, proj, attention_scale, mlp, mlp_scale; });

#[derive(Debug)]
enum Norm {
    Batch(BatchNorm),
    Layer { weight: Tensor, bias: Tensor },
}

impl Share for Norm {
    fn share(&self) -> Self {
        match self {
            Self::Batch(norm) => Self::Batch(norm.share()),
            Self::Layer { weight, bias } => Self::Layer {
                weight: weight.share(),
                bias: bias.share(),
            },
        }
    }
}

/// A depthwise convolution, then the two layers of an MLP.
#[derive(Debug)]
struct ConvMlp {
    conv: NormedConv,
    fc1: (Tensor, Tensor),
    fc2: (Tensor, Tensor),
    sweep: Sweep,
}

impl Share for ConvMlp {
    fn share(&self) -> Self {
        let both = |(weight, bias): &(Tensor, Tensor)| (weight.share(), bias.share());
        Self {
            conv: self.conv.share(),
            fc1: both(&self.fc1),
            fc2: both(&self.fc2),
            sweep: self.sweep,
        }
    }
}

impl Link for Step {
    fn forward(&self, xs: &Tensor) -> Tensor {
        let mut xs = xs.shallow_clone();
        if let Some(downsample) = &self.downsample {
            xs = downsample.pixel.forward(&downsample.large.forward(&xs));
        }
        if let Some(positions) = &self.positions {
            xs = positions.forward(&xs);
        }
        match &self.body {
            Body::Mixing(body) => body.forward(&xs),
            Body::Attending(body) => body.forward(&xs),
        }
    }
}

impl Downsample {
    // A bool, since timm's configuration has one.
    pub(crate) fn new(vs: &Params<'_>, (n_in, n_out): (i64, i64), squeezes: bool) -> Self {
        let pixel = Sweep {
            side: 1,
            stride: 1,
            groups: 1,
        };
        Self {
            large: LargeKernel::new(&vs.at("proj.0"), (n_in, n_out), squeezes),
            pixel: MobileOne::new(
                &vs.at("proj.1"),
                (n_out, n_out),
                pixel,
                Branches::ConvAndScale,
                Ending::Gelu,
            ),
        }
    }
}

impl Positions {
    pub(crate) fn new(vs: &Params<'_>, width: i64) -> Self {
        let vs = vs.at("pos_enc");
        Self {
            weight: vs.weight("weight", &[width, 1, 7, 7]),
            bias: vs.constant("bias", &[width], 0.0),
        }
    }

    fn forward(&self, xs: &Tensor) -> Tensor {
        let kernel = Kernel {
            weight: self.weight.shallow_clone(),
            bias: self.bias.shallow_clone(),
        };
        kernel.plus_input().forward(xs, depthwise(7, &self.bias))
    }
}

/// How a depthwise kernel moves over an image with as many channels as `bias` has numbers.
fn depthwise(side: i64, bias: &Tensor) -> Sweep {
    Sweep {
        side,
        stride: 1,
        groups: bias.size()[0],
    }
}

impl Mixing {
    pub(crate) fn new(vs: &Params<'_>, width: i64, inner: i64) -> Self {
        let sweep = Sweep {
            side: 3,
            stride: 1,
            groups: width,
        };
        let mixer = vs.at("token_mixer");
        let part = |name: &str, branches| {
            MobileOne::new(
                &mixer.at(name),
                (width, width),
                sweep,
                branches,
                Ending::Linear,
            )
        };
        Self {
            norm: part("norm", Branches::Identity),
            mixer: part("mixer", Branches::ConvAndScale),
            mixer_scale: layer_scale(&mixer.at("layer_scale"), width),
            mlp: ConvMlp::new(&vs.at("mlp"), width, inner),
            mlp_scale: layer_scale(&vs.at("layer_scale"), width),
        }
    }

    fn forward(&self, xs: &Tensor) -> Tensor {
        let whole = |part: &MobileOne| part.folded().expect("it has an identity branch");
        let (mixer, norm) = (whole(&self.mixer), whole(&self.norm));
        let sweep = depthwise(3, &mixer.bias);
        let kernel = mixer.minus(&norm).times(&self.mixer_scale).plus_input();
        let xs = kernel.forward(xs, sweep);
        &xs + self.mlp.forward(&xs, &self.mlp_scale)
    }
}

impl Attending {
    pub(crate) fn new(vs: &Params<'_>, width: i64, inner: i64, norm: FastVitNorm) -> Self {
        let at_norm = vs.at("norm");
        let mixer = vs.at("token_mixer");
        let (qkv, proj) = (mixer.at("qkv"), mixer.at("proj"));
        Self {
            norm: match norm {
                FastVitNorm::Batch => Norm::Batch(BatchNorm::new(&at_norm, width)),
                FastVitNorm::Layer => Norm::Layer {
                    weight: at_norm.constant("weight", &[width], 1.0),
                    bias: at_norm.constant("bias", &[width], 0.0),
                },
            },
            qkv: Projection::of(nn::Linear {
                ws: qkv.weight("weight", &[3 * width, width]),
                bs: None,
            }),
            proj: nn::Linear {
                ws: proj.weight("weight", &[width, width]),
                bs: Some(proj.constant("bias", &[width], 0.0)),
            },
            attention_scale: layer_scale(&vs.at("layer_scale_1"), width),
            mlp: ConvMlp::new(&vs.at("mlp"), width, inner),
            mlp_scale: layer_scale(&vs.at("layer_scale_2"), width),
        }
    }

    fn forward(&self, xs: &Tensor) -> Tensor {
        let attended = self.attend(&self.norm.forward(xs));
        let xs = xs + attended * &self.attention_scale;
        &xs + self.mlp.forward(&xs, &self.mlp_scale)
    }

    fn attend(&self, xs: &Tensor) -> Tensor {
        let (n, width, height, breadth) = xs.size4().expect("[n, channels, height, width]");
        let n_heads = width / HEAD_WIDTH;
        let qkv = self
            .qkv
            .forward(&xs.flatten(2, 3).transpose(1, 2))
            .view([n, height * breadth, 3, n_heads, HEAD_WIDTH])
            .permute([2, 0, 3, 1, 4]);
        let attended = Tensor::scaled_dot_product_attention(
            &qkv.select(0, 0),
            &qkv.select(0, 1),
            &qkv.select(0, 2),
            None::<&Tensor>,
            0.0,
            false,
            None,
            false,
        );
        let rows = attended
            .transpose(1, 2)
            .reshape([n, height * breadth, width]);
        self.proj
            .forward(&rows)
            .transpose(1, 2)
            .reshape([n, width, height, breadth])
    }
}

impl Norm {
    fn forward(&self, xs: &Tensor) -> Tensor {
        match self {
            Self::Batch(norm) => norm.forward(xs),
            Self::Layer { weight, bias } => xs
                .permute([0, 2, 3, 1])
                .layer_norm(weight.size(), Some(weight), Some(bias), EPS, true)
                .permute([0, 3, 1, 2]),
        }
    }
}

impl ConvMlp {
    fn new(vs: &Params<'_>, width: i64, inner: i64) -> Self {
        let sweep = Sweep {
            side: 7,
            stride: 1,
            groups: width,
        };
        Self {
            conv: NormedConv::new(&vs.at("conv"), (width, width), sweep),
            fc1: pointwise(&vs.at("fc1"), width, inner),
            fc2: pointwise(&vs.at("fc2"), inner, width),
            sweep,
        }
    }

    /// The output times `scale`, which is folded into the last layer.
    fn forward(&self, xs: &Tensor, scale: &Tensor) -> Tensor {
        let mixed = self.conv.folded(self.sweep.side).forward(xs, self.sweep);
        let inner = through(&mixed, &self.fc1).gelu("none");
        let (weight, bias) = &self.fc2;
        let last = Kernel {
            weight: weight.shallow_clone(),
            bias: bias.shallow_clone(),
        }
        .times(scale);
        through(&inner, &(last.weight, last.bias))
    }
}

/// A factor for each channel.
fn layer_scale(vs: &Params<'_>, width: i64) -> Tensor {
    vs.constant("gamma", &[width, 1, 1], 1e-5)
}
