//! JSON with one value changed, and streams with lines out of place: what the readers of models and records must stand.
//! The same seed gives the same wounds.

use serde_json::Value;

use crate::mutation::Random;

/// What a value becomes. Some of it is no JSON.
const LITERALS: [&str; 20] = [
    "null",
    "-1",
    "0",
    "1",
    "0.5",
    "-0.0",
    "1e9",
    "-1e300",
    "1e300",
    "1e999",
    "1e-300",
    "NaN",
    "-Infinity",
    "18446744073709551615",
    "99999999999999999999999",
    "\"a\"",
    "true",
    "[]",
    "{}",
    "[0,0,0]",
];
/// Stands for a literal until the text is made.
const STAND_IN: &str = "\u{1}wound\u{1}";

/// A JSON text with one value changed.
#[derive(Debug, Clone)]
pub struct WoundedJson {
    /// The text.
    pub text: String,
    /// Where, as in `text_config.hidden_size` or `image_std[1]`.
    pub place: String,
    /// What the value became.
    pub literal: &'static str,
}

/// The places of all numbers of a JSON value, and of at most `n_of_each` in one list or table, as pointers.
pub fn numbers(value: &Value, n_of_each: usize) -> Vec<String> {
    fn add(value: &Value, n_of_each: usize, pointer: &str, all: &mut Vec<String>) {
        match value {
            Value::Number(_) => all.push(pointer.to_owned()),
            Value::Array(values) => {
                for (place, value) in values.iter().take(n_of_each).enumerate() {
                    add(value, n_of_each, &format!("{pointer}/{place}"), all);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields.iter().take(n_of_each) {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    add(value, n_of_each, &format!("{pointer}/{name}"), all);
                }
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    add(value, n_of_each, "", &mut all);
    all
}

/// Changes one of the numbers at `pointers`, of which there is at least one.
pub fn wounded(value: &Value, pointers: &[String], random: &mut Random) -> WoundedJson {
    let pointer = &pointers[random.below(pointers.len())];
    let literal = LITERALS[random.below(LITERALS.len())];
    let mut value = value.clone();
    if let Some(place) = value.pointer_mut(pointer) {
        *place = STAND_IN.into();
    }
    let stand_in = Value::from(STAND_IN).to_string();
    WoundedJson {
        text: value.to_string().replace(&stand_in, literal),
        place: path_of(pointer),
        literal,
    }
}

/// A pointer as messages write it.
fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.parse::<usize>().is_ok() {
            path = format!("{path}[{part}]");
        } else {
            let dot = if path.is_empty() { "" } else { "." };
            path = format!("{path}{dot}{part}");
        }
    }
    path
}

/// Does one to three things to the lines of a stream: takes lines out, doubles them, swaps them, moves them, cuts the stream,
/// or changes a number in one of them.
pub fn wound_lines(lines: &mut Vec<String>, random: &mut Random) -> String {
    let mut done = Vec::new();
    for _ in 0..=random.below(3) {
        if lines.is_empty() {
            break;
        }
        let (at, to) = (random.below(lines.len()), random.below(lines.len()));
        done.push(match random.below(6) {
            0 => {
                lines.remove(at);
                format!("line {at} gone")
            }
            1 => {
                let line = lines[at].clone();
                lines.insert(to, line);
                format!("line {at} again at {to}")
            }
            2 => {
                lines.swap(at, to);
                format!("lines {at} and {to} swapped")
            }
            3 => {
                let line = lines.remove(at);
                lines.insert(to.min(lines.len()), line);
                format!("line {at} moved to {to}")
            }
            4 => {
                lines.truncate(at.max(1));
                format!("cut before line {at}")
            }
            _ => {
                let value: Value = serde_json::from_str(&lines[at]).unwrap_or_default();
                let pointers = numbers(&value, usize::MAX);
                if pointers.is_empty() {
                    continue;
                }
                let wounded = wounded(&value, &pointers, random);
                lines[at] = wounded.text;
                format!("line {at}: {} is {}", wounded.place, wounded.literal)
            }
        });
    }
    done.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wounds_are_the_same_in_each_run_and_say_where_they_are() {
        let value = json!({"a": {"b": [1, 2, 3]}, "c/d": 4, "e": "5"});
        let pointers = numbers(&value, 2);
        assert_eq!(pointers, ["/a/b/0", "/a/b/1", "/c~1d"]);
        let text = |seed| wounded(&value, &pointers, &mut Random::new(seed)).text;
        assert_eq!(text(1), text(1));
        assert!((0..50).any(|seed| text(seed).contains("NaN")));
        assert_eq!(path_of("/a/b/1"), "a.b[1]");
        assert_eq!(path_of("/c~1d"), "c/d");
    }

    #[test]
    fn lines_get_out_of_place() {
        let whole: Vec<String> = (0..9).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
        let wounded = |seed| {
            let mut lines = whole.clone();
            let done = wound_lines(&mut lines, &mut Random::new(seed));
            (lines, done)
        };
        assert_eq!(wounded(3), wounded(3));
        let changed = (0..50).filter(|seed| wounded(*seed).0 != whole).count();
        assert!(changed > 30, "{changed}");
    }
}
