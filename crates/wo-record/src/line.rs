//! One line of a stream: its record and its text.

use std::borrow::Cow;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::keys::Keys;
use crate::{Kind, Record};

/// A record together with the text that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Where it starts, in bytes from the start of the stream.
    pub offset: u64,
    /// The text, without the line end.
    pub text: String,
    /// The record, or the name of an unknown type.
    pub record: Result<Record, Kind>,
    /// Which fields it has.
    pub(crate) keys: Keys,
}

impl Line {
    /// The line of this text alone, as if it were the first one.
    pub fn of_text(text: String) -> serde_json::Result<Self> {
        let (record, keys) = Record::read(&text)?;
        Ok(Self {
            number: 1,
            offset: 0,
            text,
            record,
            keys,
        })
    }

    /// The text of `record` with the unknown fields of this line.
    pub fn rewritten(&self, record: &Record) -> serde_json::Result<String> {
        let mut text = Vec::new();
        self.rewrite(record, &mut text)?;
        String::from_utf8(text).map_err(serde_json::Error::custom)
    }

    /// Writes the text of `record` with the unknown fields of this line behind what `text` has.
    pub(crate) fn rewrite(&self, record: &Record, text: &mut Vec<u8>) -> serde_json::Result<()> {
        let start = text.len();
        serde_json::to_writer(&mut *text, record)?;
        if matches!(record, Record::Frame(frame) if self.keys.are_in(frame)) {
            return Ok(());
        }
        let written = text.split_off(start);
        let mut fields: Fields<'_> = serde_json::from_slice(&written)?;
        let old: Fields<'_> = serde_json::from_str(&self.text)?;
        let n_known = fields.0.len();
        for (name, value) in old.0 {
            // Only the few known names are searched: a line of a million unknown fields must not take hours.
            let mut known = fields.0.iter().take(n_known);
            if !known.any(|(known, _)| *known == name) {
                fields.0.push((name, value));
            }
        }
        serde_json::to_writer(text, &fields)
    }
}

/// A JSON object whose values are kept as they were written, in their order.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// A name without a copy of it, where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
