//! FastViT, the vision tower of MobileCLIP's small models, as timm's `fastvit.py` has and names it.

use tch::nn::{self, Module};
use tch::{Kind, Tensor};

use crate::model::chain::Chain;
use crate::model::fastvit_blocks::{
    Attending, Body, Downsample, FastVitNorm, Mixing, Positions, Step,
};
use crate::model::folding::Sweep;
use crate::model::lora::Projection;
use crate::model::mobile_one::{Branches, Ending, MobileOne};
use crate::model::params::Params;

/// The shape of the tower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FastVitConfig {
    /// The stages from the input. Each but the first halves the sides of the image.
    pub stages: Vec<FastVitStage>,
    /// Whether the first convolutions have a branch of one pixel.
    pub stem_has_scale: bool,
    /// The norm before attention.
    pub norm: FastVitNorm,
}

/// A row of blocks of one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastVitStage {
    /// The number of blocks.
    pub n_blocks: usize,
    /// Channels of the image.
    pub width: i64,
    /// Width between the two layers of an MLP.
    pub inner_width: i64,
    /// Whether blocks mix by attention, after a convolution that tells positions; else by convolution.
    pub attends: bool,
    /// Whether squeeze and excitation follows where the image is made smaller.
    pub squeezes: bool,
}

impl FastVitConfig {
    /// The number of blocks of all stages.
    pub fn n_blocks(&self) -> usize {
        self.stages.iter().map(|stage| stage.n_blocks).sum()
    }

    /// How many pixels of a side one pixel of the last stage stands for.
    pub fn reduction(&self) -> i64 {
        4 << self.stages.len().saturating_sub(1)
    }

    /// Channels of the last stage.
    pub fn last_width(&self) -> i64 {
        self.stages.last().map_or(0, |stage| stage.width)
    }

    /// Pixels of each stage with its blocks and widths, for images of `image_size`.
    fn pixels(&self, image_size: i64) -> impl Iterator<Item = (f64, &FastVitStage)> {
        let sides = (0..).map(move |i| (image_size >> (2 + i)) as f64);
        self.stages
            .iter()
            .zip(sides)
            .map(|(stage, side)| (side * side * stage.n_blocks as f64, stage))
    }

    /// About how many multiplications an image takes.
    pub fn multiplications(&self, image_size: i64) -> f64 {
        self.pixels(image_size)
            .map(|(n, stage)| {
                let (width, inner) = (stage.width as f64, stage.inner_width as f64);
                let joint = if stage.attends {
                    4.0 * width * width
                } else {
                    9.0 * width
                };
                n * (2.0 * width * inner + 49.0 * width + joint)
            })
            .sum()
    }

    /// About how many numbers are kept of an image for the backward pass.
    pub fn numbers_kept(&self, image_size: i64) -> f64 {
        self.pixels(image_size)
            .map(|(n, stage)| n * (5 * stage.width + 2 * stage.inner_width) as f64)
            .sum()
    }

    /// About how many numbers the widest part holds of an image at once: the stem before its last halving, or a block.
    pub(crate) fn numbers_at_once(&self, image_size: i64) -> i64 {
        let of_stem = self.stages.first().map_or(0, |stage| {
            let n_pixels = (image_size >> 1).pow(2);
            4 * n_pixels * stage.width
        });
        let of_blocks = self.stages.iter().zip(2..).map(|(stage, halvings)| {
            let n_pixels = (image_size >> halvings).pow(2);
            n_pixels * (8 * stage.width + 2 * stage.inner_width)
        });
        of_blocks.fold(of_stem, i64::max)
    }

    /// The number of blocks before each stage.
    pub(crate) fn starts(&self) -> impl Iterator<Item = usize> {
        let counts = self.stages.iter().map(|stage| stage.n_blocks);
        counts.scan(0, |n_before, n| {
            let start = *n_before;
            *n_before += n;
            Some(start)
        })
    }
}

/// From pixels to features.
#[derive(Debug)]
pub(crate) struct FastVit {
    stem: [MobileOne; 3],
    pub(crate) blocks: Chain<Step>,
    final_conv: MobileOne,
    head: nn::Linear,
}

impl FastVit {
    pub(crate) fn new(vs: &Params<'_>, config: &FastVitConfig, projection_dim: i64) -> Self {
        let last = config.last_width();
        let fc = vs.at("head.fc");
        let depthwise = Sweep {
            side: 3,
            stride: 1,
            groups: last,
        };
        Self {
            stem: stem(&vs.at("stem"), config),
            blocks: Chain::new(steps(&vs.at("stages"), config)),
            final_conv: MobileOne::new(
                &vs.at("final_conv"),
                (last, 2 * last),
                depthwise,
                Branches::ConvAndScale,
                Ending::SqueezeGelu,
            ),
            head: nn::Linear {
                ws: fc.weight("weight", &[projection_dim, 2 * last]),
                bs: Some(fc.constant("bias", &[projection_dim], 0.0)),
            },
        }
    }

    /// `[n, 3, side, side]` to `[n, projection_dim]`, not normalized, and the last stage's pixels row by row.
    pub(crate) fn forward(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let xs = self
            .stem
            .iter()
            .fold(pixels.shallow_clone(), |xs, part| part.forward(&xs));
        let xs = self.blocks.forward(&xs);
        let pooled =
            self.final_conv
                .forward(&xs)
                .mean_dim([2_i64, 3].as_slice(), false, Kind::Float);
        (self.head.forward(&pooled), xs.flatten(2, 3).transpose(1, 2))
    }

    /// How many of the projections are in frozen blocks.
    pub(crate) fn frozen_projections(&self) -> usize {
        let attends = |step: &&Step| matches!(step.body, Body::Attending(_));
        self.blocks.frozen().iter().filter(attends).count()
    }

    /// The projections that adapters may sit on.
    pub(crate) fn projections(&mut self) -> impl Iterator<Item = &mut Projection> {
        self.blocks
            .iter_mut()
            .filter_map(|step| match &mut step.body {
                Body::Attending(body) => Some(&mut body.qkv),
                Body::Mixing(_) => None,
            })
    }
}

fn stem(vs: &Params<'_>, config: &FastVitConfig) -> [MobileOne; 3] {
    let width = config.stages.first().map_or(0, |stage| stage.width);
    let branches = if config.stem_has_scale {
        Branches::ConvAndScale
    } else {
        Branches::Conv
    };
    let part = |name: &str, n_in, sweep| {
        MobileOne::new(&vs.at(name), (n_in, width), sweep, branches, Ending::Gelu)
    };
    let sweep = |side, stride, groups| Sweep {
        side,
        stride,
        groups,
    };
    [
        part("0", 3, sweep(3, 2, 1)),
        part("1", width, sweep(3, 2, width)),
        part("2", width, sweep(1, 1, 1)),
    ]
}

fn steps(vs: &Params<'_>, config: &FastVitConfig) -> Vec<Step> {
    let mut steps = Vec::with_capacity(config.n_blocks());
    let mut before = None;
    for (i, stage) in config.stages.iter().enumerate() {
        let vs = vs.at(&i.to_string());
        let (width, inner) = (stage.width, stage.inner_width);
        for block in 0..stage.n_blocks {
            let is_first = block == 0;
            let body = vs.nth("blocks", block);
            steps.push(Step {
                downsample: before.filter(|_| is_first).map(|n_in| {
                    Downsample::new(&vs.at("downsample"), (n_in, width), stage.squeezes)
                }),
                positions: (is_first && stage.attends)
                    .then(|| Positions::new(&vs.at("pos_emb"), width)),
                body: if stage.attends {
                    Body::Attending(Attending::new(&body, width, inner, config.norm))
                } else {
                    Body::Mixing(Mixing::new(&body, width, inner))
                },
            });
        }
        before = Some(width);
    }
    steps
}
