//! Reads a model folder of Hugging Face or open_clip.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use safetensors::SafeTensors;
use wo_cli::Hint;
use wo_input::{Preprocessor, TextStyle, Tokenizer};

use crate::checkpoint::contents::{
    CONFIG, Checkpoint, MANIFEST, OPEN_CLIP_CONFIG, PREPROCESSOR, TOKENIZER, WEIGHTS, Weights,
    config_of, map_file, preprocessor_of, tokenizer_of,
};
use crate::checkpoint::format::{Format, format_of};
use crate::checkpoint::naming::Naming;
use crate::checkpoint::open_clip_config::config_of_json;
use crate::checkpoint::open_clip_shapes::config_of_shapes;
use crate::checkpoint::pt_file::MAX_TEXT;
use crate::checkpoint::weights::WeightsError;
use crate::model::config::ModelConfig;

/// File names of weights; the first that exists counts. The second is what open_clip's `push_to_hf_hub` writes today.
const WEIGHTS_NAMES: [&str; 3] = [
    WEIGHTS,
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
];
/// File extensions of weights by other programs.
const FOREIGN_ENDINGS: [&str; 10] = [
    "safetensors",
    "bin",
    "pt",
    "pth",
    "ckpt",
    "h5",
    "msgpack",
    "onnx",
    "gguf",
    "npz",
];

/// Reads all but the weights, of which only names and shapes are checked.
pub(crate) fn read_folder(folder: &Path) -> anyhow::Result<Checkpoint> {
    let weights = weights_of(folder)?;
    let name = weights.file_name().unwrap_or_default().to_string_lossy();
    let map = map_file(&weights).with_context(|| format!("open {name}"))?;
    let file = SafeTensors::deserialize(&map)
        .map_err(WeightsError::from)
        .with_context(|| format!("read {name}"))?;
    let naming = Naming::of(file.names().into_iter());
    let (mut config, preprocessor) = match naming {
        Naming::HuggingFace => (config(folder)?, None),
        Naming::OpenClip | Naming::OpenClipSiglip | Naming::OpenClipTimm => {
            open_clip_config(folder, naming, &file)?
        }
    };
    let tokenizer = tokenizer(folder, naming, &config)?;
    if let (Naming::OpenClip, ModelConfig::Clip(config)) = (naming, &mut config) {
        // open_clip pools at the largest id, whatever token that is.
        ensure!(
            tokenizer.end_of_text() == tokenizer.largest_id(),
            "{TOKENIZER}: open_clip's models need the end of a text to be the largest id"
        );
        config.text_config.eos_token_id = i64::from(tokenizer.end_of_text());
    }
    let preprocessor = match preprocessor {
        Some(preprocessor) => preprocessor,
        None if naming == Naming::OpenClip && !folder.join(PREPROCESSOR).exists() => {
            Preprocessor::clip(config.vision().image_size as u32)
        }
        None => preprocessor_of(&text(folder, PREPROCESSOR)?)?,
    };
    let has_manifest = folder.join(MANIFEST).exists();
    let manifest = has_manifest.then(|| text(folder, MANIFEST)).transpose()?;
    Checkpoint::assemble(
        config,
        tokenizer,
        preprocessor,
        manifest.as_deref(),
        Weights::File(weights),
    )
}

/// The weights file, or why none can be read.
fn weights_of(folder: &Path) -> anyhow::Result<PathBuf> {
    let found = WEIGHTS_NAMES
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.exists());
    if let Some(path) = found {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return match format_of(&path).with_context(|| format!("{name} cannot be read"))? {
            Format::Safetensors => Ok(path),
            Format::Pt => Err(anyhow!("{name} is a .pt of wo-train"))
                .hint("give this file instead of the folder"),
        };
    }
    if folder.join(format!("{WEIGHTS}.index.json")).exists() {
        return Err(anyhow!("the weights are in several files")).hint(
            "in Python, save_pretrained(folder, max_shard_size=\"20GB\") of the loaded model writes one",
        );
    }
    let mut others: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| FOREIGN_ENDINGS.contains(&ending))
        })
        .collect();
    others.sort();
    let Some(other) = others.first() else {
        return Err(anyhow!("{WEIGHTS} is not there")).hint(format!(
            "give a folder with {WEIGHTS}, {CONFIG}, {TOKENIZER} and {PREPROCESSOR}"
        ));
    };
    let name = other.file_name().unwrap_or_default().to_string_lossy();
    format_of(other).with_context(|| format!("{WEIGHTS} is not there, only {name}"))?;
    Err(anyhow!("{WEIGHTS} is not there"))
        .hint(format!("if {name} is the model, name it {WEIGHTS}"))
}

fn config(folder: &Path) -> anyhow::Result<ModelConfig> {
    config_of(&text(folder, CONFIG)?)
}

/// From open_clip's own configuration, else from one of Hugging Face, else from the shapes.
fn open_clip_config(
    folder: &Path,
    naming: Naming,
    file: &SafeTensors<'_>,
) -> anyhow::Result<(ModelConfig, Option<Preprocessor>)> {
    if folder.join(OPEN_CLIP_CONFIG).exists() {
        return config_of_json(&text(folder, OPEN_CLIP_CONFIG)?).context(OPEN_CLIP_CONFIG);
    }
    if folder.join(CONFIG).exists() {
        return Ok((config(folder)?, None));
    }
    if naming == Naming::OpenClipSiglip {
        return Err(anyhow!("{OPEN_CLIP_CONFIG} is not there, which says what sort of SigLIP it is"))
            .hint(format!("put it beside the weights, from where they are; or take the model as transformers has it, such \
                as google/siglip-base-patch16-224"));
    }
    if naming == Naming::OpenClipTimm {
        return Err(anyhow!(
            "{OPEN_CLIP_CONFIG} is not there, which says what vision tower the model has"
        ))
        .hint("put it beside the weights, from where they are");
    }
    let config = config_of_shapes(file).with_context(|| {
        format!("there is no {OPEN_CLIP_CONFIG}, and the weights do not tell the model")
    })?;
    Ok((config.into(), None))
}

fn tokenizer(folder: &Path, naming: Naming, config: &ModelConfig) -> anyhow::Result<Tokenizer> {
    let is_clips = matches!(naming, Naming::OpenClip | Naming::OpenClipTimm);
    if is_clips && !folder.join(TOKENIZER).exists() {
        let message =
            format!("{TOKENIZER} is not there; open_clip has its tokenizer in the program");
        return Err(anyhow!(message)).hint(format!(
            "put the {TOKENIZER} of openai/clip-vit-base-patch32 beside the weights; all CLIPs with a vocabulary of 49408 \
             have the same"
        ));
    }
    let style = match naming {
        Naming::OpenClipSiglip => TextStyle::OpenClipSiglip,
        Naming::OpenClip | Naming::OpenClipTimm | Naming::HuggingFace => config.text_style(),
    };
    Ok(tokenizer_of(config, &text(folder, TOKENIZER)?, style)?)
}

/// Reads a text file of the folder.
fn text(folder: &Path, name: &str) -> anyhow::Result<String> {
    let read = || -> anyhow::Result<String> {
        let path = folder.join(name);
        ensure!(fs::metadata(&path)?.is_file(), "not a regular file");
        let mut text = String::new();
        wo_cli::open_file(&path)?
            .take(MAX_TEXT + 1)
            .read_to_string(&mut text)?;
        ensure!(text.len() as u64 <= MAX_TEXT, "more than {MAX_TEXT} bytes");
        Ok(text)
    };
    read().with_context(|| format!("read {name}"))
}
