//! `config.json` of a `CLIPModel`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wo_input::{Fields, parse_json, read_json};

use crate::model::old_fields::with_todays_fields;
use crate::model::sizes::{
    Activation, ConfigError, LOGIT_SCALES, SANE, TOWERS, check_heads, check_patches, check_tower,
};

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
        parse_json(text)
            .map(with_todays_fields)
            .and_then(|value| Self::of_value(&value))
            .map_err(ConfigError)
    }

    pub(crate) fn of_value(value: &Value) -> Result<Self, String> {
        let fields = Fields::of(value, "")?;
        if fields.get("model_type").is_some_and(|kind| kind != "clip") {
            return Err(fields.wrong("model_type", "\"clip\""));
        }
        // Before the types: what is wrong with a number is said better here.
        check_ranges(&fields)?;
        let this: Self = read_json(value)?;
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

    /// Checks the numbers, and that they fit each other. Says why they do not.
    pub(crate) fn check(&self) -> Result<(), String> {
        check_ranges(&Fields::of(&json!(self), "")?)?;
        let (text, vision) = (&self.text_config, &self.vision_config);
        check_heads(TOWERS[0], text.hidden_size, text.num_attention_heads)?;
        check_heads(TOWERS[1], vision.hidden_size, vision.num_attention_heads)?;
        check_patches(vision.patch_size, vision.image_size)
    }

    /// Checks that texts of a tokenizer have the end that the text tower looks for. Says why they do not.
    pub(crate) fn check_end_of_text(&self, end_of_text: u32) -> Result<(), String> {
        let id = self.text_config.eos_token_id;
        // Old checkpoints say 2, and mean the largest id of a text.
        if id == OLD_END_OF_TEXT || id == i64::from(end_of_text) {
            return Ok(());
        }
        Err(format!(
            "text_config.eos_token_id is {id}, and {end_of_text} is expected, with which the tokenizer ends a text"
        ))
    }
}

/// The id of the end of a text that means the largest one.
const OLD_END_OF_TEXT: i64 = 2;

/// Checks each number by itself, those that are missing aside.
fn check_ranges(fields: &Fields<'_>) -> Result<(), String> {
    fields.whole("projection_dim", SANE)?;
    fields.number("logit_scale_init_value", LOGIT_SCALES)?;
    if let Some(text) = fields.object(TOWERS[0])? {
        check_tower(&text, &["vocab_size"])?;
        // A text has a start and an end.
        text.whole("max_position_embeddings", 2..=*SANE.end())?;
        text.whole("eos_token_id", 0..=*SANE.end())?;
    }
    if let Some(vision) = fields.object(TOWERS[1])? {
        check_tower(&vision, &["image_size", "patch_size"])?;
        vision.whole("num_channels", 3..=3)?;
    }
    Ok(())
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
    fn nonsense_is_named_once_with_what_is_expected() {
        let check = |json: &str, expected: &str| {
            let error = ClipConfig::from_json(json).expect_err(json);
            let message = format!("{:#}", anyhow::Error::new(error));
            let expected = format!("config.json: {expected}");
            assert!(message.starts_with(&expected), "{message}");
            assert_eq!(message.matches("config.json").count(), 1, "{message}");
            assert_eq!(message.lines().count(), 1, "{message}");
        };
        check(r#"{"model_type":"siglip"}"#, "model_type is \"siglip\"");
        for (value, shown) in [
            ("-1", "-1"),
            ("0", "0"),
            ("1000001", "1000001"),
            ("8.5", "8.5"),
            ("18446744073709551616", "1"),
            ("\"8\"", "\"8\""),
            ("[8]", "[8]"),
            ("true", "true"),
        ] {
            check(
                &format!(r#"{{"text_config":{{"hidden_size":{value}}}}}"#),
                &format!("text_config.hidden_size is {shown}"),
            );
            check(
                &format!(r#"{{"vision_config":{{"patch_size":{value}}}}}"#),
                &format!("vision_config.patch_size is {shown}"),
            );
        }
        check(
            r#"{"text_config":{"hidden_size":100}}"#,
            "text_config.hidden_size is 100, and a multiple of num_attention_heads",
        );
        check(
            r#"{"vision_config":{"hidden_act":"swish"}}"#,
            "vision_config.hidden_act: unknown variant `swish`",
        );
        check(
            r#"{"text_config":{"max_position_embeddings":1}}"#,
            "text_config.max_position_embeddings is 1, and a whole number from 2",
        );
        for value in ["-1e-5", "1.0", "null", "\"a\""] {
            check(
                &format!(r#"{{"text_config":{{"layer_norm_eps":{value}}}}}"#),
                "text_config.layer_norm_eps is ",
            );
        }
        for value in ["NaN", "Infinity", "1e999"] {
            check(
                &format!(r#"{{"text_config":{{"layer_norm_eps":{value}}}}}"#),
                "text_config.layer_norm_eps: ",
            );
        }
        check(
            r#"{"vision_config":{"num_channels":4}}"#,
            "vision_config.num_channels is 4",
        );
        check(r#"{"text_config":7}"#, "text_config is 7, and an object");
        check("[]", "it is [], and an object is expected");
        check(
            r#"{"vision_config":{"patch_size":999}}"#,
            "vision_config.patch_size is 999, and no more than image_size",
        );
        check(
            r#"{"logit_scale_init_value":1e300}"#,
            "logit_scale_init_value is 1e",
        );
    }

    #[test]
    fn the_end_of_a_text_is_that_of_the_tokenizer() {
        let config = ClipConfig::default();
        config.check_end_of_text(49_407).expect("the same");
        let error = config.check_end_of_text(569).expect_err("another");
        assert!(
            error.contains("eos_token_id is 49407, and 569 is expected"),
            "{error}"
        );
    }
}
