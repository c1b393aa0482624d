//! The side that a group is on, and how a group is named in the ledger.

use std::fmt;

use serde::{Deserialize, Serialize};
use wo_record::Group;

/// Hexadecimal digits of a key's hash.
const DIGITS: usize = 32;

/// Which models may see a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// Models are trained on it.
    Training,
    /// No model is ever trained on it. It is in the set of this number, from 1; sets are judged on one after the other.
    HeldOut(u32),
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Training => f.write_str("training"),
            Self::HeldOut(_) => f.write_str("held out"),
        }
    }
}

/// A key's name in the ledger: a hash of the person, the source or the video with the ledger's salt. A search for a name, or
/// for the hash of a name, finds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct KeyHash(String);

impl KeyHash {
    /// Of a key.
    pub(crate) fn of(key: &Group, salt: &str) -> Self {
        Self(hashed("key", key.as_str(), salt))
    }

    /// A number from 0 to below 1, the same for the same key: where chance decides, this is the chance.
    pub(crate) fn chance(&self, salt: &str) -> f64 {
        let digits = hashed("chance", &self.0, salt);
        let number = u32::from_str_radix(&digits[..8], 16).expect("hexadecimal digits");
        f64::from(number) / (f64::from(u32::MAX) + 1.0)
    }
}

fn hashed(purpose: &str, text: &str, salt: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [purpose, salt, text] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut digits = hasher.finalize().to_hex().to_string();
    digits.truncate(DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_no_name_and_an_even_chance() {
        let key = Group::of_text("person:anna");
        let hash = KeyHash::of(&key, "salt");
        assert!(!hash.0.contains("anna") && hash.0.len() == DIGITS);
        assert_ne!(hash, KeyHash::of(&key, "another salt"));
        let chances: Vec<f64> = (0..1000)
            .map(|it| KeyHash::of(&Group::of_video_id(&it.to_string()), "salt").chance("salt"))
            .collect();
        let mean = chances.iter().sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
        assert!(chances.iter().all(|it| (0.0..1.0).contains(it)));
    }

    #[test]
    fn sides_are_written_in_words() {
        let text = |side| serde_json::to_string(&side).unwrap();
        assert_eq!(text(Side::Training), r#""training""#);
        assert_eq!(text(Side::HeldOut(2)), r#"{"held_out":2}"#);
    }
}
