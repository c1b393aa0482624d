//! The side that a group is on, and how a group is named in the ledger.

use std::fmt;

use serde::{Deserialize, Serialize};
use wo_ledger::salted_name;
use wo_record::Group;

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
/// for the hash of a name, finds nothing; who has the ledger can try names, so a takedown takes these hashes out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct KeyHash(String);

impl KeyHash {
    /// Of a key.
    pub(crate) fn of(key: &Group, salt: &str) -> Self {
        Self(salted_name("key", key.as_str(), salt))
    }

    /// A number from 0 to below 1, the same for the same key: where chance decides, this is the chance.
    pub(crate) fn chance(&self, salt: &str) -> f64 {
        let digits = salted_name("chance", &self.0, salt);
        let number = u32::from_str_radix(&digits[..8], 16).expect("hexadecimal digits");
        f64::from(number) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_no_name_and_an_even_chance() {
        let key = Group::of_text("person:anna");
        let hash = KeyHash::of(&key, "salt");
        assert!(!hash.0.contains("anna") && hash.0.len() == 32);
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
