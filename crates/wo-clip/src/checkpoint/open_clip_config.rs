//! Converts `open_clip_config.json`, open_clip's configuration, to ours.
//!
//! Unsupported settings that change the model are rejected by name, since ignoring them would give wrong numbers.

use anyhow::ensure;
use serde_json::{Map, Value, json};
use wo_input::{Preprocessor, parse_json};

use crate::checkpoint::open_clip_siglip::{is_siglip, siglip_config};
use crate::checkpoint::open_clip_table::{
    MODEL_IDLE, TEXT, TEXT_IDLE, Table, USUAL_TEXT, activation, object, off, reject_unsupported,
};
use crate::checkpoint::open_clip_timm::{timm_config, timm_name};
use crate::model::clip_config::{ClipConfig, VisionConfig};
use crate::model::config::ModelConfig;

/// The default width of a head.
pub(crate) const HEAD_WIDTH: i64 = 64;
/// Settings of `model_cfg` that are read.
const MODEL: &[&str] = &["embed_dim", "quick_gelu", "vision_cfg", "text_cfg"];
const VISION: &[&str] = &[
    "image_size",
    "layers",
    "width",
    "patch_size",
    "head_width",
    "mlp_ratio",
    "norm_kwargs",
];
const VISION_IDLE: &[&str] = &[
    // For training only, or without effect unless another setting is on that we reject.
    "patch_dropout",
    "output_tokens",
    "attn_pooler_queries",
    "attn_pooler_heads",
    "timm_model_pretrained",
    "timm_pool",
    "timm_proj",
    "timm_proj_bias",
    "timm_drop",
    "timm_drop_path",
];

/// The supported values of settings of the vision tower.
const USUAL_VISION: [(&str, &str); 3] = [
    ("pos_embed_type", "learnable"),
    ("pool_type", "tok"),
    ("block_type", "default"),
];

/// An `open_clip_config.json`, or a file of open_clip's `model_configs`; the second has no preprocessing.
pub(crate) fn config_of_json(text: &str) -> anyhow::Result<(ModelConfig, Option<Preprocessor>)> {
    let value: Value = parse_json(text).map_err(anyhow::Error::msg)?;
    let model = object(value.get("model_cfg").unwrap_or(&value), "model_cfg")?;
    let empty = json!({});
    let vision = object(model.get("vision_cfg").unwrap_or(&empty), "vision_cfg")?;
    let text = object(model.get("text_cfg").unwrap_or(&empty), "text_cfg")?;
    let config: ModelConfig = if is_siglip(vision) {
        siglip_config(model, vision, text)?.into()
    } else if let Some(name) = timm_name(vision) {
        timm_config(name, model, vision, text)?.into()
    } else {
        for bias in ["init_logit_bias", "logit_bias"] {
            ensure!(
                off(model.get(bias)),
                "{bias} is set, and vision_cfg.timm_model_name is none of a SigLIP; of models with a bias only SigLIP can \
                 be read"
            );
        }
        reject_unsupported("model_cfg", model, &[MODEL, MODEL_IDLE], &[])?;
        reject_unsupported("vision_cfg", vision, &[VISION, VISION_IDLE], &USUAL_VISION)?;
        reject_unsupported("text_cfg", text, &[TEXT, TEXT_IDLE], &USUAL_TEXT)?;
        clip_config(model, vision, text)?.into()
    };
    let preprocessor = match value.get("preprocess_cfg") {
        None | Some(Value::Null) => None,
        Some(settings) => {
            // A side is at most a million.
            let image_size = config.vision().image_size as u32;
            Some(Preprocessor::from_open_clip(settings, image_size)?)
        }
    };
    Ok((config, preprocessor))
}

fn clip_config(
    model: &Map<String, Value>,
    vision: &Map<String, Value>,
    text: &Map<String, Value>,
) -> anyhow::Result<ClipConfig> {
    let hidden_act = activation(model)?;
    let (vision, text) = (Table("vision_cfg", vision), Table("text_cfg", text));
    let width = vision.whole("width", 768)?;
    let head_width = vision.whole("head_width", HEAD_WIDTH)?;
    vision.check_width(width, "head_width", head_width)?;
    let image_size = vision.side("image_size", 224)?;
    let patch_size = vision.side("patch_size", 16)?;
    ensure!(
        patch_size <= image_size,
        "vision_cfg.patch_size is {patch_size}, and no more than image_size, which is {image_size}, is expected"
    );
    let config = ClipConfig {
        vision_config: VisionConfig {
            hidden_size: width,
            intermediate_size: vision.inner_width(width)?,
            num_hidden_layers: vision.whole("layers", 12)?,
            num_attention_heads: width / head_width,
            image_size,
            patch_size,
            hidden_act,
            layer_norm_eps: vision.eps()?,
            ..VisionConfig::default()
        },
        text_config: text.clip_text(hidden_act, text.whole("context_length", 77)?)?,
        projection_dim: Table("model_cfg", model).whole("embed_dim", 512)?,
        ..ClipConfig::default()
    };
    // Its own numbers are checked above, by the names of this file.
    config.check().map_err(anyhow::Error::msg)?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sizes::Activation;

    const B_32: &str = r#""embed_dim":512,"vision_cfg":{"image_size":224,"layers":12,"width":768,"patch_size":32},
        "text_cfg":{"context_length":77,"vocab_size":49408,"width":512,"heads":8,"layers":12}"#;

    #[test]
    fn the_configuration_of_vit_b_32_is_that_of_hugging_face() {
        let mut expected = ClipConfig::default();
        let with = |more: &str| config_of_json(&format!("{{\"model_cfg\":{{{B_32}{more}}}}}"));
        let (config, preprocessor) = with(r#","quick_gelu":true"#).expect("it is CLIP");
        assert_eq!((config, preprocessor), (expected.clone().into(), None));
        for without in [with(""), config_of_json(&format!("{{{B_32}}}"))] {
            expected.text_config.hidden_act = Activation::Gelu;
            expected.vision_config.hidden_act = Activation::Gelu;
            assert_eq!(without.expect("it is CLIP").0, expected.clone().into());
        }
    }

    #[test]
    fn what_is_not_our_model_is_named() {
        let check = |from: &str, to: &str, word: &str| {
            let text = format!("{{{}}}", B_32.replacen(from, to, 1));
            assert!(text.contains(to));
            let message = format!("{:#}", config_of_json(&text).expect_err(to));
            assert!(message.contains(word), "{message:?} has no {word:?}");
        };
        check(
            "\"embed_dim\"",
            "\"init_logit_bias\":-10,\"embed_dim\"",
            "SigLIP",
        );
        check(
            "\"embed_dim\"",
            "\"custom_text\":true,\"embed_dim\"",
            "custom_text",
        );
        check("\"layers\":12", "\"layers\":[3,4,6,3]", "ResNets");
        check(
            "\"width\":768",
            "\"width\":768,\"timm_model_name\":\"vit\"",
            "timm_model_name",
        );
        check(
            "\"width\":768",
            "\"width\":768,\"head_width\":70",
            "head_width",
        );
        check(
            "\"image_size\":224",
            "\"image_size\":[224,336]",
            "not a square",
        );
        check(
            "\"heads\":8",
            "\"heads\":8,\"pool_type\":\"last\"",
            "pool_type",
        );
        check(
            "\"heads\":8",
            "\"heads\":8,\"hf_model_name\":\"roberta\"",
            "hf_model_name",
        );
        check(
            "\"heads\":8",
            "\"heads\":8,\"act_kwargs\":{\"approximate\":\"tanh\"}",
            "act_kwargs",
        );
        check(
            "\"embed_dim\":512",
            "\"embed_dim\":null,\"quick_gelu\":7",
            "model_cfg.quick_gelu is 7",
        );
        check("\"layers\":12", "\"layers\":0", "vision_cfg.layers is 0");
        check("\"heads\":8", "\"heads\":-8", "text_cfg.heads is -8");
        check(
            "\"heads\":8",
            "\"heads\":7",
            "text_cfg.width is 512, and a multiple of heads",
        );
        check(
            "\"heads\":8",
            "\"heads\":8,\"mlp_ratio\":1e9",
            "text_cfg.mlp_ratio is 1000000000",
        );
        check(
            "\"heads\":8",
            "\"heads\":8,\"norm_kwargs\":{\"eps\":-1}",
            "text_cfg.norm_kwargs.eps is -1",
        );
        let std = format!("{{\"model_cfg\":{{{B_32}}},\"preprocess_cfg\":{{\"std\":[1,0,1]}}}}");
        let message = config_of_json(&std).expect_err("no pixels").to_string();
        assert!(
            message.starts_with("preprocess_cfg.std[1] is 0,"),
            "{message}"
        );
        let crop = std.replace("\"std\":[1,0,1]", "\"resize_mode\":\"crop\"");
        let message = config_of_json(&crop).expect_err("no such way").to_string();
        assert!(
            message.starts_with("preprocess_cfg.resize_mode is \"crop\""),
            "{message}"
        );
    }
}
