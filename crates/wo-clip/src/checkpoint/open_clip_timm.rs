//! Reads open_clip's configuration of a model with a vision tower of timm: the `model_cfg` of `open_clip_config.json`.

use std::ops::RangeInclusive;

use anyhow::{Context, anyhow, ensure};
use serde_json::{Map, Value};
use wo_cli::Hint;

use crate::checkpoint::open_clip_table::{
    MODEL_IDLE, TEXT, TEXT_IDLE, Table, USUAL_TEXT, activation, reject_unsupported,
};
use crate::model::timm_config::{KNOWN_TOWERS, TimmConfig, TimmTower};

const MODEL: &[&str] = &[
    "embed_dim",
    "quick_gelu",
    "vision_cfg",
    "text_cfg",
    "custom_text",
];
const VISION: &[&str] = &["timm_model_name", "timm_pool", "timm_proj", "image_size"];
/// For training only, or passed over by open_clip where a tower is timm's.
const VISION_IDLE: &[&str] = &[
    "timm_model_pretrained",
    "timm_proj_bias",
    "timm_drop",
    "timm_drop_path",
    "patch_dropout",
    "layers",
    "width",
    "patch_size",
    "head_width",
    "mlp_ratio",
];
/// The field of the text tower that those of CLIP lack.
const BOTH_WAYS: &str = "no_causal_mask";
/// Sides of images for towers that take several.
const IMAGE_SIZES: RangeInclusive<i64> = 64..=1024;

/// The name of the vision tower in timm, of a model that has one.
pub(crate) fn timm_name(vision: &Map<String, Value>) -> Option<&Value> {
    vision.get("timm_model_name").filter(|it| !it.is_null())
}

/// The configuration of a model whose vision tower has this name.
pub(crate) fn timm_config(
    name: &Value,
    model: &Map<String, Value>,
    vision: &Map<String, Value>,
    text: &Map<String, Value>,
) -> anyhow::Result<TimmConfig> {
    let tower = tower_of(name)?;
    reject_unsupported("model_cfg", model, &[MODEL, MODEL_IDLE], &[])?;
    reject_unsupported("vision_cfg", vision, &[VISION, VISION_IDLE], &[])?;
    let known = [TEXT, TEXT_IDLE, &[BOTH_WAYS]];
    reject_unsupported("text_cfg", text, &known, &USUAL_TEXT)?;
    let hidden_act = activation(model)?;
    let (vision, text) = (Table("vision_cfg", vision), Table("text_cfg", text));
    check_head(&vision, &tower)?;
    Ok(TimmConfig {
        name: name.as_str().unwrap_or_default().to_owned(),
        image_size: image_size(&vision, &tower)?,
        vision: tower,
        // A text has a start and an end.
        text_config: text.clip_text(hidden_act, text.at_least("context_length", 77, 2)?)?,
        is_causal: !text.flag(BOTH_WAYS)?,
        projection_dim: Table("model_cfg", model).whole("embed_dim", 512)?,
    })
}

/// The tower of a name, or why there is none and what to take instead.
fn tower_of(name: &Value) -> anyhow::Result<TimmTower> {
    let text = name
        .as_str()
        .with_context(|| format!("vision_cfg.timm_model_name is {name}, and a name is expected"))?;
    TimmTower::of_name(text)
        .ok_or_else(|| {
            anyhow!("vision_cfg.timm_model_name is {name}, a tower that our model does not have")
        })
        .hint(way_out(text))
}

/// What to take instead of a tower that is not known.
fn way_out(name: &str) -> String {
    let has = |part: &str| name.contains(part);
    if has("siglip") {
        return "take the model as transformers publish it, such as google/siglip-base-patch16-224"
            .to_owned();
    }
    if has("pe_core") {
        return "take a smaller one, such as timm/PE-Core-L-14-336".to_owned();
    }
    if ["convnext", "eva", "resnet", "clip"].into_iter().any(has) {
        return "take a vision transformer instead, such as openai/clip-vit-base-patch16 or timm/PE-Core-B-16"
            .to_owned();
    }
    format!(
        "the towers of timm that are known: {}",
        KNOWN_TOWERS.join(", ")
    )
}

/// Checks what follows the tower.
fn check_head(vision: &Table<'_>, tower: &TimmTower) -> anyhow::Result<()> {
    let (pool, expected) = (vision.get("timm_pool"), tower.pool());
    let found = pool.map_or(Some("avg"), Value::as_str);
    ensure!(
        found == Some(expected),
        "vision_cfg.timm_pool is {}, and \"{expected}\" is expected for this tower",
        pool.unwrap_or(&Value::Null)
    );
    match vision.1.get("timm_proj") {
        Some(Value::Null) => Ok(()),
        Some(Value::String(name)) if name.is_empty() => Ok(()),
        // open_clip's default is a projection of its own.
        other => Err(anyhow!(
            "vision_cfg.timm_proj is {}, and null is expected, as in PE-Core and MobileCLIP",
            other.map_or("not there".to_owned(), Value::to_string)
        )),
    }
}

fn image_size(vision: &Table<'_>, tower: &TimmTower) -> anyhow::Result<i64> {
    let size = vision.side("image_size", 224)?;
    match tower {
        TimmTower::FastVit(config) => {
            let unit = config.reduction();
            ensure!(
                IMAGE_SIZES.contains(&size) && size % unit == 0,
                "vision_cfg.image_size is {size}, and a multiple of {unit} from {} to {} is expected",
                IMAGE_SIZES.start(),
                IMAGE_SIZES.end()
            );
        }
        TimmTower::Vit(config) => ensure!(
            size == config.image_size,
            "vision_cfg.image_size is {size}, and the {} of this tower are expected",
            config.image_size
        ),
    }
    Ok(size)
}
