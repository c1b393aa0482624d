//! Checks the numbers of a `tokenizer.json` before the library of tokenizers sees them.

use serde_json::Value;

use crate::fields::{Fields, whole};

/// The largest id of a token: beyond those of any tokenizer, and so low that no table of embeddings is too large.
pub(crate) const MAX_ID: i64 = 1_000_000;

/// Scores of pieces are logarithms of probabilities; sums of such numbers stay finite.
const MAX_SCORE: f64 = 1e6;
/// The longest value in a message, in characters.
const MAX_SHOWN: usize = 120;

/// Checks the numbers of a `tokenizer.json` that is JSON: what is wrong with one is said with its field.
pub(crate) fn check_numbers(value: &Value) -> Result<(), String> {
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
    if model.get("type").is_some_and(|it| it == "Unigram") {
        return check_unigram(model);
    }
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

/// Checks the pieces of a Unigram model, whose ids are their places, and their scores.
fn check_unigram(model: &Fields<'_>) -> Result<(), String> {
    let Some(Value::Array(pieces)) = model.get("vocab") else {
        return Err(model.wrong("vocab", "a list"));
    };
    if pieces.len() as i64 > MAX_ID {
        return Err(format!("model.vocab has more than {MAX_ID} pieces"));
    }
    let is_score = |score: &Value| score.as_f64().is_some_and(|it| it.abs() <= MAX_SCORE);
    for (place, piece) in pieces.iter().enumerate() {
        match piece.as_array().map(Vec::as_slice) {
            Some([Value::String(_), score]) if is_score(score) => {}
            _ => {
                let piece: String = piece.to_string().chars().take(MAX_SHOWN).collect();
                return Err(format!(
                    "model.vocab[{place}] is {piece}, and a text and its score are expected"
                ));
            }
        }
    }
    // Without it the first letter that no piece has would stop a run.
    match model.whole("unk_id", 0..=pieces.len() as i64 - 1)? {
        Some(_) => Ok(()),
        None => Err(model.wrong("unk_id", "the place of the unknown piece")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{TextStyle, Tokenizer, train_clip_tokenizer};

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

    #[test]
    fn pieces_and_their_scores_are_checked() {
        let whole = json!({
            "version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "decoder": null,
            "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}}], "pair": [],
                "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
            "model": {"type": "Unigram", "unk_id": 2,
                "vocab": [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["a", -1.0]]},
        });
        let read = |value: &Value| Tokenizer::with_style(&value.to_string(), 4, TextStyle::Siglip);
        read(&whole).expect("it is whole");
        for (pointer, value, expected) in [
            ("/model/vocab", json!({}), "model.vocab is {}, and a list"),
            (
                "/model/vocab/3",
                json!(["a"]),
                "model.vocab[3] is [\"a\"], and a text",
            ),
            (
                "/model/vocab/3/1",
                json!(1e300),
                "model.vocab[3] is [\"a\",1e",
            ),
            (
                "/model/unk_id",
                json!(4),
                "model.unk_id is 4, and a whole number from 0 to 3",
            ),
            (
                "/model/unk_id",
                json!(null),
                "model.unk_id is null, and a whole number",
            ),
            (
                "/post_processor/special_tokens/<~1s>/ids/0",
                json!(9),
                "post_processor puts the id 9",
            ),
            (
                "/post_processor/single",
                json!([{"Sequence": {"id": "A", "type_id": 0}}]),
                "an empty text is not framed as the end of a text",
            ),
        ] {
            let mut changed = whole.clone();
            *changed.pointer_mut(pointer).expect(pointer) = value;
            let error = read(&changed).expect_err(pointer).to_string();
            let expected = format!("tokenizer.json: {expected}");
            assert!(error.starts_with(&expected), "{pointer}: {error}");
        }
        let mut padded = whole;
        padded["padding"] = json!({"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 4, "pad_type_id": 0, "pad_token": "?"});
        let error = read(&padded).expect_err("no such id").to_string();
        assert!(error.contains("padding.pad_id is 4"), "{error}");
    }
}
