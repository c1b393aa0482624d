//! Models that are not of two towers, told by their `config.json`, with a way out for each.

use serde_json::Value;
use wo_cli::Error;
use wo_input::parse_json;

const WHOLE: &str = "start from the whole model that this tower was cut from; config.json or the model's page names it, mostly \
                     one such as openai/clip-vit-base-patch32";
const TABLE: &str = "models/README.md lists what can be read";

/// Values of `model_type`, what they are, and a way out.
const KINDS: [(&str, &str, &str); 12] = [
    (
        "clip_vision_model",
        "a vision tower without its text tower",
        WHOLE,
    ),
    (
        "clip_text_model",
        "a text tower without its vision tower",
        WHOLE,
    ),
    (
        "siglip_vision_model",
        "a vision tower without its text tower",
        WHOLE,
    ),
    (
        "siglip_text_model",
        "a text tower without its vision tower",
        WHOLE,
    ),
    ("clipseg", "CLIPSeg, which draws masks", TABLE),
    (
        "chinese_clip",
        "Chinese-CLIP, whose text tower is BERT",
        TABLE,
    ),
    ("altclip", "AltCLIP, whose text tower is XLM-R", TABLE),
    ("xclip", "X-CLIP, which reads videos", TABLE),
    (
        "align",
        "ALIGN, whose towers are EfficientNet and BERT",
        TABLE,
    ),
    ("blip", "BLIP, which writes texts", TABLE),
    ("vit", "a ViT without a text tower", TABLE),
    ("dinov2", "DINOv2, which has no text tower", TABLE),
];

/// Refuses the `config.json` of another kind of model, and one of weights that were packed into fewer bits.
pub(crate) fn check_kind(config: &str) -> anyhow::Result<()> {
    // What is no JSON is said where it is read.
    let Ok(value) = parse_json::<Value>(config) else {
        return Ok(());
    };
    let kind = value.get("model_type").and_then(Value::as_str);
    if let Some((name, what, cure)) = KINDS.into_iter().find(|(name, ..)| Some(*name) == kind) {
        let message = format!(
            "config.json: model_type is {name:?}, {what}, and a CLIP with both towers is expected"
        );
        return Err(Error::msg(message).hint(cure).into());
    }
    if value
        .get("quantization_config")
        .is_some_and(|it| !it.is_null())
    {
        let message =
            "config.json: quantization_config is set, and weights of 16 or 32 bits are expected";
        let cure = "take the model as it was before it was quantized; its page on the Hub names it as the base model";
        return Err(Error::msg(message).hint(cure).into());
    }
    Ok(())
}
