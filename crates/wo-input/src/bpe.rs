//! Trains a byte-pair tokenizer like CLIP's on the captions at hand, for models from scratch.

use std::collections::HashSet;

use serde_json::{Value, json};
use tokenizers::models::bpe::BpeTrainer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, ModelWrapper, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
    Tokenizer, Trainer,
};

use crate::TokenizerError;
use crate::fields::{Fields, parse_json};
use crate::tokenizer_check::MAX_ID;

/// The pattern by which CLIP splits a text before it merges bytes (openai/CLIP `simple_tokenizer.py`).
const WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";
/// What frames a text.
const START_OF_TEXT: &str = "<|startoftext|>";
const END_OF_TEXT: &str = "<|endoftext|>";
/// The suffix of the last piece of a word.
const END_OF_WORD: &str = "</w>";

/// Trains byte-pair merges on `texts` and returns a `tokenizer.json` that `CLIPTokenizerFast` reads.
///
/// The vocabulary is laid out as CLIP's: each byte, each byte at the end of a word, up to `n_merges` merges, start of
/// text, end of text. So any text can be tokenized, and the end of text has the last id.
pub fn train_clip_tokenizer(
    texts: &[impl AsRef<str> + Sync],
    n_merges: usize,
) -> Result<String, TokenizerError> {
    let fail = |e: tokenizers::Error| TokenizerError(e.to_string());
    let mut bytes: Vec<char> = ByteLevel::alphabet().into_iter().collect();
    bytes.sort_unstable();
    // An untrained tokenizer with the same pre-tokenizer gives the words to count.
    let front: Tokenizer = tokenizer_json(&json!({}), &json!([]), [0, 1])
        .to_string()
        .parse()
        .map_err(fail)?;
    let last_bytes = bytes
        .iter()
        .map(|byte| AddedToken::from(format!("{byte}{END_OF_WORD}"), true));
    let mut trainer = BpeTrainer::builder()
        .show_progress(false)
        .min_frequency(2)
        .end_of_word_suffix(END_OF_WORD.to_owned())
        // Given first, they get their ids in this order. Otherwise a hash map assigns ids that differ between runs, and
        // equally frequent pairs are merged in the order of their ids.
        .special_tokens(last_bytes.collect())
        .initial_alphabet(bytes.iter().copied().collect::<HashSet<_>>())
        .vocab_size(2 * bytes.len() + n_merges)
        .build();
    trainer
        .feed(texts.iter().map(AsRef::as_ref), |text| {
            let mut words = PreTokenizedString::from(text.to_lowercase().as_str());
            if let Some(splitter) = front.get_pre_tokenizer() {
                splitter.pre_tokenize(&mut words)?;
            }
            let words = words.get_splits(OffsetReferential::Original, OffsetType::Byte);
            Ok(words
                .into_iter()
                .map(|(word, _, _)| word.to_owned())
                .collect())
        })
        .map_err(fail)?;
    let mut model = ModelWrapper::from(tokenizers::models::bpe::BPE::default());
    let ModelWrapper::BPE(bpe) = &mut model else {
        return Err(TokenizerError(
            "the trainer made another kind of model".to_owned(),
        ));
    };
    trainer.train(bpe).map_err(fail)?;
    // The merges are private; the model's JSON lists them in the order of learning.
    let trained = serde_json::to_value(&*bpe).map_err(|e| TokenizerError(e.to_string()))?;
    let merges: Vec<(String, String)> = serde_json::from_value(trained["merges"].clone())
        .map_err(|e| TokenizerError(format!("the merges of a trained model: {e}")))?;
    let vocabulary = vocabulary(&bytes, &merges);
    let n_tokens = vocabulary.len() - 2;
    let merges: Vec<String> = merges
        .iter()
        .map(|(left, right)| format!("{left} {right}"))
        .collect();
    let special = [n_tokens, n_tokens + 1];
    Ok(tokenizer_json(&Value::Object(vocabulary), &json!(merges), special).to_string())
}

/// The `tokenizer.json` that `CLIPTokenizer` of transformers makes of a `vocab.json` and a `merges.txt`.
pub fn clip_tokenizer_json(vocabulary: &str, merges: &str) -> Result<String, String> {
    let vocabulary: Value = parse_json(vocabulary)?;
    let fields = Fields::of(&vocabulary, "")?;
    let id = |token: &str| -> Result<usize, String> {
        let id = fields.whole(token, 0..=MAX_ID)?;
        let id = id.ok_or_else(|| format!("the vocabulary lacks {token}"))?;
        Ok(id as usize)
    };
    let special = [id(START_OF_TEXT)?, id(END_OF_TEXT)?];
    let mut pairs = Vec::new();
    for (place, line) in merges.lines().enumerate() {
        // The first line may be a comment with the version.
        if line.is_empty() || place == 0 && line.starts_with("#version") {
            continue;
        }
        if line.split(' ').filter(|part| !part.is_empty()).count() != 2 {
            let shown: String = line.chars().take(40).collect();
            return Err(format!(
                "line {} of the merges is {shown:?}, and two tokens are expected",
                place + 1
            ));
        }
        pairs.push(line);
    }
    Ok(tokenizer_json(&vocabulary, &json!(pairs), special).to_string())
}

/// Tokens with their ids: bytes, bytes at the end of a word, merges, and the two special tokens.
fn vocabulary(bytes: &[char], merges: &[(String, String)]) -> serde_json::Map<String, Value> {
    let mut vocabulary = serde_json::Map::new();
    let mut push = |token: String| {
        let id = vocabulary.len();
        vocabulary.entry(token).or_insert_with(|| json!(id));
    };
    for byte in bytes {
        push(byte.to_string());
    }
    for byte in bytes {
        push(format!("{byte}{END_OF_WORD}"));
    }
    for (left, right) in merges {
        push(format!("{left}{right}"));
    }
    let n_tokens = vocabulary.len();
    vocabulary.insert(START_OF_TEXT.to_owned(), json!(n_tokens));
    vocabulary.insert(END_OF_TEXT.to_owned(), json!(n_tokens + 1));
    vocabulary
}

/// The whole `tokenizer.json`, laid out as that of `openai/clip-vit-base-patch32`. The start and the end of a text have the
/// ids `special`.
fn tokenizer_json(vocabulary: &Value, merges: &Value, special_ids: [usize; 2]) -> Value {
    let special = |id: usize, content: &str| {
        json!({
            "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true,
        })
    };
    let (start, end) = (START_OF_TEXT, END_OF_TEXT);
    let [start_id, end_id] = special_ids;
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [special(start_id, start), special(end_id, end)],
        "normalizer": { "type": "Sequence", "normalizers": [
            { "type": "NFC" },
            { "type": "Replace", "pattern": { "Regex": "\\s+" }, "content": " " },
            { "type": "Lowercase" },
        ]},
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
            { "type": "Split", "pattern": { "Regex": WORDS }, "behavior": "Removed", "invert": true },
            { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true },
        ]},
        "post_processor": {
            "type": "RobertaProcessing", "sep": [end, end_id], "cls": [start, start_id],
            "trim_offsets": false, "add_prefix_space": false,
        },
        "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
        "model": {
            "type": "BPE", "dropout": null, "unk_token": end, "continuing_subword_prefix": "",
            "end_of_word_suffix": END_OF_WORD, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocabulary, "merges": merges,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_texts_and_of_hash_maps_does_not_show() {
        let mut texts: Vec<String> = include_str!("../../../data/captions.toml")
            .lines()
            .flat_map(|line| [line.to_owned(), line.to_owned()])
            .collect();
        let first = train_clip_tokenizer(&texts, 600).unwrap();
        for _ in 0..3 {
            texts.rotate_left(7);
            assert!(train_clip_tokenizer(&texts, 600).unwrap() == first);
        }
    }

    #[test]
    fn known_words_are_one_token_and_unknown_ones_still_tokens() {
        let texts = [
            "squat bad form with knees collapsing inward",
            "squat good form with knees over the toes",
        ];
        let json = train_clip_tokenizer(&texts.repeat(3), 400).unwrap();
        let tokenizer = crate::Tokenizer::from_json(&json, 77).unwrap();
        assert_eq!(
            tokenizer.end_of_text() as usize,
            tokenizer.vocabulary_size() - 1
        );
        assert_eq!(
            tokenizer.encode(&["Squat  KNEES"]).unwrap().length,
            4,
            "start, squat, knees, end"
        );
        let strange = tokenizer.encode(&["żółw 🏋 xyz"]).unwrap();
        let inner = &strange.ids[1..strange.length - 1];
        assert!(
            !inner.contains(&i64::from(tokenizer.end_of_text())),
            "no unknown token: {inner:?}"
        );
    }

    #[test]
    fn a_long_text_is_cut_and_keeps_its_end() {
        let json = train_clip_tokenizer(&["a b"], 10).unwrap();
        let tokenizer = crate::Tokenizer::from_json(&json, 8).unwrap();
        let tokens = tokenizer.encode(&["a b c d e f g h i j k l", "a"]).unwrap();
        assert_eq!((tokens.n_texts, tokens.length), (2, 8));
        let end = i64::from(tokenizer.end_of_text());
        assert_eq!(tokens.ids[7], end);
        assert_eq!(tokens.ids[10..16], [end; 6]);
    }
}
