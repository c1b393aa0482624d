//! The configuration of open_clip's `CustomTextCLIP` with a vision tower of timm: PE-Core and MobileCLIP.
//!
//! A file says only the name of its tower; the sizes behind a name are timm's, and listed here.

use serde_json::{Value, json};

use crate::model::clip_config::TextConfig;
use crate::model::clip_text::Reading;
use crate::model::fastvit::{FastVitConfig, FastVitStage};
use crate::model::fastvit_blocks::FastVitNorm;
use crate::model::sizes::Activation;
use crate::model::timm_vit::{TimmVitConfig, VitPool, VitStem};

/// A whole model.
#[derive(Debug, Clone, PartialEq)]
pub struct TimmConfig {
    /// The vision tower's name in timm.
    pub name: String,
    /// The vision tower.
    pub vision: TimmTower,
    /// Side of an image in pixels.
    pub image_size: i64,
    /// The text tower, which is CLIP's.
    pub text_config: TextConfig,
    /// Whether a token of a text sees only those before it. Else it sees all, also those that fill up the text.
    pub is_causal: bool,
    /// Width of the shared embedding space.
    pub projection_dim: i64,
}

/// The sizes of a vision tower.
#[derive(Debug, Clone, PartialEq)]
pub enum TimmTower {
    /// A vision transformer.
    Vit(TimmVitConfig),
    /// FastViT.
    FastVit(FastVitConfig),
}

/// The initial logit scale, as a logarithm: ln(1 / 0.07).
pub(crate) const INITIAL_LOGIT_SCALE: f64 = 2.6592;

/// The vision towers that are known.
pub(crate) const KNOWN_TOWERS: [&str; 11] = [
    "vit_pe_core_tiny_patch16_384",
    "vit_pe_core_small_patch16_384",
    "vit_pe_core_base_patch16_224",
    "vit_pe_core_large_patch14_336",
    "fastvit_mci0",
    "fastvit_mci1",
    "fastvit_mci2",
    "fastvit_mci3",
    "fastvit_mci4",
    "vit_base_mci_224",
    "vit_large_patch14_clip_224",
];

/// What Apple allows with weights of MobileCLIP.
const APPLE_LICENSE: &str = "MobileCLIP's weights are under Apple's Machine Learning Research Model licence (apple-amlr): for \
     research only, and so is what is trained from them; an app needs another model";

impl TimmTower {
    /// The tower that timm has under a name; `None` for one that is not known.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "vit_pe_core_tiny_patch16_384" => pe_core(192, 12, 3, (384, 16)),
            "vit_pe_core_small_patch16_384" => pe_core(384, 12, 6, (384, 16)),
            "vit_pe_core_base_patch16_224" => pe_core(768, 12, 12, (224, 16)),
            "vit_pe_core_large_patch14_336" => pe_core(1024, 24, 16, (336, 14)),
            "fastvit_mci0" => small(&[2, 6, 10, 2], 64),
            "fastvit_mci1" => small(&[4, 12, 20, 4], 64),
            "fastvit_mci2" => small(&[4, 12, 24, 4], 80),
            "fastvit_mci3" => large(&[2, 12, 24, 4, 2], 96),
            "fastvit_mci4" => large(&[2, 12, 24, 4, 4], 128),
            "vit_base_mci_224" => Self::Vit(TimmVitConfig {
                stem: VitStem::Convolutions,
                eps: 1e-6,
                is_rotary: false,
                pool: VitPool::Token,
                ..vit(768, 12, 12, (224, 16))
            }),
            "vit_large_patch14_clip_224" => Self::Vit(TimmVitConfig {
                is_rotary: false,
                pool: VitPool::Token,
                ..vit(1024, 24, 16, (224, 14))
            }),
            _ => return None,
        })
    }

    /// open_clip's name of how the tower pools.
    pub(crate) fn pool(&self) -> &'static str {
        match self {
            Self::FastVit(_) => "avg",
            Self::Vit(TimmVitConfig {
                pool: VitPool::Token,
                ..
            }) => "token",
            Self::Vit(_) => "map",
        }
    }
}

/// As PE-Core: rotary, with attention that pools.
fn vit(
    width: i64,
    n_blocks: usize,
    n_heads: i64,
    (image_size, patch_size): (i64, i64),
) -> TimmVitConfig {
    TimmVitConfig {
        width,
        inner_width: 4 * width,
        n_blocks,
        n_heads,
        image_size,
        patch_size,
        eps: 1e-5,
        stem: VitStem::Matrix,
        is_rotary: true,
        pool: VitPool::Attention(8),
    }
}

fn pe_core(width: i64, n_blocks: usize, n_heads: i64, sides: (i64, i64)) -> TimmTower {
    TimmTower::Vit(vit(width, n_blocks, n_heads, sides))
}

/// MobileCLIP's S0 to S2: four stages, of which the last attends.
fn small(depths: &[usize], width: i64) -> TimmTower {
    TimmTower::FastVit(FastVitConfig {
        stages: stages(depths, width, |i| FastVitStage {
            n_blocks: 0,
            width: 0,
            inner_width: 3,
            attends: i == 3,
            squeezes: i >= 2,
        }),
        stem_has_scale: true,
        norm: FastVitNorm::Batch,
    })
}

/// MobileCLIP 2's S3 and S4: five stages, of which the last two attend.
fn large(depths: &[usize], width: i64) -> TimmTower {
    TimmTower::FastVit(FastVitConfig {
        stages: stages(depths, width, |i| FastVitStage {
            n_blocks: 0,
            width: 0,
            inner_width: 4,
            attends: i >= 3,
            squeezes: false,
        }),
        stem_has_scale: false,
        norm: FastVitNorm::Layer,
    })
}

/// Stages of these depths, each twice as wide as the one before; `kind` gives the rest, and the ratio of an MLP as its
/// inner width.
fn stages(depths: &[usize], width: i64, kind: impl Fn(usize) -> FastVitStage) -> Vec<FastVitStage> {
    let one = |(i, &n_blocks): (usize, &usize)| {
        let (kind, width) = (kind(i), width << i);
        FastVitStage {
            n_blocks,
            width,
            inner_width: kind.inner_width * width,
            ..kind
        }
    };
    depths.iter().enumerate().map(one).collect()
}

impl TimmConfig {
    /// The `model_cfg` that open_clip reads.
    pub(crate) fn to_json(&self) -> Value {
        let text = &self.text_config;
        let is_quick = text.hidden_act == Activation::QuickGelu;
        json!({
            "embed_dim": self.projection_dim,
            "vision_cfg": {
                "timm_model_name": self.name,
                "timm_model_pretrained": false,
                "timm_pool": self.vision.pool(),
                "timm_proj": null,
                "timm_drop": 0.0,
                "timm_drop_path": 0.0,
                "image_size": self.image_size,
            },
            "text_cfg": {
                "context_length": text.max_position_embeddings,
                "vocab_size": text.vocab_size,
                "width": text.hidden_size,
                "heads": text.num_attention_heads,
                "layers": text.num_hidden_layers,
                "mlp_ratio": text.intermediate_size as f64 / text.hidden_size as f64,
                "norm_kwargs": { "eps": text.layer_norm_eps },
                "no_causal_mask": !self.is_causal,
            },
            "quick_gelu": is_quick,
            "custom_text": true,
        })
    }

    /// Which tokens of a text a token sees.
    pub(crate) fn reading(&self) -> Reading {
        if self.is_causal {
            Reading::OneWay
        } else {
            Reading::BothWays
        }
    }

    /// The name of the architecture, for people.
    pub(crate) fn people_name(&self) -> &'static str {
        if self.is_of_apple() {
            "MobileCLIP"
        } else {
            "PE-Core"
        }
    }

    /// What who uses the weights must know of their licence.
    pub(crate) fn license_note(&self) -> Option<&'static str> {
        self.is_of_apple().then_some(APPLE_LICENSE)
    }

    fn is_of_apple(&self) -> bool {
        !self.name.starts_with("vit_pe_core")
    }
}

/// A tower beside a small text tower.
#[cfg(test)]
pub(crate) fn with_tower(name: &str, image_size: i64) -> TimmConfig {
    TimmConfig {
        name: name.to_owned(),
        vision: TimmTower::of_name(name).expect("a known name"),
        image_size,
        text_config: TextConfig {
            num_hidden_layers: 1,
            hidden_size: 8,
            num_attention_heads: 2,
            ..TextConfig::default()
        },
        is_causal: false,
        projection_dim: 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_tower_has_sizes_and_others_have_none() {
        for name in KNOWN_TOWERS {
            assert!(TimmTower::of_name(name).is_some(), "{name}");
        }
        for name in ["vit_pe_core_gigantic_patch14_448", "convnext_base", ""] {
            assert_eq!(TimmTower::of_name(name), None);
        }
    }
}
