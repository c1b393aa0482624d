//! One task of a Label Studio export: with `annotations`, with the older `completions`, or flat as in JSON_MIN.
//!
//! Reads all forms that versions of Label Studio write, and interprets nothing.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A task. Its answers are parsed later.
#[derive(Debug, Default)]
pub(super) struct Task<'a> {
    pub(super) id: Option<String>,
    pub(super) data: Map<String, Value>,
    annotations: Vec<&'a RawValue>,
    /// Whether the answers are beside the data, as in JSON_MIN.
    is_flat: bool,
    pub(super) n_drafts: usize,
}

/// What one person answered.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answers {
    /// The person, if the file names one.
    pub(super) by: Option<Person>,
    pub(super) updated_at: Option<jiff::Timestamp>,
    /// Whether the person skipped the task.
    pub(super) is_cancelled: bool,
    pub(super) list: Vec<Answer>,
}

/// Some exports give names, and some only numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Person {
    Name(String),
    Number(u64),
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) question: String,
    pub(super) kind: AnswerKind,
    pub(super) texts: Vec<String>,
}

/// What kind of question it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AnswerKind {
    Choices,
    Text,
    /// A text of JSON_MIN: an answer, or data.
    Plain,
    /// Not supported, such as boxes.
    Other(String),
}

#[derive(Debug, Deserialize)]
struct RawTask<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    annotations: Option<&'a RawValue>,
    #[serde(borrow, default)]
    completions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    drafts: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct RawAnnotation<'a> {
    #[serde(borrow, default)]
    result: Option<Vec<RawAnswer<'a>>>,
    #[serde(default)]
    completed_by: Value,
    #[serde(default)]
    was_cancelled: Value,
    /// The old name of `was_cancelled`.
    #[serde(default)]
    skipped: Value,
    #[serde(default)]
    updated_at: Value,
    #[serde(default)]
    created_at: Value,
}

#[derive(Debug, Deserialize)]
struct RawAnswer<'a> {
    #[serde(default)]
    from_name: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

impl<'a> Task<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let raw: RawTask<'_> = parsed(text)?;
        let id = raw.id.map(|id| id.get().trim_matches('"').to_owned());
        let Some(data) = raw.data else {
            return Ok(Self {
                id,
                data: parsed(text)?,
                is_flat: raw.annotations.is_none() && raw.completions.is_none(),
                ..Self::default()
            });
        };
        let data = parsed(data.get()).map_err(|e| format!("its `data`: {e}"))?;
        let mut annotations = Vec::new();
        for (name, list) in [
            ("annotations", raw.annotations),
            ("completions", raw.completions),
        ] {
            let list: Option<Vec<&RawValue>> = list
                .map(|list| parsed(list.get()))
                .transpose()
                .map_err(|e| format!("its `{name}`: {e}"))?;
            annotations.extend(list.unwrap_or_default());
        }
        annotations.retain(|annotation| annotation.get() != "null");
        let drafts: Option<Vec<&RawValue>> = raw.drafts.and_then(|it| parsed(it.get()).ok());
        Ok(Self {
            id,
            data,
            annotations,
            is_flat: false,
            n_drafts: drafts.map_or(0, |drafts| drafts.len()),
        })
    }

    /// Whether this tool wrote it: its data has all our fields.
    pub(super) fn is_ours(&self) -> bool {
        ["path", "video_id", "index"]
            .iter()
            .all(|name| self.data.contains_key(*name))
    }

    /// The answers of each person, one at a time, since thousands may have judged a frame.
    pub(super) fn answers(&self) -> impl Iterator<Item = Result<Answers, String>> {
        let flat = self.is_flat.then(|| Ok(flat_answers(&self.data)));
        let annotations = self.annotations.iter();
        flat.into_iter()
            .chain(annotations.map(|annotation| Answers::parse(annotation.get())))
    }
}

impl Answers {
    fn parse(text: &str) -> Result<Self, String> {
        if text.parse::<f64>().is_ok() {
            return Err(format!(
                "its annotation {text} is only an id; export the tasks as JSON, which has the answers"
            ));
        }
        let raw: RawAnnotation<'_> = parsed(text).map_err(|e| format!("an annotation: {e}"))?;
        let mut answers: Vec<Answer> = Vec::new();
        for raw in raw.result.unwrap_or_default() {
            let answer = Answer::of(raw)?;
            let is_it = |other: &&mut Answer| {
                (&other.question, &other.kind) == (&answer.question, &answer.kind)
            };
            // A text field may come in several parts.
            match answers.iter_mut().find(is_it) {
                Some(other) => other.texts.extend(answer.texts),
                None => answers.push(answer),
            }
        }
        Ok(Self {
            by: Person::of(&raw.completed_by),
            updated_at: time_of(&raw.updated_at).or_else(|| time_of(&raw.created_at)),
            is_cancelled: is_true(&raw.was_cancelled) || is_true(&raw.skipped),
            list: answers,
        })
    }
}

impl Answer {
    fn of(raw: RawAnswer<'_>) -> Result<Self, String> {
        let kind = raw.kind.unwrap_or_default();
        let question = raw.from_name.unwrap_or_else(|| kind.clone());
        let (kind, field) = match kind.as_str() {
            "choices" => (AnswerKind::Choices, "choices"),
            "textarea" => (AnswerKind::Text, "text"),
            _ => {
                return Ok(Self {
                    question,
                    kind: AnswerKind::Other(kind),
                    texts: Vec::new(),
                });
            }
        };
        let value = raw.value.map_or("null", RawValue::get);
        let value: Value = parsed(value)?;
        let texts = texts_of(value.get(field).unwrap_or(&Value::Null))
            .ok_or_else(|| format!("the answer to the question `{question}` is not text"))?;
        Ok(Self {
            question,
            kind,
            texts,
        })
    }
}

impl Person {
    fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let number = value.as_u64().or_else(|| value.get("id")?.as_u64());
        [value.as_str(), text("email"), text("username")]
            .into_iter()
            .flatten()
            .map(str::trim)
            .find(|name| !name.is_empty())
            .map(|name| Self::Name(name.to_owned()))
            .or_else(|| number.map(Self::Number))
    }
}

/// Answers beside the data. JSON_MIN does not say which texts are answers.
fn flat_answers(data: &Map<String, Value>) -> Answers {
    /// Fields of every task, and the data that we write.
    const DATA: [&str; 14] = [
        "id",
        "image",
        "path",
        "video_id",
        "index",
        "pts_ms",
        "exercise",
        "annotator",
        "annotation_id",
        "created_at",
        "updated_at",
        "lead_time",
        "agreement",
        "meta",
    ];
    let value = |name: &str| data.get(name).unwrap_or(&Value::Null);
    let questions = data
        .iter()
        .filter(|(name, _)| !DATA.contains(&name.as_str()));
    let answers = questions.filter_map(|(question, value)| {
        let kind = match value {
            Value::Object(parts) if parts.contains_key("choices") => AnswerKind::Choices,
            Value::Object(parts) if parts.contains_key("text") => AnswerKind::Text,
            Value::String(_) | Value::Array(_) | Value::Object(_) => AnswerKind::Plain,
            Value::Null | Value::Bool(_) | Value::Number(_) => return None,
        };
        let (kind, texts) = match texts_of(value) {
            Some(texts) if texts.is_empty() => return None,
            Some(texts) => (kind, texts),
            // Boxes and the like.
            None if value.is_array() => (AnswerKind::Other("list".to_owned()), Vec::new()),
            None => (AnswerKind::Other("object".to_owned()), Vec::new()),
        };
        Some(Answer {
            question: question.clone(),
            kind,
            texts,
        })
    });
    Answers {
        by: Person::of(value("annotator")),
        updated_at: time_of(value("updated_at")).or_else(|| time_of(value("created_at"))),
        is_cancelled: false,
        list: answers.collect(),
    }
}

/// A text, or a list of texts, which parts may be lists of again. `None` for all else.
fn texts_of(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(texts_of).collect();
            Some(parts?.into_iter().flatten().collect())
        }
        Value::Object(parts) => texts_of(parts.get("choices").or_else(|| parts.get("text"))?),
        Value::Bool(_) | Value::Number(_) => None,
    }
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_u64() == Some(1)
}

fn time_of(value: &Value) -> Option<jiff::Timestamp> {
    value.as_str()?.parse().ok()
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| {
        // The place is one within the task, which would be taken for one in the file.
        let e = e.to_string();
        e.split_once(" at line ")
            .map_or(e.clone(), |(what, _)| what.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(text: &str) -> Result<Vec<Answers>, String> {
        Task::parse(text)?.answers().collect()
    }

    fn answer(question: &str, kind: AnswerKind, texts: &[&str]) -> Answer {
        Answer {
            question: question.to_owned(),
            kind,
            texts: texts.iter().map(|&text| text.to_owned()).collect(),
        }
    }

    #[test]
    fn each_form_of_an_answer_is_read() {
        let result = r#"[{"from_name":"label","type":"choices","value":{"choices":"Good"}},
            {"from_name":"note","type":"textarea","value":{"text":"dark"}},
            {"from_name":"note","type":"textarea","value":{"text":["and","far"]}},
            {"from_name":"box","type":"rectanglelabels","value":{"x":1}},{"type":"relation"}]"#;
        let expected = [
            answer("label", AnswerKind::Choices, &["Good"]),
            answer("note", AnswerKind::Text, &["dark", "and", "far"]),
            answer("box", AnswerKind::Other("rectanglelabels".to_owned()), &[]),
            answer("relation", AnswerKind::Other("relation".to_owned()), &[]),
        ];
        for key in ["annotations", "completions"] {
            let text = format!(
                r#"{{"id":3,"data":{{"image":"a.jpg"}},"predictions":[1,null],"drafts":null,
                "{key}":[null,{{"was_cancelled":null,"completed_by":{{"id":4}},"result":{result}}}]}}"#
            );
            let found = answers(&text).unwrap();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].list, expected);
            assert_eq!(found[0].by, Some(Person::Number(4)));
            assert!(!found[0].is_cancelled);
        }
        let flat = r#"{"id":1,"image":"a.jpg","label":"Good","faults":{"choices":["a","b"]},
            "description":{"text":["x","y"]},"annotator":"anna@x","n":3,"camera":"left","box":[{"x":1}],
            "stars":{"rating":3}}"#;
        let expected = [
            answer("box", AnswerKind::Other("list".to_owned()), &[]),
            answer("camera", AnswerKind::Plain, &["left"]),
            answer("description", AnswerKind::Text, &["x", "y"]),
            answer("faults", AnswerKind::Choices, &["a", "b"]),
            answer("label", AnswerKind::Plain, &["Good"]),
            answer("stars", AnswerKind::Other("object".to_owned()), &[]),
        ];
        let mut found = answers(flat).unwrap();
        found[0].list.sort_by(|a, b| a.question.cmp(&b.question));
        assert_eq!(found[0].list, expected);
        assert_eq!(found[0].by, Some(Person::Name("anna@x".to_owned())));
    }

    #[test]
    fn nothing_is_an_answer_too() {
        for text in [
            r#"{"data":{},"annotations":null,"predictions":null}"#,
            r#"{"data":{},"predictions":[7]}"#,
            r#"{"data":{},"annotations":[null]}"#,
        ] {
            assert_eq!(answers(text), Ok(Vec::new()), "{text}");
        }
        let empty = r#"{"data":{},"annotations":[{"result":null}]}"#;
        assert_eq!(answers(empty), Ok(vec![Answers::default()]));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, what) in [
            (
                r#"{"data":{},"annotations":[12]}"#,
                "annotation 12 is only an id",
            ),
            (r#"{"data":{},"annotations":{}}"#, "its `annotations`"),
            (r#"{"data":[],"annotations":[]}"#, "its `data`"),
            (r#"{"data":{}"#, "EOF"),
            (
                r#"{"data":{},"annotations":[{"result":[{"from_name":"q","type":"choices","value":{"choices":[1]}}]}]}"#,
                "the question `q` is not text",
            ),
        ] {
            let error = answers(text).unwrap_err();
            assert!(error.contains(what) && !error.contains("line"), "{error}");
        }
    }
}
