//! How the tokenizers of different architectures prepare, frame and fill up texts.

use serde_json::{Map, Value, json};

/// What a text tower expects around the tokens of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextStyle {
    /// CLIP's: start of text, the text, end of text. Batches are filled up to the longest text: what stands behind the
    /// end of a text changes nothing.
    Clip,
    /// SigLIP's: the text and its end, filled up to the last position of the tower, which is the one that is pooled.
    Siglip,
    /// The same with the preparation that open_clip gives texts for each SigLIP.
    OpenClipSiglip,
}

/// ASCII punctuation, which SigLIP's tokenizer leaves out (`string.punctuation` of Python), as a class of characters.
const PUNCTUATION: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"##;
/// A sigma at the end of a word, which has a small letter of its own in Python's `lower`.
const FINAL_SIGMA: &str = "(?<=\\p{L})\u{3a3}(?!\\p{L})";
/// White space as Python's `\s` has it.
const WHITE_SPACE: &str = r"[\s\x1c-\x1f\x85]+";

impl TextStyle {
    /// The `tokenizer.json` with the preparation of texts that the reference does outside of it. One that has it already
    /// stays as it is.
    ///
    /// `SiglipTokenizer` (a Unigram model) writes a text in lower case, without punctuation and with single spaces;
    /// `Siglip2Tokenizer` (Gemma's byte-pair merges) only in lower case. open_clip does the first for both, and makes a
    /// space of `_`.
    pub(crate) fn prepared(self, mut tokenizer: Value) -> Value {
        let front = match self {
            Self::Clip => return tokenizer,
            Self::Siglip if is_unigram(&tokenizer) => canonical_front(),
            Self::Siglip => lower_front(),
            Self::OpenClipSiglip => open_clip_front(),
        };
        let there = match tokenizer.get_mut("normalizer").map(Value::take) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(sequence)) => members(sequence),
            // The reader of tokenizers says what is wrong with it.
            Some(other) => vec![other],
        };
        // What open_clip does is done for good: a folder that we write is read as one of transformers.
        let is_done = [&front, &open_clip_front()]
            .into_iter()
            .any(|front| there.starts_with(front));
        let missing = if is_done { Vec::new() } else { front };
        let all: Vec<Value> = missing.into_iter().chain(there).collect();
        if let Some(object) = tokenizer.as_object_mut() {
            let sequence = json!({"type": "Sequence", "normalizers": all});
            object.insert("normalizer".to_owned(), sequence);
        }
        tokenizer
    }

    /// The id that fills up a text of this `tokenizer.json`, which ends a text with `end`. `None` if it has none.
    pub(crate) fn padding(self, tokenizer: &Value, end: u32) -> Option<u32> {
        if self == Self::Clip {
            return Some(end);
        }
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        if let Some(said) = tokenizer.pointer("/padding/pad_id") {
            return id(said);
        }
        // SigLIP fills up with the end of a text.
        if is_unigram(tokenizer) {
            return Some(end);
        }
        tokenizer.pointer("/model/vocab/<pad>").and_then(id)
    }
}

fn is_unigram(tokenizer: &Value) -> bool {
    tokenizer
        .pointer("/model/type")
        .is_some_and(|it| it == "Unigram")
}

/// The normalizers of a sequence, or the only one.
fn members(mut normalizer: Map<String, Value>) -> Vec<Value> {
    let is_sequence = normalizer.get("type").is_some_and(|it| it == "Sequence");
    match normalizer.get_mut("normalizers").map(Value::take) {
        Some(Value::Array(members)) if is_sequence => members,
        Some(other) => {
            normalizer.insert("normalizers".to_owned(), other);
            vec![Value::Object(normalizer)]
        }
        None => vec![Value::Object(normalizer)],
    }
}

fn replace(pattern: &Value, content: &str) -> Value {
    json!({"type": "Replace", "pattern": pattern, "content": content})
}

fn lower_front() -> Vec<Value> {
    vec![json!({"type": "Lowercase"})]
}

fn canonical_front() -> Vec<Value> {
    vec![
        replace(&json!({"Regex": FINAL_SIGMA}), "\u{3c2}"),
        json!({"type": "Lowercase"}),
        replace(&json!({"String": "\u{2581}"}), " "),
        replace(&json!({"Regex": PUNCTUATION}), ""),
        replace(&json!({"Regex": WHITE_SPACE}), " "),
        json!({"type": "Strip", "strip_left": true, "strip_right": true}),
    ]
}

fn open_clip_front() -> Vec<Value> {
    let mut front = vec![replace(&json!({"String": "_"}), " ")];
    front.extend(canonical_front());
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalizers(tokenizer: &Value) -> Vec<&str> {
        let all = tokenizer["normalizer"]["normalizers"].as_array();
        let all = all.expect("a sequence").iter();
        all.map(|it| it["type"].as_str().expect("a type")).collect()
    }

    #[test]
    fn a_preparation_is_put_in_front_once() {
        let of = |normalizer: Value| {
            let whole = json!({"normalizer": normalizer, "model": {"type": "Unigram"}});
            TextStyle::Siglip.prepared(whole)
        };
        let front = [
            "Replace",
            "Lowercase",
            "Replace",
            "Replace",
            "Replace",
            "Strip",
        ];
        assert_eq!(normalizers(&of(Value::Null)), front);
        let with = of(json!({"type": "Precompiled", "precompiled_charsmap": ""}));
        assert_eq!(normalizers(&with)[6..], ["Precompiled"]);
        let sequence = of(json!({"type": "Sequence", "normalizers": [{"type": "NFKC"}]}));
        assert_eq!(normalizers(&sequence)[6..], ["NFKC"]);
        assert_eq!(TextStyle::Siglip.prepared(with.clone()), with);
        let gemma = json!({"normalizer": {"type": "Replace"}, "model": {"type": "BPE"}});
        let gemma = TextStyle::Siglip.prepared(gemma);
        assert_eq!(normalizers(&gemma), ["Lowercase", "Replace"]);
        let canonical = json!({"normalizer": {"type": "NFKC"}, "model": {"type": "BPE"}});
        let canonical = TextStyle::OpenClipSiglip.prepared(canonical);
        assert_eq!(normalizers(&canonical).len(), 8);
        assert_eq!(TextStyle::Siglip.prepared(canonical.clone()), canonical);
        let clip = json!({"normalizer": null});
        assert_eq!(TextStyle::Clip.prepared(clip.clone()), clip);
    }

    #[test]
    fn what_fills_up_a_text_is_said_or_known() {
        let of = |tokenizer: Value| TextStyle::Siglip.padding(&tokenizer, 1);
        let unigram = json!({"model": {"type": "Unigram"}, "padding": null});
        assert_eq!(of(unigram), Some(1));
        let gemma = json!({"model": {"type": "BPE", "vocab": {"<pad>": 0}}});
        assert_eq!(of(gemma), Some(0));
        let said = json!({"model": {"type": "BPE"}, "padding": {"pad_id": 5}});
        assert_eq!(of(said), Some(5));
        assert_eq!(of(json!({"model": {"type": "BPE", "vocab": {}}})), None);
        assert_eq!(TextStyle::Clip.padding(&json!({}), 7), Some(7));
    }
}
