//! A message for people: what is so, and what they can do about it.

use std::fmt;

/// Begins each line that says what the user can do.
const HINT: &str = "hint: ";

/// A text and its hints, each a sentence without `hint:`. Shows each hint on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What is so.
    pub text: String,
    /// What the user can do about it.
    pub hints: Vec<String>,
}

impl Message {
    /// A text without hints.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            hints: Vec::new(),
        }
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same with more hints.
    #[must_use]
    pub fn hints<H: Into<String>>(mut self, hints: impl IntoIterator<Item = H>) -> Self {
        self.hints.extend(hints.into_iter().map(Into::into));
        self
    }

    /// The same text behind `start: `.
    #[must_use]
    pub fn about(mut self, start: impl fmt::Display) -> Self {
        self.text = format!("{start}: {}", self.text);
        self
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.hints
            .iter()
            .try_for_each(|hint| write!(f, "\n{HINT}{hint}"))
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Makes a [`Message`] of a text and any number of hints, each formatted as `format!` does:
/// `message!("{n} videos have no label"; "name their folders")`.
#[macro_export]
macro_rules! message {
    ($text:literal $(, $arg:expr)* $(; $hint:literal $(, $hint_arg:expr)*)* $(,)?) => {
        $crate::Message::new(format!($text $(, $arg)*))
            $(.hint(format!($hint $(, $hint_arg)*)))*
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_hint_has_a_line() {
        let message = crate::message!("{} of {}", 1, 2; "give {}", 2; "or none");
        assert_eq!(message.to_string(), "1 of 2\nhint: give 2\nhint: or none");
        let about = message.about("a.csv").hints(["see --help"]);
        assert_eq!(
            about.to_string(),
            "a.csv: 1 of 2\nhint: give 2\nhint: or none\nhint: see --help"
        );
    }
}
