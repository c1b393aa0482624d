//! Reads the fields of a record in one pass, and notes which ones its line has.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

use crate::Frame;

/// The field that tells record types apart. It is none of the fields of a type.
const TYPE: &str = "type";

/// Which fields a line has. Of a line that was read in another way nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Keys {
    /// Nothing is known.
    #[default]
    Unknown,
    /// Its fields, by their places in those of the record type.
    Known {
        /// The fields of the type.
        fields: &'static [&'static str],
        /// A bit for each that the line has.
        is_there: u64,
        /// Whether the line has fields that the type does not know.
        has_others: bool,
    },
}

impl Keys {
    /// Whether a frame that is written has all fields of the line. Then nothing of the line is left to be copied.
    pub(crate) fn are_in(self, frame: &Frame) -> bool {
        let Self::Known { has_others, .. } = self else {
            return false;
        };
        let optional = [
            ("quality", frame.quality.is_some()),
            ("repetition", frame.repetition.is_some()),
            ("phase", frame.phase.is_some()),
            ("shot", frame.shot.is_some()),
        ];
        let mut optional = optional.into_iter();
        !has_others && optional.all(|(name, is_written)| is_written || !self.has(name))
    }

    fn has(self, name: &str) -> bool {
        let Self::Known {
            fields, is_there, ..
        } = self
        else {
            return false;
        };
        let place = fields.iter().position(|field| *field == name);
        place.is_some_and(|place| is_there & bit(place) != 0)
    }
}

/// The bit of a field; none of a field beyond the 64th, of which no type has one.
fn bit(place: usize) -> u64 {
    u32::try_from(place)
        .ok()
        .and_then(|place| 1_u64.checked_shl(place))
        .unwrap_or(0)
}

/// Reads the fields of a line whose record type is known. Two fields `type` are an error here too, since only one was looked at.
pub(crate) fn fields_of<T: DeserializeOwned>(line: &str) -> serde_json::Result<(T, Keys)> {
    let mut keys = Noted::default();
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let record = T::deserialize(Watched {
        inner: &mut deserializer,
        keys: &mut keys,
    })?;
    deserializer.end()?;
    let keys = Keys::Known {
        fields: keys.fields,
        is_there: keys.is_there,
        has_others: keys.has_others,
    };
    Ok((record, keys))
}

/// The fields so far.
#[derive(Default)]
struct Noted {
    fields: &'static [&'static str],
    /// The field that comes next where they come in the order of the type, as our tools write them.
    next: usize,
    is_there: u64,
    has_others: bool,
    has_type: bool,
}

impl Noted {
    fn note<E: Error>(&mut self, key: &str) -> Result<(), E> {
        if key == TYPE {
            if std::mem::replace(&mut self.has_type, true) {
                return Err(E::duplicate_field(TYPE));
            }
            return Ok(());
        }
        let place = if self.fields.get(self.next) == Some(&key) {
            Some(self.next)
        } else {
            self.fields.iter().position(|field| *field == key)
        };
        match place {
            Some(place) if bit(place) != 0 => {
                self.is_there |= bit(place);
                self.next = place + 1;
            }
            _ => self.has_others = true,
        }
        Ok(())
    }
}

/// Hands a struct through, and notes its fields.
struct Watched<'k, I> {
    inner: I,
    keys: &'k mut Noted,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Watched<'_, D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.keys.fields = fields;
        let visitor = Watched {
            inner: visitor,
            keys: self.keys,
        };
        self.inner.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Watched {
            inner: map,
            keys: self.keys,
        })
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Watched<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(Key(key)) = self.inner.next_key()? else {
            return Ok(None);
        };
        self.keys.note(&key)?;
        seed.deserialize(CowStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Record;

    const LINE: &str =
        r#"{"type":"frame","video_id":"v","index":3,"image":{"inline":{"jpeg_base64":""}}}"#;

    fn with(field: &str) -> String {
        format!("{},{field}}}", &LINE[..LINE.len() - 1])
    }

    fn are_in(line: &str, change: fn(&mut Frame)) -> bool {
        let (mut frame, keys) = fields_of::<Frame>(line).unwrap();
        change(&mut frame);
        keys.are_in(&frame)
    }

    #[test]
    fn what_a_frame_would_lose_is_known() {
        assert!(are_in(LINE, |_| ()));
        assert!(are_in(&with(r#""shot":2,"phase":0.5"#), |_| ()));
        // A later version's field, however it is spelt.
        assert!(!are_in(&with(r#""stage":1"#), |_| ()));
        assert!(!are_in(&with(r#""\u0073tage":1"#), |_| ()));
        // A field that is left out where it is empty.
        assert!(!are_in(&with(r#""quality":null"#), |_| ()));
        assert!(!are_in(&with(r#""shot":2"#), |frame| frame.shot = None));
        assert!(!Keys::Unknown.are_in(&fields_of(LINE).unwrap().0));
    }

    #[test]
    fn a_line_in_another_order_or_spelling_is_the_same() {
        let (frame, _) = fields_of::<Frame>(LINE).unwrap();
        let other = r#"{"type":"frame","\u0069ndex":3,"image":{"inline":{"jpeg_base64":""}},"video_id":"v"}"#;
        let (same, keys) = fields_of::<Frame>(other).unwrap();
        assert_eq!(same, frame);
        assert!(keys.are_in(&frame));
        let twice = with(r#""typ\u0065":"video""#);
        let error = fields_of::<Frame>(&twice).unwrap_err();
        assert!(
            error.to_string().contains("duplicate field `type`"),
            "{error}"
        );
        assert!(Record::parse(&twice).is_err());
        assert!(fields_of::<Frame>(&format!("{LINE}{{}}")).is_err());
    }
}
