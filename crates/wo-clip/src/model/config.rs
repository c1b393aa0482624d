//! `config.json` of a `CLIPModel`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Why a `config.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not JSON, or a field has the wrong type.
    #[error("config.json: {0}")]
    Json(#[from] serde_json::Error),
    /// An unsupported or contradictory value.
    #[error("config.json: {0}")]
    Value(String),
}

/// The activation function of an MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x * sigmoid(1.702 x)`, of OpenAI's models.
    QuickGelu,
    /// The exact Gaussian error linear unit, of LAION's models.
    Gelu,
}

/// The text tower. Defaults are those of `CLIPTextConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextConfig {
    /// The size of the vocabulary.
    pub vocab_size: i64,
    /// Width of the tower.
    pub hidden_size: i64,
    /// Width between the two layers of the MLP.
    pub intermediate_size: i64,
    /// The number of blocks.
    pub num_hidden_layers: i64,
    /// The number of attention heads.
    pub num_attention_heads: i64,
    /// The longest text, in tokens.
    pub max_position_embeddings: i64,
    /// The MLP's activation.
    pub hidden_act: Activation,
    /// Added to the variance in layer norms.
    pub layer_norm_eps: f64,
    /// The id whose first position is pooled; 2 means "the largest id", for old checkpoints.
    pub eos_token_id: i64,
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            vocab_size: 49_408,
            hidden_size: 512,
            intermediate_size: 2048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
            eos_token_id: 49_407,
        }
    }
}

/// The vision tower. Defaults are those of `CLIPVisionConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VisionConfig {
    /// Width of the tower.
    pub hidden_size: i64,
    /// Width between the two layers of the MLP.
    pub intermediate_size: i64,
    /// The number of blocks.
    pub num_hidden_layers: i64,
    /// The number of attention heads.
    pub num_attention_heads: i64,
    /// Channels of an image.
    pub num_channels: i64,
    /// Side of an image in pixels.
    pub image_size: i64,
    /// Side of a patch in pixels.
    pub patch_size: i64,
    /// The MLP's activation.
    pub hidden_act: Activation,
    /// Added to the variance in layer norms.
    pub layer_norm_eps: f64,
}

impl Default for VisionConfig {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: 224,
            patch_size: 32,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
        }
    }
}

/// A whole model. Defaults are those of `CLIPConfig`, which is ViT-B/32.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClipConfig {
    /// The text tower.
    pub text_config: TextConfig,
    /// The vision tower.
    pub vision_config: VisionConfig,
    /// Width of the shared embedding space.
    pub projection_dim: i64,
    /// The initial `logit_scale`, as a logarithm: ln(1 / 0.07).
    pub logit_scale_init_value: f64,
}

impl Default for ClipConfig {
    fn default() -> Self {
        Self {
            text_config: TextConfig::default(),
            vision_config: VisionConfig::default(),
            projection_dim: 512,
            logit_scale_init_value: 2.6592,
        }
    }
}

impl ClipConfig {
    /// Parses a `config.json` and checks its consistency.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let value: Value = serde_json::from_str(text)?;
        if let Some(kind) = value
            .get("model_type")
            .and_then(Value::as_str)
            .filter(|kind| *kind != "clip")
        {
            return Err(ConfigError::Value(format!(
                "model_type is {kind}, not clip"
            )));
        }
        let this: Self = serde_json::from_value(value)?;
        this.check()?;
        Ok(this)
    }

    /// The `config.json` that `CLIPModel.from_pretrained` reads.
    pub fn to_json(&self) -> Value {
        let (text, vision) = (&self.text_config, &self.vision_config);
        let mut value = json!(self);
        value["architectures"] = json!(["CLIPModel"]);
        value["model_type"] = json!("clip");
        value["text_config"]["model_type"] = json!("clip_text_model");
        value["vision_config"]["model_type"] = json!("clip_vision_model");
        value["text_config"]["projection_dim"] = json!(self.projection_dim);
        value["vision_config"]["projection_dim"] = json!(self.projection_dim);
        value["text_config"]["bos_token_id"] = json!(text.vocab_size - 2);
        value["text_config"]["pad_token_id"] = json!(text.eos_token_id);
        // transformers names these differently from its own defaults when they are absent.
        value["text_config"]["attention_dropout"] = json!(0.0);
        value["vision_config"]["attention_dropout"] = json!(0.0);
        debug_assert!(vision.num_channels == 3);
        value
    }

    /// Checks the consistency of the numbers.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let (text, vision) = (&self.text_config, &self.vision_config);
        // Far above any existing CLIP, and low enough that products of two cannot overflow.
        let sane = 1..=1_000_000;
        for (name, value) in [
            ("text_config.vocab_size", text.vocab_size),
            ("text_config.hidden_size", text.hidden_size),
            ("text_config.intermediate_size", text.intermediate_size),
            ("text_config.num_hidden_layers", text.num_hidden_layers),
            ("text_config.num_attention_heads", text.num_attention_heads),
            (
                "text_config.max_position_embeddings",
                text.max_position_embeddings,
            ),
            ("vision_config.hidden_size", vision.hidden_size),
            ("vision_config.intermediate_size", vision.intermediate_size),
            ("vision_config.num_hidden_layers", vision.num_hidden_layers),
            (
                "vision_config.num_attention_heads",
                vision.num_attention_heads,
            ),
            ("vision_config.image_size", vision.image_size),
            ("vision_config.patch_size", vision.patch_size),
            ("projection_dim", self.projection_dim),
        ] {
            if !sane.contains(&value) {
                return Err(ConfigError::Value(format!("{name} is {value}")));
            }
        }
        if text.max_position_embeddings < 2 {
            return Err(ConfigError::Value(
                "text_config.max_position_embeddings is 1, and a text has a start and an end"
                    .to_owned(),
            ));
        }
        for (name, eps) in [
            ("text_config.layer_norm_eps", text.layer_norm_eps),
            ("vision_config.layer_norm_eps", vision.layer_norm_eps),
        ] {
            if !(0.0..1.0).contains(&eps) {
                return Err(ConfigError::Value(format!("{name} is {eps}")));
            }
        }
        let whole = |name: &str, whole: i64, part: i64| {
            (whole % part == 0)
                .then_some(())
                .ok_or_else(|| ConfigError::Value(format!("{name}: {whole} / {part}")))
        };
        whole(
            "text_config: hidden_size is no multiple of num_attention_heads",
            text.hidden_size,
            text.num_attention_heads,
        )?;
        whole(
            "vision_config: hidden_size is no multiple of num_attention_heads",
            vision.hidden_size,
            vision.num_attention_heads,
        )?;
        if vision.num_channels != 3 || vision.patch_size > vision.image_size {
            return Err(ConfigError::Value(
                "vision_config: three channels and a patch within the image".to_owned(),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparse_file_is_vit_b_32() {
        let config =
            ClipConfig::from_json(r#"{"model_type":"clip","vision_config":{"patch_size":16}}"#)
                .unwrap();
        assert_eq!(
            config.vision_config,
            VisionConfig {
                patch_size: 16,
                ..VisionConfig::default()
            }
        );
        assert_eq!(
            ClipConfig::from_json(&config.to_json().to_string()).unwrap(),
            config
        );
    }

    #[test]
    fn nonsense_is_named() {
        let check = |json: &str, word: &str| {
            let message = ClipConfig::from_json(json).expect_err(json).to_string();
            assert!(message.contains(word), "{message}");
        };
        check(r#"{"model_type":"siglip"}"#, "siglip");
        check(r#"{"text_config":{"hidden_size":-1}}"#, "hidden_size");
        check(
            r#"{"text_config":{"hidden_size":100}}"#,
            "num_attention_heads",
        );
        check(r#"{"vision_config":{"hidden_act":"swish"}}"#, "swish");
        check(
            r#"{"text_config":{"max_position_embeddings":1}}"#,
            "max_position_embeddings",
        );
        check(
            r#"{"text_config":{"layer_norm_eps":-1e-5}}"#,
            "layer_norm_eps",
        );
    }
}
