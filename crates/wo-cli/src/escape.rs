//! What somebody else wrote, such as the name of a file, in a line for people.

use unicode_general_category::{GeneralCategory, get_general_category};

/// A text on one line that drives no terminal: control characters, line ends and characters without a sign of their own,
/// such as those that turn the order of letters, are escaped as Rust writes them.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Letters and signs without ink: a joiner, the fillers of Hangul, and Braille without a dot.
const BLANK_LETTERS: [char; 6] = [
    '\u{34f}', '\u{115f}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{ffa0}',
];

fn is_unseen(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    BLANK_LETTERS.contains(&c)
        || matches!(
            get_general_category(c),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_stays_on_its_line_and_cannot_control_the_terminal() {
        assert_eq!(escaped("a\u{1b}[2Jb\u{9b}c\rd"), "a\\u{1b}[2Jb\\u{9b}c\\rd");
        assert_eq!(escaped("two\nlines\t, ä 深蹲"), "two\\nlines\\t, ä 深蹲");
        for (hidden, shown) in [
            // Turn the order of letters: overrides, isolates, marks.
            ('\u{202e}', "\\u{202e}"),
            ('\u{2066}', "\\u{2066}"),
            ('\u{200f}', "\\u{200f}"),
            ('\u{61c}', "\\u{61c}"),
            // Are not seen: zero width, byte order mark, soft hyphen, tags.
            ('\u{200b}', "\\u{200b}"),
            ('\u{3164}', "\\u{3164}"),
            ('\u{2800}', "\\u{2800}"),
            ('\u{feff}', "\\u{feff}"),
            ('\u{ad}', "\\u{ad}"),
            ('\u{e0041}', "\\u{e0041}"),
            // Ends of lines and paragraphs.
            ('\u{2028}', "\\u{2028}"),
            ('\u{2029}', "\\u{2029}"),
            ('\u{85}', "\\u{85}"),
        ] {
            assert_eq!(escaped(&format!("a{hidden}b")), format!("a{shown}b"));
        }
    }
}
