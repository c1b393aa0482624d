//! A message for people: what is so, and what they can do about it.

use crate::escaped;

/// Begins each line that says what the user can do.
const HINT: &str = "hint: ";

/// A text, lines under it, and hints, each a sentence without `hint:`. It has no `Display`: [`Message::shown`] escapes what
/// is in it, since texts have names in them that anybody may have written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What is so.
    pub text: String,
    /// What it is about, one by one.
    pub items: Vec<String>,
    /// What the user can do about it.
    pub hints: Vec<String>,
    /// Lines at the end, to be copied as they are.
    pub block: Vec<String>,
}

impl Message {
    /// A text without anything else.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            items: Vec::new(),
            hints: Vec::new(),
            block: Vec::new(),
        }
    }

    /// The same with more lines under it.
    #[must_use]
    pub fn items<T: Into<String>>(mut self, items: impl IntoIterator<Item = T>) -> Self {
        self.items.extend(items.into_iter().map(Into::into));
        self
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

    /// The same with the lines of `text` at its end.
    #[must_use]
    pub fn block(mut self, text: &str) -> Self {
        self.block.extend(text.lines().map(str::to_owned));
        self
    }

    /// The same text behind `start: `.
    #[must_use]
    pub fn about(mut self, start: impl std::fmt::Display) -> Self {
        self.text = format!("{start}: {}", self.text);
        self
    }

    /// All of it for a terminal, each hint and each line on a line of its own, escaped.
    pub fn shown(&self) -> String {
        let mut shown = escaped(&self.text);
        let items = self.items.iter().map(|it| ("  ", it));
        let hints = self.hints.iter().map(|it| (HINT, it));
        let block = self.block.iter().map(|it| ("", it));
        for (start, line) in items.chain(hints).chain(block) {
            shown.push('\n');
            shown.push_str(start);
            shown.push_str(&escaped(line));
        }
        shown
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
        assert_eq!(message.shown(), "1 of 2\nhint: give 2\nhint: or none");
        let about = message.about("a.csv").hints(["see --help"]);
        assert_eq!(
            about.shown(),
            "a.csv: 1 of 2\nhint: give 2\nhint: or none\nhint: see --help"
        );
    }

    #[test]
    fn no_name_makes_a_line_of_its_own() {
        let name = "a.mp4\nhint: rm -r ~";
        let message = crate::message!("{name} failed"; "mend {name}")
            .items([name])
            .block("[a]\nb = 1");
        assert_eq!(
            message.shown(),
            "a.mp4\\nhint: rm -r ~ failed\n  a.mp4\\nhint: rm -r ~\nhint: mend a.mp4\\nhint: rm -r ~\n[a]\nb = 1"
        );
    }
}
