//! Which file of a folder says how images are made into pixels: the rule of transformers 5, which writes
//! `processor_config.json` with an `image_processor` in it, and reads that one first.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde_json::Value;
use wo_cli::Hint;
use wo_input::{Preprocessor, parse_json};

use crate::checkpoint::contents::PREPROCESSOR;
use crate::checkpoint::text_file::text;

/// What a whole processor is written to: the tokenizer's settings, and since transformers 5 those of images.
const PROCESSOR: &str = "processor_config.json";
/// Its field for images.
const IMAGES: &str = "image_processor";

/// The preprocessing that a folder asks for; `None` where no file says it.
pub(crate) fn preprocessor(folder: &Path) -> anyhow::Result<Option<Preprocessor>> {
    let nested = match json_of(folder, PROCESSOR)? {
        Some(mut processor) => processor.get_mut(IMAGES).map(Value::take),
        None => None,
    };
    let of = |settings: &Value, file: String| Preprocessor::from_config(settings).context(file);
    let nested = nested.map(|it| of(&it, format!("{PROCESSOR}: {IMAGES}")));
    let nested = nested.transpose()?;
    let plain = match (json_of(folder, PREPROCESSOR)?, &nested) {
        // transformers does not look at it then; what it says may be of no use.
        (Some(settings), Some(_)) => Preprocessor::from_config(&settings).ok(),
        (Some(settings), None) => Some(of(&settings, PREPROCESSOR.to_owned())?),
        (None, _) => None,
    };
    if let (Some(nested), Some(plain)) = (&nested, &plain)
        && nested != plain
    {
        wo_cli::warn!(
            "{} and {} in {} ask for different pixels; the first counts, as in transformers",
            PROCESSOR, PREPROCESSOR, folder.display();
            "remove the one that the model was not trained with"
        );
    }
    Ok(nested.or(plain))
}

/// The same where one must say it.
pub(crate) fn need_preprocessor(folder: &Path) -> anyhow::Result<Preprocessor> {
    match preprocessor(folder)? {
        Some(preprocessor) => Ok(preprocessor),
        None => Err(anyhow!(
            "{PREPROCESSOR} is not there, and no {PROCESSOR} with {IMAGES} in it"
        ))
        .hint(
            "copy the file from the model that this one was made of; without it nobody knows how it sees images",
        ),
    }
}

fn json_of(folder: &Path, name: &str) -> anyhow::Result<Option<Value>> {
    if !folder.join(name).exists() {
        return Ok(None);
    }
    let value = parse_json(&text(folder, name)?).map_err(anyhow::Error::msg);
    Ok(Some(value.context(name.to_owned())?))
}
