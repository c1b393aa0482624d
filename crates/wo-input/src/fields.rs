//! Numbers in the JSON files of a model. What is wrong with one is said with its field and with what is expected of it.
//!
//! The name of the file is not said here: whoever reads a file adds it, once.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The longest part of a field's name or of a value in a message, in characters.
const MAX_SHOWN: usize = 120;

/// Parses a JSON text. An error says in which field it is.
pub fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut input = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut input).map_err(in_words)?;
    input.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// Reads a JSON value as a type. An error says in which field it is.
pub fn read_json<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(in_words)
}

fn in_words(error: serde_path_to_error::Error<serde_json::Error>) -> String {
    let path = error.path().to_string();
    // The path of the whole is a dot.
    if path == "." {
        return error.into_inner().to_string();
    }
    format!("{}: {}", short(&path), error.into_inner())
}

/// A text that does not fill the screen.
fn short(text: &str) -> String {
    let shown: String = text.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() {
        return shown + "…";
    }
    shown
}

/// A JSON object, and its place in its file.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The object `value`, which is the field `path` of its file, or with an empty `path` the whole file.
    pub fn of(value: &'a Value, path: &str) -> Result<Self, String> {
        let path = path.to_owned();
        match value {
            Value::Object(map) => Ok(Self { path, map }),
            _ if path.is_empty() => Err(format!(
                "it is {}, and an object is expected",
                short(&value.to_string())
            )),
            _ => Err(wrong(&path, value, "an object")),
        }
    }

    /// The object in a field; `None` where it is not there.
    pub fn object(&self, name: &str) -> Result<Option<Self>, String> {
        let of = |value| Self::of(value, &self.path_of(name));
        self.get(name).map(of).transpose()
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    /// The fields and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.map.iter()
    }

    /// The name of a field as it is from the top of its file.
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The whole number in a field; `None` where it is not there.
    pub fn whole(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, String> {
        let of = |value| whole(value, &self.path_of(name), range);
        self.get(name).map(of).transpose()
    }

    /// The number in a field; `None` where it is not there.
    pub fn number(&self, name: &str, range: RangeInclusive<f64>) -> Result<Option<f64>, String> {
        let of = |value| number(value, &self.path_of(name), range);
        self.get(name).map(of).transpose()
    }

    /// The three numbers in a field, one for each colour, or one for all of them; `None` where it is not there.
    pub fn colours(
        &self,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<[f32; 3]>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let path = self.path_of(name);
        if value.is_number() {
            return Ok(Some([number(value, &path, range)? as f32; 3]));
        }
        let Some([red, green, blue]) = value.as_array().map(Vec::as_slice) else {
            return Err(wrong(&path, value, "a list of three numbers"));
        };
        let of = |value, place: usize| {
            number(value, &format!("{path}[{place}]"), range.clone()).map(|it| it as f32)
        };
        Ok(Some([of(red, 0)?, of(green, 1)?, of(blue, 2)?]))
    }

    /// Why a field cannot have the value that it has.
    pub fn wrong(&self, name: &str, expected: &str) -> String {
        let value = self.get(name).unwrap_or(&Value::Null);
        wrong(&self.path_of(name), value, expected)
    }
}

/// A whole number that is the field `path`.
pub fn whole(value: &Value, path: &str, range: RangeInclusive<i64>) -> Result<i64, String> {
    value
        .as_i64()
        .filter(|it| range.contains(it))
        .ok_or_else(|| {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            wrong(path, value, &expected)
        })
}

fn number(value: &Value, path: &str, range: RangeInclusive<f64>) -> Result<f64, String> {
    value
        .as_f64()
        .filter(|it| range.contains(it))
        .ok_or_else(|| {
            let expected = format!("a number from {} to {}", range.start(), range.end());
            wrong(path, value, &expected)
        })
}

fn wrong(path: &str, value: &Value, expected: &str) -> String {
    let value = short(&value.to_string());
    format!("{} is {value}, and {expected} is expected", short(path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_that_is_none_is_named_with_what_is_expected() {
        let value = json!({"a": {"n": null, "x": 7.5, "c": [1, 2, "3"], "m": -1}});
        let top = Fields::of(&value, "").expect("an object");
        let a = top.object("a").expect("an object").expect("it is there");
        let said = |result: Result<Option<i64>, String>| result.expect_err("it is none");
        assert_eq!(
            said(a.whole("n", 0..=9)),
            "a.n is null, and a whole number from 0 to 9 is expected"
        );
        assert!(said(a.whole("x", 0..=9)).starts_with("a.x is 7.5, and a whole number"));
        assert!(said(a.whole("m", 0..=9)).starts_with("a.m is -1, and"));
        assert_eq!(a.whole("gone", 0..=9), Ok(None));
        assert_eq!(a.number("x", 0.0..=9.0), Ok(Some(7.5)));
        assert_eq!(
            a.colours("c", 0.0..=9.0),
            Err("a.c[2] is \"3\", and a number from 0 to 9 is expected".to_owned())
        );
        assert_eq!(a.colours("x", 0.0..=9.0), Ok(Some([7.5; 3])));
        let list = a.colours("n", 0.0..=9.0).expect_err("no list");
        assert_eq!(list, "a.n is null, and a list of three numbers is expected");
        assert!(
            a.object("n")
                .expect_err("no object")
                .contains("a.n is null")
        );
    }

    #[test]
    fn what_is_no_json_is_said_with_its_field() {
        let parse = |text: &str| parse_json::<Value>(text).expect_err("no JSON");
        for (text, word) in [
            (r#"{"a":{"b":NaN}}"#, "a.b: expected value"),
            (r#"{"a":[0,1e999]}"#, "a[1]: number out of range"),
            (r#"{"a":-Infinity}"#, "a: "),
            (r#"{"a":1}}"#, "trailing characters"),
            ("", "EOF"),
        ] {
            assert!(parse(text).starts_with(word), "{text}: {}", parse(text));
        }
        let deep = "[".repeat(100_000);
        assert!(parse(&deep).chars().count() < 300);
    }
}
