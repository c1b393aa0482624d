//! The tokenizer of a folder: `tokenizer.json`, or the `vocab.json` and `merges.txt` of older folders.

use std::path::Path;

use anyhow::{Context, anyhow, ensure};
use wo_cli::Hint;
use wo_input::{TextStyle, clip_tokenizer_json};

use crate::checkpoint::contents::TOKENIZER;
use crate::checkpoint::text_file::text;

const VOCABULARY: &str = "vocab.json";
const MERGES: &str = "merges.txt";
/// Tokens beyond the vocabulary, in folders of transformers before version 4.
const ADDED: &str = "added_tokens.json";

/// The `tokenizer.json` of a folder, or the one that `CLIPTokenizer` makes of the older files.
pub(crate) fn tokenizer_json(folder: &Path, style: TextStyle) -> anyhow::Result<String> {
    let is_there = |name: &str| folder.join(name).exists();
    if is_there(TOKENIZER) {
        return text(folder, TOKENIZER);
    }
    if style != TextStyle::Clip {
        return Err(anyhow!(
            "{TOKENIZER} is not there; spiece.model alone is not read"
        ))
        .hint(format!(
            "put the {TOKENIZER} of the model on the Hub beside the weights, such as that of \
             google/siglip-base-patch16-224"
        ));
    }
    if !(is_there(VOCABULARY) && is_there(MERGES)) {
        let message = format!(
            "{TOKENIZER} is not there, nor {VOCABULARY} with {MERGES}; open_clip has its tokenizer in the program"
        );
        return Err(anyhow!(message)).hint(format!(
            "put the {TOKENIZER} of openai/clip-vit-base-patch32 beside the weights; all CLIPs with a vocabulary of 49408 \
             have the same"
        ));
    }
    ensure!(
        !is_there(ADDED),
        "{ADDED} is there without a {TOKENIZER}, and how its tokens are cut is not known"
    );
    let (vocabulary, merges) = (text(folder, VOCABULARY)?, text(folder, MERGES)?);
    clip_tokenizer_json(&vocabulary, &merges)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("{VOCABULARY} and {MERGES}"))
}
