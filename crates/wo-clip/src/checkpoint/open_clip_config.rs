//! Converts `open_clip_config.json`, open_clip's configuration, to ours.
//!
//! Unsupported settings that change the model are rejected by name, since ignoring them would give wrong numbers.

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};
use wo_input::Preprocessor;

use crate::model::config::{Activation, ClipConfig, TextConfig, VisionConfig};

/// The default width of a head.
pub(crate) const HEAD_WIDTH: i64 = 64;
/// Settings of `model_cfg` that are read.
const MODEL: &[&str] = &["embed_dim", "quick_gelu", "vision_cfg", "text_cfg"];
/// Settings that do not change the output of the model.
const MODEL_IDLE: &[&str] = &["init_logit_scale", "cast_dtype", "output_dict"];
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
const TEXT: &[&str] = &[
    "context_length",
    "vocab_size",
    "width",
    "heads",
    "layers",
    "mlp_ratio",
    "norm_kwargs",
];
const TEXT_IDLE: &[&str] = &[
    // The tokenizer comes from tokenizer.json, and tokens after the end of a text are ignored.
    "hf_tokenizer_name",
    "pad_id",
    "eos_id",
    "output_tokens",
    "hf_model_pretrained",
    "hf_proj_type",
    "hf_pooler_type",
];

/// An `open_clip_config.json`, or a file of open_clip's `model_configs`; the second has no preprocessing.
pub(crate) fn config_of_json(text: &str) -> anyhow::Result<(ClipConfig, Option<Preprocessor>)> {
    let value: Value = serde_json::from_str(text)?;
    let model = object(value.get("model_cfg").unwrap_or(&value), "model_cfg")?;
    for bias in ["init_logit_bias", "logit_bias"] {
        ensure!(
            off(model.get(bias)),
            "{bias} is set, so the model is SigLIP; only CLIP can be read"
        );
    }
    let empty = json!({});
    let vision = object(model.get("vision_cfg").unwrap_or(&empty), "vision_cfg")?;
    let text = object(model.get("text_cfg").unwrap_or(&empty), "text_cfg")?;
    refuse_others("model_cfg", model, &[MODEL, MODEL_IDLE], &[])?;
    let usual = [
        ("pos_embed_type", "learnable"),
        ("pool_type", "tok"),
        ("block_type", "default"),
    ];
    refuse_others("vision_cfg", vision, &[VISION, VISION_IDLE], &usual)?;
    let usual = [
        ("pool_type", "argmax"),
        ("proj_type", "linear"),
        ("block_type", "default"),
    ];
    refuse_others("text_cfg", text, &[TEXT, TEXT_IDLE], &usual)?;
    let hidden_act = match model.get("quick_gelu") {
        None | Some(Value::Null | Value::Bool(false)) => Activation::Gelu,
        Some(Value::Bool(true)) => Activation::QuickGelu,
        Some(other) => bail!("quick_gelu is {other}"),
    };
    let width = whole(vision, "width", 768)?;
    let head_width = whole(vision, "head_width", HEAD_WIDTH)?;
    ensure!(
        head_width > 0 && width % head_width == 0,
        "vision_cfg: a width of {width} is no multiple of a head_width of {head_width}"
    );
    let text_width = whole(text, "width", 512)?;
    let config = ClipConfig {
        vision_config: VisionConfig {
            hidden_size: width,
            intermediate_size: inner_width(vision, width)?,
            num_hidden_layers: whole(vision, "layers", 12)?,
            num_attention_heads: width / head_width,
            image_size: side(vision, "image_size", 224)?,
            patch_size: side(vision, "patch_size", 16)?,
            hidden_act,
            layer_norm_eps: eps(vision)?,
            ..VisionConfig::default()
        },
        text_config: TextConfig {
            vocab_size: whole(text, "vocab_size", 49_408)?,
            hidden_size: text_width,
            intermediate_size: inner_width(text, text_width)?,
            num_hidden_layers: whole(text, "layers", 12)?,
            num_attention_heads: whole(text, "heads", 8)?,
            max_position_embeddings: whole(text, "context_length", 77)?,
            hidden_act,
            layer_norm_eps: eps(text)?,
            ..TextConfig::default()
        },
        projection_dim: whole(model, "embed_dim", 512)?,
        ..ClipConfig::default()
    };
    config.check()?;
    let preprocessor = match value.get("preprocess_cfg") {
        None | Some(Value::Null) => None,
        Some(settings) => Some(preprocessor(
            object(settings, "preprocess_cfg")?,
            config.vision_config.image_size,
        )?),
    };
    Ok((config, preprocessor))
}

fn object<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a Map<String, Value>> {
    value
        .as_object()
        .with_context(|| format!("{name} is no object"))
}

/// Whether a setting is absent or has no effect.
fn off(value: Option<&Value>) -> bool {
    value.is_none_or(|value| {
        value.is_null() || *value == false || *value == json!({}) || value.as_f64() == Some(0.0)
    })
}

fn refuse_others(
    table: &str,
    settings: &Map<String, Value>,
    known: &[&[&str]],
    usual: &[(&str, &str)],
) -> anyhow::Result<()> {
    for (name, value) in settings {
        let is_known = known.iter().any(|names| names.contains(&name.as_str()));
        let is_usual = usual.iter().any(|(n, v)| n == name && value == v);
        if !(is_known || is_usual || off(Some(value))) {
            bail!("{table}: {name} is {value}, which our model does not have");
        }
    }
    Ok(())
}

fn whole(table: &Map<String, Value>, name: &str, default: i64) -> anyhow::Result<i64> {
    match table.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value.as_i64().with_context(|| {
            let resnet = if name == "layers" {
                "; ResNets cannot be read"
            } else {
                ""
            };
            format!("{name} is {value}, not a whole number{resnet}")
        }),
    }
}

/// The side of a square, which may be stored twice.
fn side(table: &Map<String, Value>, name: &str, default: i64) -> anyhow::Result<i64> {
    match table.get(name).and_then(Value::as_array).map(Vec::as_slice) {
        Some([height, width]) if height == width => height
            .as_i64()
            .with_context(|| format!("{name} is {height}")),
        Some(sides) => bail!("{name} is {sides:?}, not a square"),
        None => whole(table, name, default),
    }
}

fn inner_width(table: &Map<String, Value>, width: i64) -> anyhow::Result<i64> {
    let ratio = match table.get("mlp_ratio") {
        None | Some(Value::Null) => 4.0,
        Some(value) => value
            .as_f64()
            .with_context(|| format!("mlp_ratio is {value}"))?,
    };
    Ok((width as f64 * ratio) as i64)
}

fn eps(table: &Map<String, Value>) -> anyhow::Result<f64> {
    match table.get("norm_kwargs").filter(|value| !off(Some(value))) {
        None => Ok(VisionConfig::default().layer_norm_eps),
        Some(settings) => settings
            .get("eps")
            .filter(|_| {
                settings
                    .as_object()
                    .is_some_and(|settings| settings.len() == 1)
            })
            .and_then(Value::as_f64)
            .with_context(|| format!("norm_kwargs is {settings}; only eps is known")),
    }
}

fn preprocessor(settings: &Map<String, Value>, image_size: i64) -> anyhow::Result<Preprocessor> {
    for (name, usual) in [
        ("mode", "RGB"),
        ("interpolation", "bicubic"),
        ("resize_mode", "shortest"),
    ] {
        if let Some(value) = settings.get(name).filter(|value| *value != usual) {
            bail!("preprocess_cfg: {name} is {value}; only {usual} is known");
        }
    }
    let size = side(settings, "size", image_size)?;
    ensure!(
        size == image_size,
        "preprocess_cfg: size is {size}, image_size is {image_size}"
    );
    let mut config = json!({
        "size": { "shortest_edge": image_size },
        "crop_size": { "height": image_size },
    });
    for (ours, theirs) in [("image_mean", "mean"), ("image_std", "std")] {
        if let Some(value) = settings.get(theirs) {
            config[ours] = value.clone();
        }
    }
    Preprocessor::from_config(&config).map_err(anyhow::Error::msg)
}

#[cfg(test)]
mod tests {
    use super::*;

    const B_32: &str = r#""embed_dim":512,"vision_cfg":{"image_size":224,"layers":12,"width":768,"patch_size":32},
        "text_cfg":{"context_length":77,"vocab_size":49408,"width":512,"heads":8,"layers":12}"#;

    #[test]
    fn the_configuration_of_vit_b_32_is_that_of_hugging_face() {
        let mut expected = ClipConfig::default();
        let with = |more: &str| config_of_json(&format!("{{\"model_cfg\":{{{B_32}{more}}}}}"));
        let (config, preprocessor) = with(r#","quick_gelu":true"#).expect("it is CLIP");
        assert_eq!((config, preprocessor), (expected.clone(), None));
        for without in [with(""), config_of_json(&format!("{{{B_32}}}"))] {
            expected.text_config.hidden_act = Activation::Gelu;
            expected.vision_config.hidden_act = Activation::Gelu;
            assert_eq!(without.expect("it is CLIP").0, expected);
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
        let squash = format!(
            "{{\"model_cfg\":{{{B_32}}},\"preprocess_cfg\":{{\"resize_mode\":\"squash\"}}}}"
        );
        let message = config_of_json(&squash).expect_err("not CLIP's").to_string();
        assert!(message.contains("squash"), "{message}");
    }
}
