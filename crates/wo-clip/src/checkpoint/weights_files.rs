//! Finds the weights in a model's folder: one file, or several with an index. What cannot be read is refused by its content.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use wo_cli::Hint;

use crate::checkpoint::contents::{CONFIG, PREPROCESSOR, TOKENIZER, WEIGHTS};
use crate::checkpoint::format::{Format, format_of};
use crate::checkpoint::mapped_weights::MappedWeights;
use crate::checkpoint::shards::{INDEX, check_shard, shards_of};
use crate::checkpoint::text_file::text;

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
/// How the names of transformers' own pickles begin, of one and of several.
const PICKLE_START: &str = "pytorch_model";
/// What open_clip's own pickles are called.
const OPEN_CLIP_PICKLE: &str = "open_clip_pytorch_model.bin";

/// The weights files of a folder, or why none can be read. transformers too takes one file before several.
pub(crate) fn weights_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let is_there = |name: &&&str| folder.join(name).exists();
    let found = WEIGHTS_NAMES.iter().find(is_there);
    match found {
        Some(name) if *name == WEIGHTS || !folder.join(INDEX).exists() => {
            Ok(vec![safetensors_at(folder, name)?])
        }
        _ if folder.join(INDEX).exists() => shards(folder),
        _ => Err(other_weights(folder)?),
    }
}

fn safetensors_at(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    match format_of(&path).with_context(|| format!("{name} cannot be read"))? {
        Format::Safetensors => Ok(path),
        Format::Pt => {
            Err(anyhow!("{name} is a .pt of wo-train")).hint("give this file instead of the folder")
        }
    }
}

/// The files that the index names, each with the tensors that it should have.
fn shards(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let shards = shards_of(&text(folder, INDEX)?).context(INDEX)?;
    let paths = shards.keys().map(|name| safetensors_at(folder, name));
    let paths: Vec<PathBuf> = paths
        .collect::<anyhow::Result<_>>()
        .hint("fetch or copy the folder again, with all the files that the index names")?;
    let maps = MappedWeights::open(&paths)?;
    for ((name, tensors), wanted) in maps.by_file()?.iter().zip(shards.values()) {
        check_shard(wanted, tensors.keys().map(String::as_str)).with_context(|| name.clone())?;
    }
    Ok(paths)
}

/// What lies there instead of weights, and what to do about it.
fn other_weights(folder: &Path) -> anyhow::Result<anyhow::Error> {
    let mut others: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| FOREIGN_ENDINGS.contains(&ending))
        })
        .collect();
    others.sort();
    let hinted =
        |message: String, hint: String| anyhow::Error::from(wo_cli::Error::msg(message).hint(hint));
    let Some(other) = others.first() else {
        return Ok(hinted(
            format!("{WEIGHTS} is not there"),
            format!("give a folder with {WEIGHTS}, {CONFIG}, {TOKENIZER} and {PREPROCESSOR}"),
        ));
    };
    let name = other.file_name().unwrap_or_default().to_string_lossy();
    let command = if name == OPEN_CLIP_PICKLE {
        Some(convert_open_clip(folder))
    } else if name.starts_with(PICKLE_START) {
        Some(convert_hugging_face(folder))
    } else {
        None
    };
    if let Some(command) = command {
        let message = format!(
            "{WEIGHTS} is not there, only {name}, a pickle; pickles can run code, so it is not opened"
        );
        return Ok(hinted(message, command));
    }
    if let Err(error) = format_of(other) {
        return Ok(error.context(format!("{WEIGHTS} is not there, only {name}")));
    }
    Ok(hinted(
        format!("{WEIGHTS} is not there"),
        format!("if {name} is the model, name it {WEIGHTS}"),
    ))
}

/// The command that has transformers read its own pickles and write safetensors beside them.
fn convert_hugging_face(folder: &Path) -> String {
    let folder = wo_cli::shell_word(folder);
    format!(
        "if you trust it, with torch and transformers installed: python3 -c \"import sys; from transformers import AutoModel; \
         a = sys.argv[1]; AutoModel.from_pretrained(a).save_pretrained(a)\" {folder}"
    )
}

/// The command that reads a pickle of tensors without running code, and writes safetensors beside it.
fn convert_open_clip(folder: &Path) -> String {
    let folder = wo_cli::shell_word(folder);
    format!(
        "in the folder {folder}, with torch and safetensors installed: python3 -c \"import torch; from safetensors.torch \
         import save_file; w = torch.load('{OPEN_CLIP_PICKLE}', map_location='cpu', weights_only=True); w = \
         w.get('state_dict', w); save_file({{k.removeprefix('module.'): v.clone() for k, v in w.items()}}, \
         'open_clip_model.safetensors')\""
    )
}
