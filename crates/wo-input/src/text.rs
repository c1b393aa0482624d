//! Tokenizes texts for CLIP's text tower.

use serde_json::Value;
use tokenizers::{PaddingParams, TruncationParams};

use crate::fields::{Fields, parse_json, whole};

/// The largest id of a token: beyond those of any tokenizer, and so low that no table of embeddings is too large.
pub(crate) const MAX_ID: i64 = 1_000_000;

/// Why a tokenizer cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("tokenizer.json: {0}")]
pub struct TokenizerError(pub String);

/// A batch of texts as token ids, padded to the longest.
///
/// The tower is causal and pools the end-of-text token, so positions after the longest text cannot change a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// `n_texts` x `length` ids, row by row, padded with the end-of-text id.
    pub ids: Vec<i64>,
    /// The number of texts.
    pub n_texts: usize,
    /// Ids per row.
    pub length: usize,
}

impl Tokens {
    /// The texts at these indices, in this order.
    #[must_use]
    pub fn select(&self, places: &[usize]) -> Self {
        let row = |&place: &usize| &self.ids[place * self.length..(place + 1) * self.length];
        Self {
            ids: places.iter().flat_map(row).copied().collect(),
            n_texts: places.len(),
            length: self.length,
        }
    }
}

/// A `tokenizer.json` with CLIP's framing: start of text, the text, end of text.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    json: String,
    end_of_text: u32,
    n_positions: usize,
}

/// One text as the text tower reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRead {
    /// Its token ids with start and end of text, truncated to the positions of the tower.
    pub ids: Vec<u32>,
    /// Its tokens before truncation.
    pub n_tokens: usize,
    /// Its bytes up to the truncation.
    pub n_bytes: usize,
}

/// Tokenizes single texts, and tells where each is truncated.
#[derive(Debug)]
pub struct TextReader<'a> {
    tokenizer: &'a Tokenizer,
    /// The same tokenizer without truncation.
    whole: tokenizers::Tokenizer,
}

impl TextReader<'_> {
    /// Tokenizes one text.
    pub fn read(&self, text: &str) -> Result<TextRead, TokenizerError> {
        let fail = |e: tokenizers::Error| TokenizerError(e.to_string());
        let read = self.tokenizer.inner.encode(text, true).map_err(fail)?;
        let n_tokens = self.whole.encode(text, true).map_err(fail)?.len();
        // The last token that is read comes before the end of text.
        let last = read.len().checked_sub(2).filter(|_| n_tokens > read.len());
        let end = last.and_then(|last| read.get_offsets().get(last));
        Ok(TextRead {
            ids: read.get_ids().to_vec(),
            n_tokens,
            n_bytes: end.map_or(text.len(), |&(_, end)| end),
        })
    }
}

impl TextRead {
    /// Whether it is truncated.
    pub fn is_cut(&self) -> bool {
        self.n_tokens > self.ids.len()
    }
}

impl Tokenizer {
    /// Parses a `tokenizer.json`. Texts of more than `n_positions` tokens will be truncated.
    pub fn from_json(json: &str, n_positions: usize) -> Result<Self, TokenizerError> {
        let fail = |e: tokenizers::Error| TokenizerError(e.to_string());
        let value: Value = parse_json(json).map_err(TokenizerError)?;
        check_numbers(&value).map_err(TokenizerError)?;
        drop(value);
        let mut inner: tokenizers::Tokenizer = json.parse().map_err(fail)?;
        inner.with_padding(None::<PaddingParams>);
        inner
            .with_truncation(Some(TruncationParams {
                max_length: n_positions,
                ..TruncationParams::default()
            }))
            .map_err(fail)?;
        let framed = inner.encode("", true).map_err(fail)?;
        let (&[_start, end_of_text], 2) = (
            framed.get_ids().first_chunk::<2>().unwrap_or(&[0; 2]),
            framed.len(),
        ) else {
            return Err(TokenizerError(
                "an empty text is not framed as start and end of text".to_owned(),
            ));
        };
        let this = Self {
            inner,
            json: json.to_owned(),
            end_of_text,
            n_positions,
        };
        // The frame has ids of its own, which no table of embeddings would have a row for.
        let largest = this.largest_id();
        if let Some(id) = framed.get_ids().iter().find(|id| **id > largest) {
            return Err(TokenizerError(format!(
                "post_processor puts the id {id} around a text, and the largest id of a token is {largest}"
            )));
        }
        Ok(this)
    }

    /// The most tokens per text, with start and end of text.
    pub fn n_positions(&self) -> usize {
        self.n_positions
    }

    /// A reader of single texts.
    pub fn reader(&self) -> Result<TextReader<'_>, TokenizerError> {
        let mut whole = self.inner.clone();
        whole
            .with_truncation(None)
            .map_err(|e| TokenizerError(e.to_string()))?;
        Ok(TextReader {
            tokenizer: self,
            whole,
        })
    }

    /// Its `tokenizer.json`.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The id of the end-of-text token.
    pub fn end_of_text(&self) -> u32 {
        self.end_of_text
    }

    /// The number of ids.
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The largest id. It can exceed the number of ids, since there may be gaps.
    pub fn largest_id(&self) -> u32 {
        let vocabulary = self.inner.get_vocab(true);
        vocabulary.into_values().max().unwrap_or(self.end_of_text)
    }

    /// Tokenizes `texts`.
    pub fn encode(&self, texts: &[impl AsRef<str>]) -> Result<Tokens, TokenizerError> {
        let mut rows = Vec::with_capacity(texts.len());
        for text in texts {
            let encoding = self
                .inner
                .encode(text.as_ref(), true)
                .map_err(|e| TokenizerError(e.to_string()))?;
            rows.push(encoding.get_ids().to_vec());
        }
        let length = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut ids = Vec::with_capacity(rows.len() * length);
        for mut row in rows {
            row.resize(length, self.end_of_text);
            ids.extend(row.into_iter().map(i64::from));
        }
        Ok(Tokens {
            ids,
            n_texts: texts.len(),
            length,
        })
    }
}

/// Checks the numbers of a `tokenizer.json` that is JSON: what is wrong with one is said with its field.
fn check_numbers(value: &Value) -> Result<(), String> {
    let fields = Fields::of(value, "")?;
    let ids = 0..=MAX_ID;
    match fields.get("added_tokens") {
        None => {}
        Some(Value::Array(tokens)) => {
            for (place, token) in tokens.iter().enumerate() {
                let token = Fields::of(token, &format!("added_tokens[{place}]"))?;
                if token.whole("id", ids.clone())?.is_none() {
                    return Err(token.wrong("id", "a whole number"));
                }
            }
        }
        Some(_) => return Err(fields.wrong("added_tokens", "a list")),
    }
    for (setting, numbers) in [
        ("truncation", ["max_length", "stride"].as_slice()),
        ("padding", ["pad_id", "pad_type_id"].as_slice()),
    ] {
        if fields.get(setting).is_some_and(|it| !it.is_null())
            && let Some(setting) = fields.object(setting)?
        {
            for number in numbers {
                setting.whole(number, ids.clone())?;
            }
        }
    }
    if fields.get("post_processor").is_some_and(Value::is_object)
        && let Some(frame) = fields.object("post_processor")?
    {
        for name in ["cls", "sep"] {
            if let Some(token) = frame.get(name).and_then(Value::as_array) {
                let id = token.get(1).unwrap_or(&Value::Null);
                whole(id, &format!("{}[1]", frame.path_of(name)), ids.clone())?;
            }
        }
    }
    match fields.object("model")? {
        Some(model) => check_model(&model),
        None => Err(fields.wrong("model", "an object")),
    }
}

fn check_model(model: &Fields<'_>) -> Result<(), String> {
    let ids = 0..=MAX_ID;
    if model.get("vocab").is_some_and(Value::is_object)
        && let Some(vocabulary) = model.object("vocab")?
    {
        for (token, id) in vocabulary.iter() {
            // The path is made only where it is shown: there are tens of thousands.
            if id.as_i64().is_none_or(|id| !ids.contains(&id)) {
                whole(id, &vocabulary.path_of(token), ids.clone())?;
            }
        }
    }
    match model.get("dropout") {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_f64() == Some(0.0) => Ok(()),
        // It would cut the same text in another way each time.
        Some(_) => Err(model.wrong("dropout", "null")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::train_clip_tokenizer;

    #[test]
    fn numbers_that_are_no_ids_are_named() {
        let text = train_clip_tokenizer(&["a b", "a b"], 4).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        Tokenizer::from_json(&text, 8).expect("it is whole");
        let cases = [
            (
                "/added_tokens/0/id",
                json!(null),
                "added_tokens[0].id is null",
            ),
            ("/added_tokens/0/id", json!(-1), "added_tokens[0].id is -1"),
            ("/added_tokens", json!(7), "added_tokens is 7, and a list"),
            ("/model/vocab/a", json!(0.5), "model.vocab.a is 0.5"),
            (
                "/model/vocab/a",
                json!(1u64 << 40),
                "model.vocab.a is 1099511627776",
            ),
            (
                "/model/dropout",
                json!(0.5),
                "model.dropout is 0.5, and null",
            ),
            ("/model", json!([]), "model is []"),
            (
                "/post_processor/sep/1",
                json!("x"),
                "post_processor.sep[1] is \"x\"",
            ),
            (
                "/post_processor/sep/1",
                json!(900_000),
                "post_processor puts the id 900000",
            ),
            (
                "/truncation",
                json!({"max_length": -5}),
                "truncation.max_length is -5",
            ),
        ];
        for (pointer, value, expected) in cases {
            let mut changed = whole.clone();
            *changed.pointer_mut(pointer).expect(pointer) = value;
            let error = Tokenizer::from_json(&changed.to_string(), 8).expect_err(pointer);
            let error = error.to_string();
            let expected = format!("tokenizer.json: {expected}");
            assert!(error.starts_with(&expected), "{pointer}: {error}");
        }
    }
}
