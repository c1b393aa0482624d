//! A lower bound on the number of CLIP tokens of a text, without CLIP's vocabulary.

/// The number of tokens that CLIP's text tower reads, the start and end markers included.
pub const CLIP_TOKENS: usize = 77;

/// Contractions that CLIP keeps in one token (openai/CLIP `simple_tokenizer.py`).
const CONTRACTIONS: [&str; 7] = ["s", "t", "re", "ve", "m", "ll", "d"];

/// A lower bound on the tokens of a text: one for each word, digit and run of other characters, and one each for start and
/// end. Rare words need more tokens, so a text below the limit may still be too long.
pub fn least_clip_tokens(text: &str) -> usize {
    let mut n_tokens = 2;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let n_bytes = if first.is_whitespace() {
            n_tokens -= 1;
            first.len_utf8()
        } else if first.is_alphabetic() {
            run_of(rest, char::is_alphabetic)
        } else if first.is_numeric() {
            first.len_utf8()
        } else if let Some(length) = contraction(rest) {
            length
        } else {
            run_of(rest, |c| {
                !c.is_whitespace() && !c.is_alphabetic() && !c.is_numeric()
            })
        };
        n_tokens += 1;
        rest = rest.get(n_bytes..).unwrap_or_default();
    }
    n_tokens
}

/// The number of leading bytes whose characters match.
fn run_of(text: &str, is_such: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_such(c)).unwrap_or(text.len())
}

/// The length of a leading contraction.
fn contraction(text: &str) -> Option<usize> {
    let behind = text.strip_prefix('\'')?.as_bytes();
    let is_there = |it: &&&str| {
        let start = behind.get(..it.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(it.as_bytes()))
    };
    let found = CONTRACTIONS.iter().find(is_there)?;
    Some(1 + found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_digits_and_signs_count() {
        for (text, expected) in [
            ("", 2),
            ("  squat ", 3),
            ("squat bad form, knees in", 8),
            ("123", 5),
            ("90%...", 5),
            ("the lifter's back", 6),
            ("it's", 4),
            ("Kniebeuge tief ä", 5),
        ] {
            assert_eq!(least_clip_tokens(text), expected, "{text:?}");
        }
    }
}
