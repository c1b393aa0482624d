//! Vision transformers of timm: PE-Core (`eva.py`), the larger MobileCLIPs (`vision_transformer.py` and its hybrid).
//! Named as timm names them.

use tch::nn::{self, Module};
use tch::{IndexOp, Tensor};

use crate::model::attention_pool::AttentionPool;
use crate::model::chain::{Chain, Link};
use crate::model::folding::{NormedConv, Sweep};
use crate::model::lora::Projection;
use crate::model::params::Params;
use crate::model::rotary::Rotary;
use crate::model::share::share_fields;
use crate::model::timm_layers::{Mlp, Norm, attention, linear};

/// The shape of the tower.
#[derive(Debug, Clone, PartialEq)]
pub struct TimmVitConfig {
    /// Width of the tower.
    pub width: i64,
    /// Width between the two layers of an MLP.
    pub inner_width: i64,
    /// The number of blocks.
    pub n_blocks: usize,
    /// The number of attention heads.
    pub n_heads: i64,
    /// Side of an image in pixels.
    pub image_size: i64,
    /// Side of a patch in pixels.
    pub patch_size: i64,
    /// Added to variances in layer norms.
    pub eps: f64,
    /// What makes patches of pixels.
    pub stem: VitStem,
    /// Whether queries and keys are turned by where their patch is.
    pub is_rotary: bool,
    /// What becomes of the last block's output.
    pub pool: VitPool,
}

/// What makes patches of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VitStem {
    /// One matrix; then a norm over patches, positions and the class token.
    Matrix,
    /// Three convolutions of 4, 2 and 2 pixels; no norm, and no position for the class token.
    Convolutions,
}

/// What becomes of the last block's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VitPool {
    /// The class token counts.
    Token,
    /// A learned query with this many heads attends to all.
    Attention(i64),
}

/// From pixels to features.
#[derive(Debug)]
pub(crate) struct TimmVit {
    stem: Stem,
    cls_token: Tensor,
    pos_embed: Tensor,
    norm_pre: Option<Norm>,
    pub(crate) blocks: Chain<VitBlock>,
    norm: Norm,
    pool: Option<AttentionPool>,
    head: nn::Linear,
}

#[derive(Debug)]
enum Stem {
    Matrix { weight: Tensor, stride: i64 },
    Convolutions(ConvStem),
}

#[derive(Debug)]
struct ConvStem {
    normed: [(NormedConv, Sweep); 2],
    weight: Tensor,
    bias: Tensor,
}

#[derive(Debug)]
pub(crate) struct VitBlock {
    norm1: Norm,
    pub(crate) qkv: Projection,
    proj: nn::Linear,
    norm2: Norm,
    mlp: Mlp,
    rotary: Option<Rotary>,
    n_heads: i64,
}

share_fields!(VitBlock { norm1, qkv, proj, norm2, mlp, rotary; n_heads });

impl TimmVit {
    pub(crate) fn new(vs: &Params<'_>, config: &TimmVitConfig, projection_dim: i64) -> Self {
        let (width, eps) = (config.width, config.eps);
        let a_side = config.image_size / config.patch_size;
        let has_matrix = config.stem == VitStem::Matrix;
        let n_positions = a_side * a_side + i64::from(has_matrix);
        let random = nn::Init::Randn {
            mean: 0.0,
            stdev: 0.02,
        };
        let block = |i| VitBlock::new(&vs.nth("blocks", i), config, a_side);
        Self {
            stem: Stem::new(&vs.at("patch_embed"), config),
            cls_token: vs.parameter("cls_token", &[1, 1, width], random),
            pos_embed: vs.parameter("pos_embed", &[1, n_positions, width], random),
            norm_pre: has_matrix.then(|| Norm::new(&vs.at("norm_pre"), width, eps)),
            blocks: Chain::new((0..config.n_blocks).map(block).collect()),
            norm: Norm::new(&vs.at("norm"), width, eps),
            pool: match config.pool {
                VitPool::Token => None,
                VitPool::Attention(n_heads) => {
                    Some(AttentionPool::new(&vs.at("attn_pool"), width, n_heads, eps))
                }
            },
            head: linear(&vs.at("head"), width, projection_dim),
        }
    }

    /// `[n, 3, side, side]` to `[n, projection_dim]`, not normalized, and the last hidden state of each patch.
    pub(crate) fn forward(&self, pixels: &Tensor) -> (Tensor, Tensor) {
        let hidden = self.blocks.forward(&self.embedded(pixels));
        let n_patches = hidden.size()[1] - 1;
        let patches = hidden.narrow(1, 1, n_patches);
        let pooled = match &self.pool {
            // The norm looks at each position alone.
            None => self.norm.forward(&hidden.i((.., 0))),
            Some(pool) => pool.forward(&self.norm.forward(&hidden)),
        };
        (self.head.forward(&pooled), patches)
    }

    /// The input of the first block: `[n, positions, width]`.
    fn embedded(&self, pixels: &Tensor) -> Tensor {
        let patches = self.stem.forward(pixels).flatten(2, 3).transpose(1, 2);
        let (n, _, width) = patches.size3().expect("[n, patches, width]");
        let class = self.cls_token.expand([n, 1, width], false);
        match &self.norm_pre {
            Some(norm) => norm.forward(&(Tensor::cat(&[class, patches], 1) + &self.pos_embed)),
            None => Tensor::cat(&[class, patches + &self.pos_embed], 1),
        }
    }

    /// The projections that adapters may sit on.
    pub(crate) fn projections(&mut self) -> impl Iterator<Item = &mut Projection> {
        self.blocks.iter_mut().map(|block| &mut block.qkv)
    }
}

impl Stem {
    fn new(vs: &Params<'_>, config: &TimmVitConfig) -> Self {
        let (width, patch) = (config.width, config.patch_size);
        if config.stem == VitStem::Matrix {
            return Self::Matrix {
                weight: vs.at("proj").weight("weight", &[width, 3, patch, patch]),
                stride: patch,
            };
        }
        let vs = vs.at("backbone");
        let inner = width / 4;
        let sweep = |side| Sweep {
            side,
            stride: side,
            groups: 1,
        };
        let last = vs.at("2.conv");
        Self::Convolutions(ConvStem {
            normed: [
                (NormedConv::new(&vs.at("0"), (3, inner), sweep(4)), sweep(4)),
                (
                    NormedConv::new(&vs.at("1"), (inner, inner), sweep(2)),
                    sweep(2),
                ),
            ],
            weight: last.weight("weight", &[width, inner, 2, 2]),
            bias: last.constant("bias", &[width], 0.0),
        })
    }

    /// `[n, 3, side, side]` to `[n, width, rows, columns]`.
    fn forward(&self, pixels: &Tensor) -> Tensor {
        match self {
            Self::Matrix { weight, stride } => strided(pixels, weight, None, *stride),
            Self::Convolutions(stem) => {
                let xs = stem
                    .normed
                    .iter()
                    .fold(pixels.shallow_clone(), |xs, (conv, sweep)| {
                        let kernel = conv.folded(sweep.side);
                        strided(&xs, &kernel.weight, Some(&kernel.bias), sweep.stride).gelu("none")
                    });
                strided(&xs, &stem.weight, Some(&stem.bias), 2)
            }
        }
    }
}

/// A convolution without an edge.
fn strided(xs: &Tensor, weight: &Tensor, bias: Option<&Tensor>, stride: i64) -> Tensor {
    xs.conv2d(weight, bias, [stride; 2], [0, 0], [1, 1], 1)
}

impl Link for VitBlock {
    fn forward(&self, xs: &Tensor) -> Tensor {
        let xs = xs + self.attend(&self.norm1.forward(xs));
        &xs + self.mlp.forward(&self.norm2.forward(&xs))
    }
}

impl VitBlock {
    fn new(vs: &Params<'_>, config: &TimmVitConfig, a_side: i64) -> Self {
        let (width, n_heads) = (config.width, config.n_heads);
        let qkv = linear(&vs.at("attn.qkv"), width, 3 * width);
        let device = qkv.ws.device();
        Self {
            norm1: Norm::new(&vs.at("norm1"), width, config.eps),
            qkv: Projection::of(qkv),
            proj: linear(&vs.at("attn.proj"), width, width),
            norm2: Norm::new(&vs.at("norm2"), width, config.eps),
            mlp: Mlp::new(&vs.at("mlp"), width, config.inner_width),
            rotary: config
                .is_rotary
                .then(|| Rotary::new(a_side, width / n_heads, device)),
            n_heads,
        }
    }

    fn attend(&self, xs: &Tensor) -> Tensor {
        let (n, n_positions, width) = xs.size3().expect("[n, positions, width]");
        let qkv = self
            .qkv
            .forward(xs)
            .view([n, n_positions, 3, self.n_heads, width / self.n_heads])
            .permute([2, 0, 3, 1, 4]);
        let turned = |xs: Tensor| match &self.rotary {
            Some(rotary) => rotary.turned(&xs),
            None => xs,
        };
        let attended = attention(
            &turned(qkv.select(0, 0)),
            &turned(qkv.select(0, 1)),
            &qkv.select(0, 2),
        );
        self.proj.forward(&attended)
    }
}
