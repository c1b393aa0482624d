//! Names of exercises, labels and faults: `snake_case` words, so that a folder, a CSV and a record agree.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The label of a video or frame that shows the exercise done well.
pub const GOOD_FORM: &str = "good_form";
/// The label of a video or frame that shows at least one fault.
pub const BAD_FORM: &str = "bad_form";
/// The label of a video or frame that cannot be judged.
pub const UNCLEAR: &str = "unclear";

/// A lower-case name of letters, digits and underscores, such as `squat`, `bad_form` or `knees_cave`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "String")]
pub struct Name(String);

impl Name {
    /// The most bytes of a name that a person may give: a label, a fault, an exercise, a person, a reviewer. Up to two of
    /// them are in the name of a file, which has at most 255.
    pub const MAX_BYTES: usize = 100;

    /// Normalises `text`: `Barbell Row`, `barbell-row` and `barbell_row` are the same name.
    pub fn new(text: &str) -> Self {
        if is_normal(text) {
            return Self(text.to_owned());
        }
        let mut name = String::with_capacity(text.len());
        for c in text.trim().chars() {
            if c.is_alphanumeric() {
                // `İ` becomes `i` and a dot above; the dot is no letter and would change the name when read again.
                name.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
            } else if !name.ends_with('_') && !name.is_empty() {
                name.push('_');
            }
        }
        Self(name.trim_end_matches('_').to_owned())
    }

    /// The label of a folder or a CSV cell: as [`Name::new`], and `good`, `bad` mean `good_form`, `bad_form`. Word breaks make
    /// no difference: `goodform` and `un clear` are known labels too.
    pub fn label(text: &str) -> Self {
        let name = Self::new(text);
        let letters = name.0.split('_').flat_map(str::chars);
        for (known, spellings) in [
            (GOOD_FORM, ["good", "goodform"]),
            (BAD_FORM, ["bad", "badform"]),
            (UNCLEAR, [UNCLEAR, UNCLEAR]),
        ] {
            if spellings
                .iter()
                .any(|spelling| letters.clone().eq(spelling.chars()))
            {
                return Self(known.to_owned());
            }
        }
        name
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if the text had no letters and digits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True for a name of more bytes than [`Name::MAX_BYTES`]. Whatever reads names from outside refuses it.
    pub fn is_too_long(&self) -> bool {
        self.0.len() > Self::MAX_BYTES
    }

    /// True for the three labels that the tools know.
    pub fn is_known_label(&self) -> bool {
        matches!(self.as_str(), GOOD_FORM | BAD_FORM | UNCLEAR)
    }

    /// The name in words: `barbell_row` is `barbell row`.
    pub fn words(&self) -> String {
        self.0.replace('_', " ")
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is a normal ASCII name already. Nearly all are, and there are millions.
fn is_normal(text: &str) -> bool {
    let is_part = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut parts = text.as_bytes().split(|&c| c == b'_');
    parts.all(|part| !part.is_empty() && part.iter().all(|&c| is_part(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_agree() {
        for text in [
            "barbell_row",
            "Barbell Row",
            "barbell-row",
            " barbell__row_ ",
        ] {
            assert_eq!(Name::new(text).as_str(), "barbell_row", "{text:?}");
        }
        assert_eq!(Name::label("Good").as_str(), GOOD_FORM);
        assert_eq!(Name::label("bad form").as_str(), BAD_FORM);
        assert_eq!(Name::label("GoodForm").as_str(), GOOD_FORM);
        assert_eq!(Name::label("un_clear").as_str(), UNCLEAR);
        assert_eq!(Name::label("goods").as_str(), "goods");
        for text in [
            "_barbell_row",
            "barbell_row_",
            "barbell__row",
            "__barbell_row",
        ] {
            assert_eq!(Name::new(text).as_str(), "barbell_row", "{text:?}");
        }
        assert!(Name::new("--").is_empty());
        assert!(Name::new("").is_empty());
        assert_eq!(Name::new("Kniebeuge tief ä").as_str(), "kniebeuge_tief_ä");
    }
}
