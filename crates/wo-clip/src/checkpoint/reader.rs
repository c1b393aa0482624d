//! Reads a checkpoint: a folder of Hugging Face or open_clip, or one `.pt` file.

use std::borrow::Cow;
use std::fs;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, anyhow};
use wo_cli::Hint;

use crate::checkpoint::contents::{CONFIG, Checkpoint, MANIFEST, PREPROCESSOR, TOKENIZER, WEIGHTS};
use crate::checkpoint::format::{Format, format_of};
use crate::checkpoint::model_folder::read_folder;
use crate::checkpoint::pt_file::read_pt;

/// Reads a model. Checks names and shapes of its weights here, their values when the model is built.
///
/// It is one of three: a Hugging Face folder with `config.json`, `model.safetensors`, `tokenizer.json` and
/// `preprocessor_config.json`; an open_clip folder with `open_clip_model.safetensors`,
/// `open_clip_pytorch_model.safetensors` or such names in `model.safetensors`, a `tokenizer.json`, and
/// `open_clip_config.json` unless shapes tell enough (widths up to 1024, and the exact Gaussian error linear unit); or a
/// `.pt` file of `wo-train`. Anything else is rejected by its content, pickles first.
pub fn read_checkpoint(path: &Path) -> anyhow::Result<Checkpoint> {
    read(path).with_context(|| format!("read the model {}", path.display()))
}

fn read(path: &Path) -> anyhow::Result<Checkpoint> {
    if fs::metadata(path)?.is_dir() {
        return read_folder(path);
    }
    match format_of(path)? {
        Format::Pt => {}
        Format::Safetensors => {
            let message = "safetensors alone, without tokenizer and preprocessing";
            return Err(anyhow!(message)).hint(format!(
                "give the folder that holds {WEIGHTS}, {CONFIG}, {TOKENIZER} and {PREPROCESSOR}"
            ));
        }
    }
    let (weights, texts) = read_pt(BufReader::new(wo_cli::open_file(path)?))?;
    let text = |name: &str| texts.get(name).map(String::as_str);
    let need = |name: &str| text(name).with_context(|| format!("{name} is missing in it"));
    Checkpoint::from_parts(
        need(CONFIG)?,
        need(TOKENIZER)?,
        need(PREPROCESSOR)?,
        text(MANIFEST),
        Cow::Owned(weights),
    )
}
