//! Tokenizes texts for CLIP's text tower.

use tokenizers::{PaddingParams, TruncationParams};

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
        Ok(Self {
            inner,
            json: json.to_owned(),
            end_of_text,
            n_positions,
        })
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
