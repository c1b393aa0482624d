//! Names and paths that may be broken between their parts: on a phone a column is narrower than `bar_drifts_away`.

use maud::{Markup, html};

/// A longer part without a blank is broken within, since it does not fit a phone's screen.
const MAX_PART: usize = 20;

/// The text, with a possible break after each joining character.
pub(crate) fn breakable(text: &str) -> Markup {
    html! { @for part in parts(text) { (part) wbr; } }
}

fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut n_chars) = (0, 0);
    for (at, c) in text.char_indices() {
        n_chars = if c.is_whitespace() { 0 } else { n_chars + 1 };
        if matches!(c, '_' | '/' | '\\' | '-' | '.' | '=') || n_chars >= MAX_PART {
            let end = at + c.len_utf8();
            parts.extend(text.get(start..end));
            (start, n_chars) = (end, 0);
        }
    }
    parts.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_between_their_words() {
        assert_eq!(parts("bar_drifts_away"), ["bar_", "drifts_", "away"]);
        assert_eq!(parts("a/b.mp4"), ["a/", "b.", "mp4"]);
        let sentence = "recall of the exercise and label told worst";
        assert_eq!(parts(sentence), [sentence], "blanks do it themselves");
        assert_eq!(parts(""), Vec::<&str>::new());
        let long = "ä".repeat(50);
        assert_eq!(parts(&long).concat(), long);
        assert!(parts(&long).iter().all(|it| it.chars().count() <= MAX_PART));
    }
}
