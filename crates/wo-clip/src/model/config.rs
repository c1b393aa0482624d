//! The configuration of a model of any supported architecture, and what all of them have in common.

use serde_json::Value;
use wo_input::{Fields, TextStyle, parse_json};

use crate::model::clip_config::ClipConfig;
use crate::model::old_fields::with_todays_fields;
use crate::model::siglip_config::SiglipConfig;
use crate::model::sizes::ConfigError;
use crate::model::timm_config::{self, TimmConfig, TimmTower};

/// ln 100: CLIP's logit scale is at most 100.
const MAX_CLIP_SCALE: f64 = 4.605_170_185_988_092;

/// The architecture of a model, with its sizes.
///
/// A new architecture is a variant here, of `VisionTower` and of `TextTower`, with its arms in this file, in
/// `parameter_shapes`, `place_of` and `scratch`, and what is written beside its weights in `checkpoint/side_files.rs`.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelConfig {
    /// `CLIPModel` of transformers, and `CLIP` of open_clip.
    Clip(ClipConfig),
    /// `SiglipModel` of transformers: SigLIP, and SigLIP 2 of fixed resolution.
    Siglip(SiglipConfig),
    /// `CustomTextCLIP` of open_clip with a vision tower of timm: PE-Core and MobileCLIP.
    Timm(TimmConfig),
}

/// The sizes of a vision tower that matter outside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisionShape {
    /// Side of an image in pixels.
    pub image_size: i64,
    /// Patches in a row of the image. Patch features are those of a square of them.
    pub patches_a_side: i64,
    /// Positions that go through the blocks.
    pub n_positions: i64,
    /// Width of the tower, and of patch features.
    pub hidden_size: i64,
    /// Width between the two layers of the MLP.
    pub intermediate_size: i64,
    /// The number of blocks.
    pub n_blocks: i64,
}

/// The sizes of a text tower that matter outside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextShape {
    /// The size of the vocabulary.
    pub vocab_size: i64,
    /// The longest text, in tokens.
    pub n_positions: i64,
    /// Width of the tower.
    pub hidden_size: i64,
    /// The number of blocks.
    pub n_blocks: i64,
}

impl ModelConfig {
    /// Parses a `config.json` of transformers and checks its consistency. Without `model_type` it is CLIP's.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        Self::of_text(text).map_err(ConfigError)
    }

    fn of_text(text: &str) -> Result<Self, String> {
        let value: Value = with_todays_fields(parse_json(text)?);
        let fields = Fields::of(&value, "")?;
        match fields.get("model_type").and_then(Value::as_str) {
            None | Some("clip") => ClipConfig::of_value(&value).map(Self::Clip),
            Some("siglip") => SiglipConfig::of_value(&value).map(Self::Siglip),
            Some("siglip2") => Err(fields.wrong(
                "model_type",
                "\"clip\" or \"siglip\" (SigLIP 2 of one image size, such as google/siglip2-base-patch16-224, and not \
                 NaFlex, whose images have any number of patches)",
            )),
            Some(_) => Err(fields.wrong("model_type", "\"clip\" or \"siglip\"")),
        }
    }

    /// The `config.json` that `from_pretrained` of transformers reads; of a model that transformers does not have, open_clip's
    /// `model_cfg`.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Clip(config) => config.to_json(),
            Self::Siglip(config) => config.to_json(),
            Self::Timm(config) => config.to_json(),
        }
    }

    /// The name of the architecture, for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Clip(_) => "CLIP",
            Self::Siglip(_) => "SigLIP",
            Self::Timm(config) => config.people_name(),
        }
    }

    /// Sizes of the vision tower.
    pub fn vision(&self) -> VisionShape {
        let (vision, n_more) = match self {
            // The class token.
            Self::Clip(config) => (&config.vision_config, 1),
            Self::Siglip(config) => (&config.vision_config, 0),
            Self::Timm(config) => return timm_vision(config),
        };
        let patches_a_side = vision.image_size / vision.patch_size;
        VisionShape {
            image_size: vision.image_size,
            patches_a_side,
            n_positions: patches_a_side * patches_a_side + n_more,
            hidden_size: vision.hidden_size,
            intermediate_size: vision.intermediate_size,
            n_blocks: vision.num_hidden_layers,
        }
    }

    /// Sizes of the text tower.
    pub fn text(&self) -> TextShape {
        match self {
            Self::Clip(config) => TextShape {
                vocab_size: config.text_config.vocab_size,
                n_positions: config.text_config.max_position_embeddings,
                hidden_size: config.text_config.hidden_size,
                n_blocks: config.text_config.num_hidden_layers,
            },
            Self::Siglip(config) => TextShape {
                vocab_size: config.text_config.vocab_size,
                n_positions: config.text_config.max_position_embeddings,
                hidden_size: config.text_config.hidden_size,
                n_blocks: config.text_config.num_hidden_layers,
            },
            Self::Timm(config) => TextShape {
                vocab_size: config.text_config.vocab_size,
                n_positions: config.text_config.max_position_embeddings,
                hidden_size: config.text_config.hidden_size,
                n_blocks: config.text_config.num_hidden_layers,
            },
        }
    }

    /// Width of the shared embedding space.
    pub fn feature_width(&self) -> i64 {
        match self {
            Self::Clip(config) => config.projection_dim,
            Self::Siglip(config) => config.vision_config.hidden_size,
            Self::Timm(config) => config.projection_dim,
        }
    }

    /// The initial logit scale, as a logarithm.
    pub(crate) fn initial_logit_scale(&self) -> f64 {
        match self {
            Self::Clip(config) => config.logit_scale_init_value,
            Self::Siglip(_) => SiglipConfig::INITIAL_LOGIT_SCALE,
            Self::Timm(_) => timm_config::INITIAL_LOGIT_SCALE,
        }
    }

    /// The highest logit scale in training, as a logarithm; `None` where the model was trained without a limit.
    pub fn max_logit_scale(&self) -> Option<f64> {
        match self {
            Self::Clip(_) | Self::Timm(_) => Some(MAX_CLIP_SCALE),
            Self::Siglip(_) => None,
        }
    }

    /// Whether its logits have a bias, as those of models that were trained with the sigmoid loss.
    pub fn has_logit_bias(&self) -> bool {
        matches!(self, Self::Siglip(_))
    }

    /// How its tokenizer frames and fills up texts.
    pub fn text_style(&self) -> TextStyle {
        match self {
            Self::Clip(_) | Self::Timm(_) => TextStyle::Clip,
            Self::Siglip(_) => TextStyle::Siglip,
        }
    }

    /// What whoever uses the weights must know of their licence.
    pub fn license_note(&self) -> Option<&'static str> {
        match self {
            Self::Clip(_) | Self::Siglip(_) => None,
            Self::Timm(config) => config.license_note(),
        }
    }

    /// Checks that texts of a tokenizer have the end that the text tower looks for. Says why they do not.
    pub(crate) fn check_end_of_text(&self, end_of_text: u32) -> Result<(), String> {
        match self {
            Self::Clip(config) => config.check_end_of_text(end_of_text),
            // timm's is taken from the tokenizer; SigLIP's last position is pooled, whatever token it has.
            Self::Timm(_) | Self::Siglip(_) => Ok(()),
        }
    }
}

/// Sizes of a vision tower of timm. Blocks of FastViT are its stages.
fn timm_vision(config: &TimmConfig) -> VisionShape {
    let side = config.image_size;
    match &config.vision {
        TimmTower::Vit(vit) => {
            let a_side = side / vit.patch_size;
            VisionShape {
                image_size: side,
                patches_a_side: a_side,
                n_positions: a_side * a_side + 1,
                hidden_size: vit.width,
                intermediate_size: vit.inner_width,
                n_blocks: vit.n_blocks as i64,
            }
        }
        TimmTower::FastVit(fastvit) => {
            let a_side = side / fastvit.reduction();
            VisionShape {
                image_size: side,
                patches_a_side: a_side,
                n_positions: a_side * a_side,
                hidden_size: fastvit.last_width(),
                intermediate_size: fastvit.stages.last().map_or(0, |it| it.inner_width),
                n_blocks: fastvit.stages.len() as i64,
            }
        }
    }
}

impl From<ClipConfig> for ModelConfig {
    fn from(config: ClipConfig) -> Self {
        Self::Clip(config)
    }
}

impl From<TimmConfig> for ModelConfig {
    fn from(config: TimmConfig) -> Self {
        Self::Timm(config)
    }
}

impl From<SiglipConfig> for ModelConfig {
    fn from(config: SiglipConfig) -> Self {
        Self::Siglip(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_model_decides_and_others_are_named() {
        let read = |kind: &str| ModelConfig::from_json(&format!(r#"{{"model_type":{kind}}}"#));
        assert_eq!(
            read("\"clip\"").expect("CLIP"),
            ClipConfig::default().into()
        );
        assert_eq!(
            read("\"siglip\"").expect("SigLIP"),
            SiglipConfig::default().into()
        );
        let check = |kind: &str, words: &str| {
            let message = read(kind).expect_err(kind).to_string();
            assert!(message.contains(words), "{message}");
        };
        check("\"siglip2\"", "google/siglip2-base-patch16-224");
        check("\"align\"", "model_type is \"align\", and \"clip\" or");
        check("7", "model_type is 7");
    }
}
