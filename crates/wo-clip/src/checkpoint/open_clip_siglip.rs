//! open_clip's SigLIP: its `open_clip_config.json`, whose vision tower is a model of timm, and its names of tensors.
//!
//! timm's name tells the sizes of the tower (`timm/models/vision_transformer.py`).

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value};

use crate::checkpoint::open_clip_names::block_source;
use crate::checkpoint::open_clip_table::{TEXT, Table, reject_unsupported};
use crate::checkpoint::source::{Part, Source};
use crate::model::clip_config::VisionConfig;
use crate::model::siglip_config::{SiglipConfig, SiglipTextConfig};
use crate::model::sizes::Activation;

/// The sizes in timm's name: width, blocks, heads, and width of the MLP.
const SIZES: [(&str, [i64; 4]); 4] = [
    ("base", [768, 12, 12, 3072]),
    ("large", [1024, 24, 16, 4096]),
    ("so400m", [1152, 27, 16, 4304]),
    ("giantopt", [1536, 40, 16, 6144]),
];
/// Towers of timm with the approximate activation. The others have the exact one, with which they were trained in
/// PyTorch's terms.
const WITH_TANH: [&str; 7] = [
    "vit_base_patch32_siglip_256",
    "vit_large_patch16_siglip_512",
    "vit_so400m_patch16_siglip_256",
    "vit_so400m_patch16_siglip_384",
    "vit_so400m_patch16_siglip_512",
    "vit_giantopt_patch16_siglip_256",
    "vit_giantopt_patch16_siglip_384",
];
const MODEL: &[&str] = &[
    "embed_dim",
    "custom_text",
    "vision_cfg",
    "text_cfg",
    // For training only: the weights have both.
    "init_logit_bias",
    "init_logit_scale",
    "cast_dtype",
    "output_dict",
];
const VISION: &[&str] = &[
    "image_size",
    "timm_model_name",
    // For training only.
    "timm_model_pretrained",
    "timm_drop",
    "timm_drop_path",
    "patch_dropout",
];
/// Settings of `text_cfg` beside those that all text towers have.
const TEXT_OF_SIGLIP: &[&str] = &[
    "act_kwargs",
    // The tokenizer comes from tokenizer.json.
    "hf_tokenizer_name",
    "tokenizer_kwargs",
    "pad_id",
    "eos_id",
    "output_tokens",
];
const USUAL_VISION: [(&str, &str); 2] = [("timm_pool", "map"), ("timm_proj", "none")];
const USUAL_TEXT: [(&str, &str); 3] = [
    ("pool_type", "last"),
    ("proj_type", "linear"),
    ("block_type", "default"),
];

/// Whether a `vision_cfg` is that of a SigLIP.
pub(crate) fn is_siglip(vision: &Map<String, Value>) -> bool {
    let name = vision.get("timm_model_name").and_then(Value::as_str);
    name.is_some_and(|name| name.starts_with("vit_") && name.contains("_siglip"))
}

/// Converts the three tables of the file.
pub(crate) fn siglip_config(
    model: &Map<String, Value>,
    vision: &Map<String, Value>,
    text: &Map<String, Value>,
) -> anyhow::Result<SiglipConfig> {
    reject_unsupported("model_cfg", model, &[MODEL], &[])?;
    reject_unsupported("vision_cfg", vision, &[VISION], &USUAL_VISION)?;
    let flags = ["no_causal_mask", "proj_bias"];
    reject_unsupported(
        "text_cfg",
        text,
        &[TEXT, TEXT_OF_SIGLIP, &flags],
        &USUAL_TEXT,
    )?;
    for flag in flags {
        let value = text.get(flag).unwrap_or(&Value::Null);
        ensure!(
            *value == true,
            "text_cfg.{flag} is {value}, and true is expected of a SigLIP"
        );
    }
    let (vision, text) = (Table("vision_cfg", vision), Table("text_cfg", text));
    let name = vision.get("timm_model_name").and_then(Value::as_str);
    let vision_config = tower_of(name.unwrap_or_default(), vision.side("image_size", 224)?)?;
    let width = text.whole("width", 512)?;
    let config = SiglipConfig {
        text_config: SiglipTextConfig {
            vocab_size: text.whole("vocab_size", 49_408)?,
            hidden_size: width,
            intermediate_size: text.inner_width(width)?,
            num_hidden_layers: text.whole("layers", 12)?,
            num_attention_heads: text.whole("heads", 8)?,
            max_position_embeddings: text.whole("context_length", 77)?,
            hidden_act: activation(text)?,
            layer_norm_eps: text.eps()?,
        },
        vision_config,
    };
    let features = Table("model_cfg", model).whole("embed_dim", 512)?;
    let wanted = config.vision_config.hidden_size;
    ensure!(
        features == wanted,
        "model_cfg.embed_dim is {features}, and {wanted} is expected, the width of vision_cfg.timm_model_name"
    );
    // Its own numbers are checked above, by the names of this file.
    config.check().map_err(anyhow::Error::msg)?;
    Ok(config)
}

/// The tower that timm has under a name such as `vit_base_patch16_siglip_224`.
fn tower_of(name: &str, image_size: i64) -> anyhow::Result<VisionConfig> {
    let parts: Vec<&str> = name.split('_').collect();
    let ["vit", size, patch, "siglip", _] = parts.as_slice() else {
        bail!(
            "vision_cfg.timm_model_name is {name:?}, and one such as vit_base_patch16_siglip_224 is expected"
        );
    };
    let sizes = SIZES.iter().find(|(known, _)| known == size);
    let patch_size = patch.strip_prefix("patch").and_then(|it| it.parse().ok());
    let (Some((_, [width, layers, heads, inner])), Some(patch_size)) =
        (sizes, patch_size.filter(|it| (1..=image_size).contains(it)))
    else {
        bail!("vision_cfg.timm_model_name is {name:?}, whose sizes are not known here");
    };
    Ok(VisionConfig {
        hidden_size: *width,
        intermediate_size: *inner,
        num_hidden_layers: *layers,
        num_attention_heads: *heads,
        image_size,
        patch_size,
        hidden_act: if WITH_TANH.contains(&name) {
            Activation::GeluPytorchTanh
        } else {
            Activation::Gelu
        },
        layer_norm_eps: 1e-6,
        ..VisionConfig::default()
    })
}

fn activation(text: Table<'_>) -> anyhow::Result<Activation> {
    let Some(settings) = text.get("act_kwargs").and_then(Value::as_object) else {
        return Ok(Activation::Gelu);
    };
    match settings.get("approximate").map(Value::as_str) {
        None | Some(Some("none")) => Ok(Activation::Gelu),
        Some(Some("tanh")) if settings.len() == 1 => Ok(Activation::GeluPytorchTanh),
        _ => Err(anyhow::anyhow!("text_cfg.act_kwargs is {settings:?}"))
            .context("only approximate is known, and tanh or none of it"),
    }
}

/// Where open_clip's SigLIP keeps a parameter.
pub(crate) fn source(parameter: &str) -> Source {
    let whole = |tensor: String| Source::new(tensor, Part::Whole);
    if let Some(rest) = parameter.strip_prefix("text_model.encoder.") {
        return block_source(parameter)
            .map_or_else(|| whole(rest.to_owned()), |it| it.inside("text."));
    }
    if let Some(source) = vision_block(parameter) {
        return source;
    }
    match parameter {
        "vision_model.embeddings.position_embedding.weight" => {
            Source::new("visual.trunk.pos_embed".to_owned(), Part::OnlyRow)
        }
        "vision_model.head.attention.in_proj_weight" => {
            whole("visual.trunk.attn_pool.q.weight".to_owned())
                .and_below("visual.trunk.attn_pool.kv.weight")
        }
        "vision_model.head.attention.in_proj_bias" => {
            whole("visual.trunk.attn_pool.q.bias".to_owned())
                .and_below("visual.trunk.attn_pool.kv.bias")
        }
        _ => {
            let renamed = RENAMED.iter().find_map(|(ours, theirs)| {
                Some(format!("{theirs}{}", parameter.strip_prefix(ours)?))
            });
            whole(renamed.unwrap_or_else(|| parameter.to_owned()))
        }
    }
}

/// Prefixes of names outside the blocks: ours and open_clip's. The first that fits counts.
const RENAMED: [(&str, &str); 11] = [
    (
        "vision_model.embeddings.patch_embedding",
        "visual.trunk.patch_embed.proj",
    ),
    ("vision_model.post_layernorm", "visual.trunk.norm"),
    ("vision_model.head.probe", "visual.trunk.attn_pool.latent"),
    (
        "vision_model.head.attention.out_proj",
        "visual.trunk.attn_pool.proj",
    ),
    ("vision_model.head.layernorm", "visual.trunk.attn_pool.norm"),
    ("vision_model.head.mlp", "visual.trunk.attn_pool.mlp"),
    (
        "text_model.embeddings.token_embedding",
        "text.token_embedding",
    ),
    (
        "text_model.embeddings.position_embedding.weight",
        "text.positional_embedding",
    ),
    ("text_model.final_layer_norm", "text.ln_final"),
    ("text_model.head", "text.text_projection"),
    ("logit", "logit"),
];

/// The same for names in a block of the vision tower; `None` for others.
fn vision_block(parameter: &str) -> Option<Source> {
    let (layer, name) = parameter
        .strip_prefix("vision_model.encoder.layers.")?
        .split_once('.')?;
    let (module, kind) = name.rsplit_once('.')?;
    let (module, part) = match module {
        "layer_norm1" => ("norm1", Part::Whole),
        "layer_norm2" => ("norm2", Part::Whole),
        "self_attn.q_proj" => ("attn.qkv", Part::Third(0)),
        "self_attn.k_proj" => ("attn.qkv", Part::Third(1)),
        "self_attn.v_proj" => ("attn.qkv", Part::Third(2)),
        "self_attn.out_proj" => ("attn.proj", Part::Whole),
        other => (other, Part::Whole),
    };
    let tensor = format!("visual.trunk.blocks.{layer}.{module}.{kind}");
    Some(Source::new(tensor, part))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::model::shapes::parameter_shapes;

    fn read(change: impl FnOnce(&mut Value)) -> anyhow::Result<SiglipConfig> {
        let mut whole = json!({
            "model": {"embed_dim": 768, "init_logit_bias": -10, "custom_text": true},
            "vision": {"image_size": 224, "timm_model_name": "vit_base_patch16_siglip_224",
                "timm_model_pretrained": false, "timm_pool": "map", "timm_proj": "none"},
            "text": {"context_length": 64, "vocab_size": 32000, "hf_tokenizer_name": "timm/ViT-B-16-SigLIP",
                "tokenizer_kwargs": {"clean": "canonicalize"}, "width": 768, "heads": 12, "layers": 12,
                "no_causal_mask": true, "proj_bias": true, "pool_type": "last", "norm_kwargs": {"eps": 1e-6}},
        });
        change(&mut whole);
        let table = |name: &str| whole[name].as_object().expect("an object");
        siglip_config(table("model"), table("vision"), table("text"))
    }

    #[test]
    fn the_configuration_is_that_of_hugging_face_but_for_the_activation() {
        let mut expected = SiglipConfig::default();
        expected.text_config.hidden_act = Activation::Gelu;
        expected.vision_config.hidden_act = Activation::Gelu;
        assert_eq!(read(|_| {}).expect("a SigLIP"), expected);
        let tanh = read(|it| {
            it["text"]["act_kwargs"] = json!({"approximate": "tanh"});
            it["vision"]["timm_model_name"] = json!("vit_base_patch32_siglip_256");
        });
        let tanh = tanh.expect("a SigLIP 2");
        assert_eq!(tanh.text_config.hidden_act, Activation::GeluPytorchTanh);
        assert_eq!(tanh.vision_config.hidden_act, Activation::GeluPytorchTanh);
        assert_eq!(tanh.vision_config.patch_size, 32);
    }

    #[test]
    fn what_is_not_known_is_named() {
        for (table, name, value, words) in [
            ("vision", "timm_pool", json!("avg"), "timm_pool"),
            (
                "vision",
                "timm_model_name",
                json!("vit_base_patch16_siglip_gap_224"),
                "timm_model_name is",
            ),
            (
                "vision",
                "timm_model_name",
                json!("vit_huge_patch16_siglip_224"),
                "sizes are not known",
            ),
            (
                "vision",
                "timm_model_name",
                json!("vit_base_patch0_siglip_224"),
                "sizes are not known",
            ),
            ("text", "proj_bias", json!(false), "proj_bias is false"),
            ("text", "pool_type", json!("argmax"), "pool_type"),
            ("text", "heads", json!(7), "multiple of num_attention_heads"),
            (
                "text",
                "act_kwargs",
                json!({"approximate": "erf"}),
                "only approximate is known",
            ),
            (
                "model",
                "embed_dim",
                json!(512),
                "embed_dim is 512, and 768",
            ),
        ] {
            let error = read(|it| it[table][name] = value).expect_err(name);
            let message = format!("{error:#}");
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn no_parameter_keeps_our_name_and_none_is_named_twice() {
        let mut seen = BTreeSet::new();
        for name in parameter_shapes(&SiglipConfig::default().into()).into_keys() {
            let source = source(&name);
            let is_ours = source.tensor.contains("_model.") || source.tensor == name;
            assert!(name.starts_with("logit") || !is_ours, "{name}");
            assert!(seen.insert(format!("{source:?}")), "{name}");
        }
    }
}
