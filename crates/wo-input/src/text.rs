//! Texts to the token ids that CLIP's text tower takes.

use tokenizers::{PaddingParams, TruncationParams};

/// Why a tokenizer cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("tokenizer.json: {0}")]
pub struct TokenizerError(pub String);

/// A batch of texts as token ids, cut to the longest of them.
///
/// The tower is causal and looks at the end-of-text token alone, so nothing behind the longest text can change a
/// feature; leaving it out is exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// `n_texts` x `length` ids, row by row; short rows are filled with the end-of-text id.
    pub ids: Vec<i64>,
    /// How many texts.
    pub n_texts: usize,
    /// How many ids a row.
    pub length: usize,
}

impl Tokens {
    /// The texts of these places, in this order.
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
    /// Its token ids, with start and end of text, as far as there are positions.
    pub ids: Vec<u32>,
    /// How many tokens it has in all.
    pub n_tokens: usize,
    /// How many bytes of it are read.
    pub n_bytes: usize,
}

/// Reads texts one by one, and says how much of each that is.
#[derive(Debug)]
pub struct TextReader<'a> {
    tokenizer: &'a Tokenizer,
    /// The same tokenizer, which cuts nothing.
    whole: tokenizers::Tokenizer,
}

impl TextReader<'_> {
    /// Reads one text.
    pub fn read(&self, text: &str) -> Result<TextRead, TokenizerError> {
        let fail = |e: tokenizers::Error| TokenizerError(e.to_string());
        let read = self.tokenizer.inner.encode(text, true).map_err(fail)?;
        let n_tokens = self.whole.encode(text, true).map_err(fail)?.len();
        // Before the end of text stands the last token that is read.
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
    /// Whether its end is cut off.
    pub fn is_cut(&self) -> bool {
        self.n_tokens > self.ids.len()
    }
}

impl Tokenizer {
    /// Reads the text of a `tokenizer.json`. Texts of more than `n_positions` tokens will be cut.
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

    /// How many tokens of a text are read, with start and end of text.
    pub fn n_positions(&self) -> usize {
        self.n_positions
    }

    /// What says how much of a text is read.
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

    /// The `tokenizer.json` that it was made from.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The id of the end-of-text token.
    pub fn end_of_text(&self) -> u32 {
        self.end_of_text
    }

    /// How many ids there are.
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The largest id. Ids need not be without gaps, so it can be more than their number.
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
