//! Reads a checkpoint: a folder of Hugging Face or open_clip, or one `.pt` file.

use std::borrow::Cow;
use std::fs;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, anyhow};
use wo_cli::Hint;

use crate::checkpoint::contents::{CONFIG, Checkpoint, MANIFEST, PREPROCESSOR, TOKENIZER, WEIGHTS};
use crate::checkpoint::format::{Format, format_of};
use crate::checkpoint::model_folder::{FindBase, find_on_disk, read_folder};
use crate::checkpoint::pt_file::read_pt;

/// Reads a model. Checks names and shapes of its weights here, their values when the model is built.
///
/// It is one of four: a Hugging Face folder with `config.json`, `model.safetensors` (or several files with their index),
/// `tokenizer.json` (or `vocab.json` and `merges.txt`) and `preprocessor_config.json` (or `processor_config.json`); a
/// folder of peft with a low-rank adapter, whose base is one of the others on this disk; an open_clip folder with `open_clip_model.safetensors`,
/// `open_clip_pytorch_model.safetensors` or such names in `model.safetensors`, a `tokenizer.json`, and
/// `open_clip_config.json` unless shapes tell enough (widths up to 1024, and the exact Gaussian error linear unit); or a
/// `.pt` file of `wo-train`. Anything else is rejected by its content, pickles first.
pub fn read_checkpoint(path: &Path) -> anyhow::Result<Checkpoint> {
    read_checkpoint_on(path, &find_on_disk)
}

/// The same, with a way to find the base model of an adapter.
pub fn read_checkpoint_on(path: &Path, find_base: FindBase<'_>) -> anyhow::Result<Checkpoint> {
    read(path, find_base).with_context(|| format!("read the model {}", path.display()))
}

fn read(path: &Path, find_base: FindBase<'_>) -> anyhow::Result<Checkpoint> {
    if fs::metadata(path)?.is_dir() {
        return read_folder(path, find_base);
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
