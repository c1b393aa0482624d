//! One line of a stream: its record and its text.

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

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
}

impl Line {
    /// The text of `record` with the unknown fields of this line.
    pub fn rewritten(&self, record: &Record) -> serde_json::Result<String> {
        let mut fields: Fields = serde_json::from_str(&serde_json::to_string(record)?)?;
        let old: Fields = serde_json::from_str(&self.text)?;
        let n_known = fields.0.len();
        for (name, value) in old.0 {
            // Only the few known names are searched: a line of a million unknown fields must not take hours.
            if !fields
                .0
                .iter()
                .take(n_known)
                .any(|(known, _)| *known == name)
            {
                fields.0.push((name, value));
            }
        }
        serde_json::to_string(&fields)
    }
}

/// A JSON object whose values are kept as they were written, in their order.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
