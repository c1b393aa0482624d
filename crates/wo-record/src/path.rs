//! Paths on the wire. A path that is not UTF-8 survives the trip.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path: a JSON string if it is UTF-8, else `{"bytes": "<base64>"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordPath(PathBuf);

impl RecordPath {
    /// The path itself.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl<P: Into<PathBuf>> From<P> for RecordPath {
    fn from(path: P) -> Self {
        Self(path.into())
    }
}

impl fmt::Display for RecordPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl Serialize for RecordPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(text) = self.0.to_str() {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("bytes", &STANDARD.encode(self.0.as_os_str().as_bytes()))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for RecordPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PathVisitor)
    }
}

struct PathVisitor;

impl<'de> Visitor<'de> for PathVisitor {
    type Value = RecordPath;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"a path: a string or {"bytes": base64}"#)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RecordPath, E> {
        if text.contains('\0') {
            return Err(E::custom("a path with a NUL character"));
        }
        Ok(RecordPath(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RecordPath, A::Error> {
        let Some((key, value)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::missing_field("bytes"));
        };
        if key != "bytes" || map.next_key::<String>()?.is_some() {
            return Err(A::Error::custom(
                r#"a path object has the one field "bytes""#,
            ));
        }
        let bytes = STANDARD.decode(value).map_err(A::Error::custom)?;
        if bytes.contains(&0) {
            return Err(A::Error::custom("a path with a NUL character"));
        }
        Ok(RecordPath(OsString::from_vec(bytes).into()))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for RecordPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RecordPath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A path: a string if it is UTF-8, else the bytes in base64.",
            "oneOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "bytes": { "type": "string", "contentEncoding": "base64" } },
                    "required": ["bytes"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], json: &str) {
        let path = RecordPath::from(OsString::from_vec(bytes.to_vec()));
        assert_eq!(serde_json::to_string(&path).unwrap(), json);
        assert_eq!(serde_json::from_str::<RecordPath>(json).unwrap(), path);
    }

    #[test]
    fn utf8_is_a_string_and_other_bytes_survive() {
        check(b"a/b c.mp4", r#""a/b c.mp4""#);
        check(b"a/\xff.mp4", r#"{"bytes":"YS//Lm1wNA=="}"#);
    }

    #[test]
    fn nonsense_is_refused() {
        for json in [
            "1",
            "{}",
            r#"{"text":"a"}"#,
            r#"{"bytes":"***"}"#,
            r#"{"bytes":"","x":""}"#,
            r#""a\u0000b""#,
            r#"{"bytes":"AA=="}"#,
        ] {
            assert!(serde_json::from_str::<RecordPath>(json).is_err(), "{json}");
        }
    }
}
