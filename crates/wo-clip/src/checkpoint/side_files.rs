//! What lies beside the weights in a folder that transformers reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wo_input::ImageProcessor;

use crate::checkpoint::contents::{
    CONFIG, Checkpoint, MANIFEST, OPEN_CLIP_CONFIG, OPEN_CLIP_TYPE, PREPROCESSOR, TOKENIZER,
};
use crate::model::config::ModelConfig;

/// The texts that we read again, by the names of their files. A `.pt` holds them too.
pub(crate) fn texts(checkpoint: &Checkpoint) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let preprocessor = match &checkpoint.config {
        ModelConfig::Clip(_) => checkpoint.preprocessor.to_config(ImageProcessor::Clip),
        ModelConfig::Siglip(_) => checkpoint.preprocessor.to_config(ImageProcessor::Siglip),
        // As open_clip reads it, whose crops can differ by a pixel.
        ModelConfig::Timm(_) => checkpoint.preprocessor.to_open_clip_config(),
    };
    let mut texts = BTreeMap::from([
        (CONFIG, pretty(&config_json(&checkpoint.config))),
        (TOKENIZER, checkpoint.tokenizer.json().to_owned()),
        (PREPROCESSOR, pretty(&preprocessor)),
    ]);
    if let Some(manifest) = &checkpoint.manifest {
        texts.insert(MANIFEST, pretty(&serde_json::to_value(manifest)?));
    }
    Ok(texts)
}

/// What `config.json` says. Models that only open_clip has are marked as such.
fn config_json(config: &ModelConfig) -> Value {
    match config {
        ModelConfig::Clip(_) | ModelConfig::Siglip(_) => config.to_json(),
        ModelConfig::Timm(_) => json!({
            "model_type": OPEN_CLIP_TYPE,
            "model_cfg": config.to_json(),
        }),
    }
}

/// The texts that make `AutoProcessor.from_pretrained` pick the right tokenizer.
pub(crate) fn texts_for_python(checkpoint: &Checkpoint) -> BTreeMap<&'static str, String> {
    let special_tokens = special_tokens(checkpoint);
    let mut config = special_tokens.clone();
    config["model_max_length"] = json!(checkpoint.config.text().n_positions);
    match &checkpoint.config {
        ModelConfig::Clip(_) | ModelConfig::Timm(_) => {
            config["tokenizer_class"] = json!("CLIPTokenizer");
            config["processor_class"] = json!("CLIPProcessor");
            config["do_lower_case"] = json!(true);
        }
        ModelConfig::Siglip(_) => {
            // As tokenizer.json has it. SiglipTokenizer reads another file.
            config["tokenizer_class"] = json!("PreTrainedTokenizerFast");
            config["processor_class"] = json!("SiglipProcessor");
            config["padding_side"] = json!("right");
            // The model is trained to see what fills up a text, so there is no mask.
            config["model_input_names"] = json!(["input_ids"]);
        }
    }
    let mut texts = BTreeMap::from([
        ("tokenizer_config.json", pretty(&config)),
        ("special_tokens_map.json", pretty(&special_tokens)),
    ]);
    if let ModelConfig::Timm(config) = &checkpoint.config {
        let open_clip = json!({
            "model_cfg": config.to_json(),
            "preprocess_cfg": checkpoint.preprocessor.to_open_clip(),
        });
        texts.insert(OPEN_CLIP_CONFIG, pretty(&open_clip));
    }
    texts
}

fn special_tokens(checkpoint: &Checkpoint) -> Value {
    let tokenizer = &checkpoint.tokenizer;
    match &checkpoint.config {
        ModelConfig::Clip(_) | ModelConfig::Timm(_) => json!({
            "bos_token": "<|startoftext|>",
            "eos_token": "<|endoftext|>",
            "pad_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
        }),
        ModelConfig::Siglip(_) => json!({
            "eos_token": tokenizer.token(tokenizer.end_of_text()),
            "pad_token": tokenizer.token(tokenizer.padding()),
            "unk_token": "<unk>",
        }),
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
