//! Reads a model folder of Hugging Face, open_clip or peft.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use wo_cli::Hint;
use wo_input::{Preprocessor, TextStyle};

use crate::checkpoint::adapter::{ADAPTER_CONFIG, ADAPTER_WEIGHTS, Adapter};
use crate::checkpoint::adapter_config::AdapterConfig;
use crate::checkpoint::contents::{
    CONFIG, Checkpoint, MANIFEST, OPEN_CLIP_CONFIG, TOKENIZER, WEIGHTS, Weights, config_of,
    tokenizer_of,
};
use crate::checkpoint::foreign_models::check_kind;
use crate::checkpoint::format::format_of;
use crate::checkpoint::mapped_weights::MappedWeights;
use crate::checkpoint::naming::Naming;
use crate::checkpoint::open_clip_config::config_of_json;
use crate::checkpoint::open_clip_shapes::config_of_shapes;
use crate::checkpoint::preprocessor_files::{need_preprocessor, preprocessor};
use crate::checkpoint::shards::INDEX;
use crate::checkpoint::text_file::text;
use crate::checkpoint::tokenizer_files::tokenizer_json;
use crate::checkpoint::weights::Tensors;
use crate::checkpoint::weights_files::weights_files;
use crate::model::config::ModelConfig;

/// Finds the folder of the base model that an adapter names, with its revision.
pub type FindBase<'a> = &'a dyn Fn(&str, Option<&str>) -> anyhow::Result<PathBuf>;

/// Reads all but the weights, of which only names and shapes are checked.
pub(crate) fn read_folder(folder: &Path, find_base: FindBase<'_>) -> anyhow::Result<Checkpoint> {
    let is_adapter = folder.join(ADAPTER_CONFIG).exists()
        && !folder.join(WEIGHTS).exists()
        && !folder.join(INDEX).exists();
    if is_adapter {
        return read_adapter(folder, find_base);
    }
    let paths = weights_files(folder)?;
    read_parts(folder, &paths, Weights::Files(paths.clone()))
}

/// Reads what lies beside the weights.
fn read_parts(folder: &Path, paths: &[PathBuf], weights: Weights) -> anyhow::Result<Checkpoint> {
    let maps = MappedWeights::open(paths)?;
    let tensors = maps.tensors()?;
    let naming = Naming::of(tensors.keys().map(String::as_str));
    let (mut config, of_open_clip) = match naming {
        Naming::HuggingFace => (config(folder)?, None),
        Naming::OpenClip | Naming::OpenClipSiglip | Naming::OpenClipTimm => {
            open_clip_config(folder, naming, &tensors)?
        }
    };
    let style = match naming {
        Naming::OpenClipSiglip => TextStyle::OpenClipSiglip,
        Naming::OpenClip | Naming::OpenClipTimm | Naming::HuggingFace => config.text_style(),
    };
    let tokenizer = tokenizer_of(&config, &tokenizer_json(folder, style)?, style)?;
    if let (Naming::OpenClip, ModelConfig::Clip(config)) = (naming, &mut config) {
        // open_clip pools at the largest id, whatever token that is.
        ensure!(
            tokenizer.end_of_text() == tokenizer.largest_id(),
            "{TOKENIZER}: open_clip's models need the end of a text to be the largest id"
        );
        config.text_config.eos_token_id = i64::from(tokenizer.end_of_text());
    }
    let preprocessor = match of_open_clip {
        Some(preprocessor) => preprocessor,
        None if naming == Naming::OpenClip => {
            let usual = || Preprocessor::clip(config.vision().image_size as u32);
            preprocessor(folder)?.unwrap_or_else(usual)
        }
        None => need_preprocessor(folder)?,
    };
    let has_manifest = folder.join(MANIFEST).exists();
    let manifest = has_manifest.then(|| text(folder, MANIFEST)).transpose()?;
    Checkpoint::assemble(
        config,
        tokenizer,
        preprocessor,
        manifest.as_deref(),
        weights,
    )
}

/// Reads an adapter of peft onto its base model.
fn read_adapter(folder: &Path, find_base: FindBase<'_>) -> anyhow::Result<Checkpoint> {
    let adapter_config = AdapterConfig::from_json(&text(folder, ADAPTER_CONFIG)?)
        .map_err(anyhow::Error::msg)
        .context(ADAPTER_CONFIG)
        .hint_with(|| Some(merge_command(folder)))?;
    let path = folder.join(ADAPTER_WEIGHTS);
    format_of(&path)
        .with_context(|| format!("{ADAPTER_WEIGHTS} cannot be read"))
        .hint_with(|| Some(merge_command(folder)))?;
    let base = find_base(&adapter_config.base, adapter_config.revision.as_deref())
        .with_context(|| format!("the adapter changes the model {}", adapter_config.base))?;
    ensure!(
        !base.join(ADAPTER_CONFIG).exists(),
        "{ADAPTER_CONFIG}: base_model_name_or_path is {:?}, which is an adapter too",
        adapter_config.base
    );
    let name = adapter_config.base.clone();
    let paths = weights_files(&base).with_context(|| format!("read the base model {name}"))?;
    let adapter = Adapter::new(path, adapter_config);
    let weights = Weights::Adapted(paths.clone(), adapter);
    read_parts(&base, &paths, weights)
        .with_context(|| format!("read the base model {name}"))
        .hint_with(|| Some(merge_command(folder)))
}

/// The command that merges an adapter in Python.
fn merge_command(folder: &Path) -> String {
    let folder = wo_cli::shell_word(folder);
    format!(
        "merge it with peft, where its base model can be had, and give the folder merged: python3 -c \"import sys; from peft \
         import PeftConfig, PeftModel; from transformers import AutoModel, AutoProcessor; a = sys.argv[1]; b = \
         PeftConfig.from_pretrained(a).base_model_name_or_path; m = PeftModel.from_pretrained(AutoModel.from_pretrained(b), \
         a).merge_and_unload(); m.save_pretrained('merged'); AutoProcessor.from_pretrained(b).save_pretrained('merged')\" \
         {folder}"
    )
}

/// Looks for the base of an adapter on this disk only.
///
/// # Errors
/// Fails if there is no such folder.
pub fn find_on_disk(name: &str, _revision: Option<&str>) -> anyhow::Result<PathBuf> {
    let path = PathBuf::from(name);
    if path.is_dir() {
        return Ok(path);
    }
    Err(anyhow!("there is no folder {name}"))
        .hint("set base_model_name_or_path in adapter_config.json to the folder of the base model")
}

fn config(folder: &Path) -> anyhow::Result<ModelConfig> {
    let text = text(folder, CONFIG)?;
    check_kind(&text)?;
    config_of(&text)
}

/// From open_clip's own configuration, else from one of Hugging Face, else from the shapes.
fn open_clip_config(
    folder: &Path,
    naming: Naming,
    tensors: &Tensors<'_>,
) -> anyhow::Result<(ModelConfig, Option<Preprocessor>)> {
    if folder.join(OPEN_CLIP_CONFIG).exists() {
        return config_of_json(&text(folder, OPEN_CLIP_CONFIG)?).context(OPEN_CLIP_CONFIG);
    }
    if folder.join(CONFIG).exists() {
        return Ok((config(folder)?, None));
    }
    if naming == Naming::OpenClipSiglip {
        return Err(anyhow!("{OPEN_CLIP_CONFIG} is not there, which says what sort of SigLIP it is"))
            .hint("put it beside the weights, from where they are; or take the model as transformers has it, such \
                as google/siglip-base-patch16-224");
    }
    if naming == Naming::OpenClipTimm {
        return Err(anyhow!(
            "{OPEN_CLIP_CONFIG} is not there, which says what vision tower the model has"
        ))
        .hint("put it beside the weights, from where they are");
    }
    let config = config_of_shapes(tensors).with_context(|| {
        format!("there is no {OPEN_CLIP_CONFIG}, and the weights do not tell the model")
    })?;
    Ok((config.into(), None))
}
