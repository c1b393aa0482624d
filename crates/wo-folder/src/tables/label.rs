//! Labels as people write them into cells and name folders by them.

use wo_label::nearest;
use wo_record::{BAD_FORM, GOOD_FORM, Name, UNCLEAR};

/// What a text says of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenLabel {
    /// Nothing: there are no letters, or too many.
    None,
    /// One of the three that the tools know: `good_form`, `bad_form`, `unclear`.
    Known(Name),
    /// A label of one's own.
    New(Name),
    /// No label, but close to one: a slip of the hand, which must not become a label of its own.
    Misspelt {
        /// What is written.
        written: Name,
        /// What is probably meant.
        meant: &'static str,
    },
    /// Longer than a name may be: names of files are made of it.
    TooLong(Name),
}

impl WrittenLabel {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        let name = Name::label(text);
        if name.is_empty() {
            return Self::None;
        }
        if name.is_known_label() {
            return Self::Known(name);
        }
        if name.is_too_long() {
            return Self::TooLong(name);
        }
        let known = [
            (GOOD_FORM, GOOD_FORM),
            (BAD_FORM, BAD_FORM),
            (UNCLEAR, UNCLEAR),
            ("good", GOOD_FORM),
            ("bad", BAD_FORM),
        ];
        let near = nearest(name.as_str(), known.map(|(word, _)| word));
        match near.and_then(|near| known.iter().find(|(word, _)| *word == near)) {
            Some((_, meant)) => Self::Misspelt {
                written: name,
                meant,
            },
            None => Self::New(name),
        }
    }

    /// The label that is in effect.
    pub fn name(&self) -> Option<&Name> {
        match self {
            Self::Known(name) | Self::New(name) => Some(name),
            Self::None | Self::Misspelt { .. } | Self::TooLong(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_never_becomes_a_label() {
        let known = |text: &str| WrittenLabel::Known(Name::new(text));
        for text in ["good", "GOOD FORM", "good-form", "goodform", "GoodForm "] {
            assert_eq!(WrittenLabel::of(text), known(GOOD_FORM), "{text}");
        }
        assert_eq!(WrittenLabel::of("un clear"), known(UNCLEAR));
        for (text, wanted) in [
            ("god_form", GOOD_FORM),
            ("good_from", GOOD_FORM),
            ("bad_fom", BAD_FORM),
            ("unclaer", UNCLEAR),
            ("goood", GOOD_FORM),
        ] {
            let label = WrittenLabel::of(text);
            assert!(
                matches!(&label, WrittenLabel::Misspelt { meant, .. } if *meant == wanted),
                "{text}: {label:?}"
            );
        }
        assert_eq!(
            WrittenLabel::of("Wobbly"),
            WrittenLabel::New("wobbly".into())
        );
        assert_eq!(WrittenLabel::of(" - "), WrittenLabel::None);
        for (n, is_too_long) in [(50, false), (51, true)] {
            let label = WrittenLabel::of(&"ä".repeat(n));
            let found = matches!(label, WrittenLabel::TooLong(_));
            assert_eq!(found, is_too_long, "{n} letters of two bytes");
            assert_eq!(label.name().is_none(), is_too_long);
        }
    }
}
