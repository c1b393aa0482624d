//! Reads a file of settings that a person wrote, and names all that is wrong with its line.

use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};
use wo_label::nearest;

use crate::settings::Settings;

/// Why a file cannot be used: all its errors, in the order of lines.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.0.join("\n"))]
pub struct SettingsError(Vec<String>);

type Key<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// What a share or a probability may be: neither none nor all.
const SHARE: RangeInclusive<f64> = 0.001..=0.999;
/// Seconds to wait; none is none.
const PAUSE: RangeInclusive<f64> = 0.0..=10_080.0;
/// Seconds and minutes that something may take: up to a week of minutes. In no time nothing is done.
const TIME: RangeInclusive<f64> = 0.01..=10_080.0;
/// Numbers of things.
const COUNT: RangeInclusive<f64> = 1.0..=1_000_000.0;

/// Reads the text of a file. What it does not say keeps its default.
pub(crate) fn parse(text: &str) -> Result<Settings, SettingsError> {
    // Windows editors write a byte order mark, which TOML does not allow.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let table = DeTable::parse(text)
        .map_err(|error| SettingsError(vec![error.to_string().trim_end().to_owned()]))?;
    let mut walk = Walk {
        text,
        problems: Vec::new(),
    };
    let settings = walk.settings(table.get_ref());
    if walk.problems.is_empty() {
        return Ok(settings);
    }
    walk.problems.sort_by_key(|&(line, _)| line);
    let in_words = |(line, what)| format!("line {line}: {what}");
    Err(SettingsError(
        walk.problems.into_iter().map(in_words).collect(),
    ))
}

/// Reads a file and collects its errors.
struct Walk<'a> {
    text: &'a str,
    /// Lines and their errors.
    problems: Vec<(usize, String)>,
}

impl Walk<'_> {
    fn settings(&mut self, table: &DeTable<'_>) -> Settings {
        let mut settings = Settings::default();
        let keys = Settings::keys();
        let mut sections: Vec<&str> = keys.iter().filter_map(|it| it.split('.').next()).collect();
        sections.dedup();
        for (section, value) in table {
            let name = section.get_ref().as_ref();
            let Some(below) = value.get_ref().as_table() else {
                let what = match keys.iter().find(|it| it.ends_with(&format!(".{name}"))) {
                    Some(key) => format!("`{name}` stands in no section; write it as {key}"),
                    None => format!(
                        "`{name}` is no section; the sections are {}",
                        sections.join(", ")
                    ),
                };
                self.problem(&section.span(), &what);
                continue;
            };
            if !sections.contains(&name) {
                self.unknown(section, "the file has no section", &sections);
                continue;
            }
            for (key, value) in below {
                let path = format!("{name}.{}", key.get_ref());
                if keys.contains(&path.as_str()) {
                    self.set(&mut settings, &path, value);
                } else {
                    let start = format!("{name}.");
                    let known = keys.iter().filter_map(|it| it.strip_prefix(&start));
                    let known: Vec<&str> = known.collect();
                    self.unknown(key, &format!("[{name}] has no key"), &known);
                }
            }
        }
        settings
    }

    fn set(&mut self, settings: &mut Settings, path: &str, value: &Value<'_>) {
        let Settings {
            collect,
            train,
            extract,
            held_out,
            gate,
            keep,
        } = settings;
        match path {
            "collect.max_bytes" => self.parsed(path, value, &mut collect.max_bytes),
            "collect.min_height" => self.count(path, value, &mut collect.min_height),
            "collect.pause_s" => self.number(path, value, PAUSE, &mut collect.pause_s),
            "collect.attempts" => self.count(path, value, &mut collect.attempts),
            "collect.timeout_s" => self.number(path, value, TIME, &mut collect.timeout_s),
            "collect.max_minutes" => self.number(path, value, TIME, &mut collect.max_minutes),
            "collect.max_entries" => self.count(path, value, &mut collect.max_entries),
            "train.init" => self.text(path, value, &mut train.init),
            "train.arguments" => self.texts(path, value, &mut train.arguments),
            "extract.arguments" => self.texts(path, value, &mut extract.arguments),
            "held_out.share" => self.number(path, value, SHARE, &mut held_out.share),
            "held_out.group_by" => self.parsed(path, value, &mut held_out.group_by),
            "gate.conditions" => self.parsed(path, value, &mut gate.conditions),
            "gate.first" => self.parsed(path, value, &mut gate.first),
            "gate.alpha" => self.number(path, value, SHARE, &mut gate.alpha),
            "gate.looks" => self.count(path, value, &mut gate.looks),
            "gate.min_groups" => self.count(path, value, &mut gate.min_groups),
            "keep.models" => self.count(path, value, &mut keep.models),
            "keep.disk" => self.parsed(path, value, &mut keep.disk),
            // A test sets each key.
            _ => self.problem(&value.span(), &format!("{path} is not read")),
        }
    }

    /// A text that means something.
    fn parsed<T: FromStr<Err: ToString>>(&mut self, path: &str, value: &Value<'_>, place: &mut T) {
        let Some(text) = value.get_ref().as_str() else {
            return self.problem(&value.span(), &format!("{path} is a text in quotes"));
        };
        match text.parse() {
            Ok(parsed) => *place = parsed,
            Err(error) => {
                let what = format!("{path}: {text:?}: {}", error.to_string());
                self.problem(&value.span(), &what);
            }
        }
    }

    /// A text with something in it.
    fn text(&mut self, path: &str, value: &Value<'_>, place: &mut String) {
        match value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => text.clone_into(place),
            Some(_) => self.problem(
                &value.span(),
                &format!("{path} is empty; leave it out or name one"),
            ),
            None => self.problem(&value.span(), &format!("{path} is a text in quotes")),
        }
    }

    fn texts(&mut self, path: &str, value: &Value<'_>, place: &mut Vec<String>) {
        let items = value.get_ref().as_array().map(|items| {
            let texts = items.iter().map(|it| it.get_ref().as_str());
            texts
                .map(|it| it.map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        });
        match items {
            Some(Some(texts)) => *place = texts,
            _ => self.problem(
                &value.span(),
                &format!("{path} is a list of texts: [\"--seed\", \"7\"]"),
            ),
        }
    }

    fn number(
        &mut self,
        path: &str,
        value: &Value<'_>,
        range: RangeInclusive<f64>,
        place: &mut f64,
    ) {
        let number = match value.get_ref() {
            // `0x10` has its digits and its radix apart.
            DeValue::Integer(number) => {
                let whole = i64::from_str_radix(number.as_str(), number.radix());
                whole.ok().map(|it| it as f64)
            }
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        match number {
            Some(number) if range.contains(&number) => *place = number,
            _ => {
                let (low, high) = (range.start(), range.end());
                let what = format!("{path} is a number from {low} to {high}");
                self.problem(&value.span(), &what);
            }
        }
    }

    fn count(&mut self, path: &str, value: &Value<'_>, place: &mut u32) {
        let mut number = 0.0;
        let n_problems = self.problems.len();
        self.number(path, value, COUNT, &mut number);
        if self.problems.len() > n_problems {
            return;
        }
        if number.fract() > 0.0 {
            return self.problem(&value.span(), &format!("{path} is a whole number"));
        }
        *place = number as u32;
    }

    fn unknown(&mut self, key: &Key<'_>, what: &str, known: &[&str]) {
        let name = key.get_ref().as_ref();
        let cure = match nearest(name, known.iter().copied()) {
            Some(meant) => format!("write `{meant}`"),
            None => format!("known are {}", known.join(", ")),
        };
        self.problem(&key.span(), &format!("{what} `{name}`; {cure}"));
    }

    fn problem(&mut self, span: &Range<usize>, what: &str) {
        let before = self.text.as_bytes().iter().take(span.start);
        let line = 1 + before.filter(|&&byte| byte == b'\n').count();
        self.problems.push((line, what.to_owned()));
    }
}
