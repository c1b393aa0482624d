//! Tokenizes texts for a text tower.

use serde_json::Value;
use tokenizers::{PaddingParams, TruncationParams};

use crate::fields::parse_json;
use crate::text_style::TextStyle;
use crate::tokenizer_check::check_numbers;

/// Why a tokenizer cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("tokenizer.json: {0}")]
pub struct TokenizerError(pub String);

/// A batch of texts as token ids, of one length: that of the longest for CLIP, that of the tower for SigLIP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// `n_texts` x `length` ids, row by row, filled up by the rule of the tokenizer.
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

/// A `tokenizer.json`, with the framing of a [`TextStyle`].
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    json: String,
    style: TextStyle,
    end_of_text: u32,
    padding: u32,
    n_positions: usize,
}

/// One text as the text tower reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRead {
    /// Its token ids with its frame, truncated to the positions of the tower, and not filled up.
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
    /// Parses a `tokenizer.json` of CLIP. Texts of more than `n_positions` tokens will be truncated.
    pub fn from_json(json: &str, n_positions: usize) -> Result<Self, TokenizerError> {
        Self::with_style(json, n_positions, TextStyle::Clip)
    }

    /// Parses a `tokenizer.json`. Texts of more than `n_positions` tokens will be truncated.
    pub fn with_style(
        json: &str,
        n_positions: usize,
        style: TextStyle,
    ) -> Result<Self, TokenizerError> {
        let fail = |e: tokenizers::Error| TokenizerError(e.to_string());
        let value: Value = parse_json(json).map_err(TokenizerError)?;
        check_numbers(&value).map_err(TokenizerError)?;
        let value = style.prepared(value);
        let json = match style {
            TextStyle::Clip => json.to_owned(),
            TextStyle::Siglip | TextStyle::OpenClipSiglip => value.to_string(),
        };
        let mut inner: tokenizers::Tokenizer = json.parse().map_err(fail)?;
        inner.with_padding(None::<PaddingParams>);
        inner
            .with_truncation(Some(TruncationParams {
                max_length: n_positions,
                ..TruncationParams::default()
            }))
            .map_err(fail)?;
        let framed = inner.encode("", true).map_err(fail)?;
        let (n_frame, words) = match style {
            TextStyle::Clip => (2, "start and end of text"),
            TextStyle::Siglip | TextStyle::OpenClipSiglip => (1, "the end of a text"),
        };
        let end_of_text = match framed.get_ids().last() {
            Some(&end) if framed.len() == n_frame => end,
            _ => {
                return Err(TokenizerError(format!(
                    "an empty text is not framed as {words}"
                )));
            }
        };
        let padding = style.padding(&value, end_of_text).ok_or_else(|| {
            TokenizerError("neither padding nor a token <pad> says what fills up a text".to_owned())
        })?;
        let this = Self {
            inner,
            json,
            style,
            end_of_text,
            padding,
            n_positions,
        };
        // The frame has ids of its own, which no table of embeddings would have a row for.
        let largest = this.largest_id();
        if let Some(id) = framed.get_ids().iter().find(|id| **id > largest) {
            return Err(TokenizerError(format!(
                "post_processor puts the id {id} around a text, and the largest id of a token is {largest}"
            )));
        }
        if padding > largest {
            return Err(TokenizerError(format!(
                "padding.pad_id is {padding}, and the largest id of a token is {largest}"
            )));
        }
        Ok(this)
    }

    /// The most tokens per text, with its frame.
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

    /// How it prepares, frames and fills up texts.
    pub fn style(&self) -> TextStyle {
        self.style
    }

    /// The id that fills up texts.
    pub fn padding(&self) -> u32 {
        self.padding
    }

    /// The id of the end-of-text token.
    pub fn end_of_text(&self) -> u32 {
        self.end_of_text
    }

    /// The token of this id; empty if there is none.
    pub fn token(&self, id: u32) -> String {
        self.inner.id_to_token(id).unwrap_or_default()
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
        let length = match self.style {
            TextStyle::Clip => rows.iter().map(Vec::len).max().unwrap_or(0),
            TextStyle::Siglip | TextStyle::OpenClipSiglip => self.n_positions,
        };
        let mut ids = Vec::with_capacity(rows.len() * length);
        for mut row in rows {
            row.resize(length, self.padding);
            ids.extend(row.into_iter().map(i64::from));
        }
        Ok(Tokens {
            ids,
            n_texts: texts.len(),
            length,
        })
    }
}
