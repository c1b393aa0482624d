//! Repairs text with half a character.

use std::borrow::Cow;

/// The text of a task, and whether it was repaired. Half characters, as in truncated text, become `�`.
pub(super) fn repaired(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let text = String::from_utf8_lossy(bytes);
    let is_repaired = matches!(text, Cow::Owned(_));
    match without_lone_surrogates(&text) {
        Some(mended) => (Cow::Owned(mended), true),
        None => (text, is_repaired),
    }
}

fn without_lone_surrogates(text: &str) -> Option<String> {
    let mut mended: Option<String> = None;
    // The part that `mended` contains.
    let mut n_done = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let (n_used, is_half) = match unit_at(text, at) {
            None => (2, false),
            Some(0xD800..=0xDBFF) => match unit_at(text, at + 6) {
                Some(0xDC00..=0xDFFF) => (12, false),
                _ => (6, true),
            },
            Some(unit) => (6, (0xDC00..=0xDFFF).contains(&unit)),
        };
        if is_half {
            let mended = mended.get_or_insert_default();
            mended.push_str(text.get(n_done..at).unwrap_or_default());
            mended.push('\u{fffd}');
            n_done = at + n_used;
        }
        at += n_used;
        // A backslash before a letter of several bytes is an error that the parser finds.
        while at < text.len() && !text.is_char_boundary(at) {
            at += 1;
        }
    }
    let mut mended = mended?;
    mended.push_str(text.get(n_done..).unwrap_or_default());
    Some(mended)
}

/// The number of an escape such as `\ud83d`.
fn unit_at(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_becomes_the_replacement_character() {
        for (text, expected) in [
            (r#"{"a":"x\ud800"}"#, "{\"a\":\"x\u{fffd}\"}"),
            (
                r"\uDC00\ud83d\ude00\ud83dé",
                "\u{fffd}\\ud83d\\ude00\u{fffd}é",
            ),
            (r"\\ud800 \u00e9", r"\\ud800 \u00e9"),
            ("\\é\\", "\\é\\"),
            (r"\ud8", r"\ud8"),
        ] {
            let (found, is_repaired) = repaired(text.as_bytes());
            assert_eq!(
                (&*found, is_repaired),
                (expected, text != expected),
                "{text}"
            );
        }
        assert_eq!(repaired(b"a\xff"), (Cow::Borrowed("a\u{fffd}"), true));
    }
}
