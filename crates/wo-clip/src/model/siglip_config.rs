//! `config.json` of a `SiglipModel` (SigLIP: Zhai et al. 2023, arXiv 2303.15343; SigLIP 2: Tschannen et al. 2025, arXiv
//! 2502.14786).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wo_input::{Fields, read_json};

use crate::model::clip_config::VisionConfig;
use crate::model::sizes::{Activation, SANE, TOWERS, check_heads, check_patches, check_tower};

/// The text tower. Defaults are those of `SiglipTextConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiglipTextConfig {
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
    /// Tokens of each text: shorter ones are filled up.
    pub max_position_embeddings: i64,
    /// The MLP's activation.
    pub hidden_act: Activation,
    /// Added to the variance in layer norms.
    pub layer_norm_eps: f64,
}

/// A whole model. Defaults are those of `SiglipConfig`, which is google/siglip-base-patch16-224. Features are as wide as
/// the vision tower.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiglipConfig {
    /// The text tower.
    pub text_config: SiglipTextConfig,
    /// The vision tower.
    pub vision_config: VisionConfig,
}

impl Default for SiglipConfig {
    fn default() -> Self {
        let (hidden_act, layer_norm_eps) = (Activation::GeluPytorchTanh, 1e-6);
        Self {
            text_config: SiglipTextConfig {
                vocab_size: 32_000,
                hidden_size: 768,
                intermediate_size: 3072,
                num_hidden_layers: 12,
                num_attention_heads: 12,
                max_position_embeddings: 64,
                hidden_act,
                layer_norm_eps,
            },
            vision_config: VisionConfig {
                patch_size: 16,
                hidden_act,
                layer_norm_eps,
                ..VisionConfig::default()
            },
        }
    }
}

impl SiglipConfig {
    /// ln 10, with which SigLIP's training begins.
    pub(crate) const INITIAL_LOGIT_SCALE: f64 = std::f64::consts::LN_10;
    /// The logit bias with which SigLIP's training begins.
    pub(crate) const INITIAL_LOGIT_BIAS: f64 = -10.0;

    /// Reads a `config.json` whose `model_type` is that of SigLIP, and checks its consistency.
    pub(crate) fn of_value(value: &Value) -> Result<Self, String> {
        let fields = Fields::of(value, "")?;
        // Before the types: what is wrong with a number is said better here.
        check_ranges(&fields)?;
        let mut whole = json!(Self::default());
        for tower in TOWERS {
            if let (Some(object), Some(Value::Object(given))) =
                (whole[tower].as_object_mut(), fields.get(tower))
            {
                object.extend(known(object, given));
            }
        }
        let this: Self = read_json(&whole)?;
        this.check()?;
        this.check_width(fields.object(TOWERS[0])?.as_ref())?;
        Ok(this)
    }

    /// The `config.json` that `SiglipModel.from_pretrained` reads.
    pub fn to_json(&self) -> Value {
        let mut value = json!(self);
        value["architectures"] = json!(["SiglipModel"]);
        value["model_type"] = json!("siglip");
        value["text_config"]["model_type"] = json!("siglip_text_model");
        value["text_config"]["projection_size"] = json!(self.vision_config.hidden_size);
        value["vision_config"]["model_type"] = json!("siglip_vision_model");
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

    /// Checks that features of texts are as wide as those of images. Without a width of their own they are as wide as the
    /// text tower.
    fn check_width(&self, text: Option<&Fields<'_>>) -> Result<(), String> {
        let wanted = self.vision_config.hidden_size;
        let found = self.text_config.hidden_size;
        let said = text.and_then(|it| Some((it, it.get("projection_size")?)));
        match said.filter(|(_, width)| !width.is_null()) {
            Some((_, width)) if *width == wanted => Ok(()),
            Some((text, _)) => Err(text.wrong(
                "projection_size",
                &format!("the {wanted} of vision_config.hidden_size"),
            )),
            None if found == wanted => Ok(()),
            None => Err(format!(
                "text_config.hidden_size is {found}, and the {wanted} of vision_config.hidden_size are expected where \
                 there is no text_config.projection_size"
            )),
        }
    }
}

/// The fields of `given` that `object` has.
fn known(object: &Map<String, Value>, given: &Map<String, Value>) -> Map<String, Value> {
    let given = given.iter().filter(|(name, _)| object.contains_key(*name));
    given
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Checks each number by itself, those that are missing aside.
fn check_ranges(fields: &Fields<'_>) -> Result<(), String> {
    if let Some(text) = fields.object(TOWERS[0])? {
        check_tower(&text, &["vocab_size"])?;
        // A text has a token and an end.
        text.whole("max_position_embeddings", 2..=*SANE.end())?;
        if text.get("projection_size").is_some_and(|it| !it.is_null()) {
            text.whole("projection_size", SANE)?;
        }
    }
    if let Some(vision) = fields.object(TOWERS[1])? {
        check_tower(&vision, &["image_size", "patch_size"])?;
        vision.whole("num_channels", 3..=3)?;
        if vision.get("vision_use_head").is_some_and(|it| *it != true) {
            return Err(vision.wrong("vision_use_head", "true"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SiglipConfig, String> {
        SiglipConfig::of_value(&serde_json::from_str(text).expect("JSON"))
    }

    #[test]
    fn a_sparse_file_is_the_base_model_and_what_is_written_is_read() {
        let mut expected = SiglipConfig::default();
        assert_eq!(read("{}"), Ok(expected.clone()));
        // As so400m has them, with fields that mean nothing here.
        let text = r#"{"initializer_factor":1.0,"text_config":{"hidden_size":1152,"num_attention_heads":16,
            "projection_size":1152,"model_type":"siglip_text_model"},
            "vision_config":{"hidden_size":1152,"num_attention_heads":16,"image_size":384,"patch_size":14}}"#;
        (
            expected.text_config.hidden_size,
            expected.vision_config.hidden_size,
        ) = (1152, 1152);
        expected.text_config.num_attention_heads = 16;
        expected.vision_config.num_attention_heads = 16;
        (
            expected.vision_config.image_size,
            expected.vision_config.patch_size,
        ) = (384, 14);
        assert_eq!(read(text), Ok(expected.clone()));
        // As SigLIP 2 giant: the text tower is narrower than its features.
        expected.vision_config.hidden_size = 1536;
        assert_eq!(read(&expected.to_json().to_string()), Ok(expected));
    }

    #[test]
    fn nonsense_is_named_with_what_is_expected() {
        for (text, expected) in [
            (
                r#"{"text_config":{"projection_size":5}}"#,
                "text_config.projection_size is 5, and the 768 of vision_config.hidden_size",
            ),
            (
                r#"{"text_config":{"projection_size":-1}}"#,
                "text_config.projection_size is -1, and a whole number",
            ),
            (
                r#"{"vision_config":{"hidden_size":1152}}"#,
                "text_config.hidden_size is 768, and the 1152 of vision_config.hidden_size",
            ),
            (
                r#"{"vision_config":{"vision_use_head":false}}"#,
                "vision_config.vision_use_head is false, and true",
            ),
            (
                r#"{"text_config":{"hidden_act":"relu"}}"#,
                "text_config.hidden_act: unknown variant `relu`",
            ),
            (r#"{"text_config":7}"#, "text_config is 7, and an object"),
            (
                r#"{"vision_config":{"patch_size":999}}"#,
                "vision_config.patch_size is 999, and no more than image_size",
            ),
            (
                r#"{"text_config":{"max_position_embeddings":1}}"#,
                "text_config.max_position_embeddings is 1, and a whole number from 2",
            ),
        ] {
            let message = read(text).expect_err(text);
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
