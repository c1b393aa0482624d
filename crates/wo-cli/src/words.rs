//! Counts and lists in messages.

use std::fmt::Display;
use std::path::Path;

use crate::Message;

/// The number of names that a message lists; of others it only gives the number.
const N_NAMED: usize = 5;

/// `1 video`, `2 videos`; `1 class`, `3 classes`; `0 entries`. Pluralizes the last word of `noun`.
pub fn count(n: impl Display, noun: &str) -> String {
    let n = n.to_string();
    if n == "1" {
        return format!("{n} {noun}");
    }
    let ends = |endings: &[&str]| endings.iter().any(|ending| noun.ends_with(ending));
    let plural = match noun.strip_suffix('y') {
        Some(stem) if !ends(&["ay", "ey", "oy", "uy"]) => format!("{stem}ies"),
        // The ch of an epoch is a k.
        _ if ends(&["epoch"]) => format!("{noun}s"),
        _ if ends(&["s", "x", "ch", "sh"]) => format!("{noun}es"),
        _ => format!("{noun}s"),
    };
    format!("{n} {plural}")
}

/// The verb after [`count`]: `one` for 1, else `many`.
pub fn verb<'a>(n: impl Display, one: &'a str, many: &'a str) -> &'a str {
    if n.to_string() == "1" { one } else { many }
}

/// `a.mp4, b.mp4`; of a long list the first five and the number of others.
pub fn named<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let mut names = names.into_iter();
    let told: Vec<String> = names
        .by_ref()
        .take(N_NAMED)
        .map(|it| it.to_string())
        .collect();
    let n_more = names.count();
    let list = told.join(", ");
    if n_more == 0 {
        list
    } else {
        format!("{list} and {n_more} more")
    }
}

/// The final message about inputs that failed: how many, which, why, and what to do.
pub fn failed(inputs: &[(String, String)], cures: Vec<String>) -> Message {
    let n = count(inputs.len(), "input");
    let told = inputs.iter().take(N_NAMED);
    let told = told.map(|(name, what)| format!("{name}: {}", first_line(what)));
    let n_more = inputs.len().saturating_sub(N_NAMED);
    let more = (n_more > 0).then(|| format!("and {n_more} more"));
    Message::new(format!("{n} failed, and the run went on without:"))
        .items(told.chain(more))
        .hints(cures)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A path quoted for a shell, so that a command in a hint can be pasted.
pub fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    // A leading hyphen would make it a flag.
    let text = if text.starts_with('-') {
        format!("./{text}")
    } else {
        text
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_something_is_singular() {
        for (n, noun, expected) in [
            (0, "video", "0 videos"),
            (1, "video", "1 video"),
            (2, "video", "2 videos"),
            (1, "class", "1 class"),
            (2, "class", "2 classes"),
            (3, "batch", "3 batches"),
            (5, "epoch", "5 epochs"),
            (2, "entry", "2 entries"),
            (2, "day", "2 days"),
            (11, "training video", "11 training videos"),
        ] {
            assert_eq!(count(n, noun), expected);
        }
        assert_eq!((verb(1, "is", "are"), verb(21, "is", "are")), ("is", "are"));
    }

    #[test]
    fn the_first_inputs_that_failed_are_told_with_their_reasons() {
        let inputs: Vec<_> = (1..=6)
            .map(|n| (format!("{n}.mp4"), "no video\nhint: none".to_owned()))
            .collect();
        let told = failed(&inputs, vec!["mend them".to_owned()]).shown();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], "6 inputs failed, and the run went on without:");
        assert_eq!(
            (lines[1], lines[5]),
            ("  1.mp4: no video", "  5.mp4: no video")
        );
        assert_eq!(lines[6..], ["  and 1 more", "hint: mend them"]);
        assert_eq!(failed(&inputs[..1], Vec::new()).shown().lines().count(), 2);
    }

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        let word = |path: &str| shell_word(Path::new(path));
        assert_eq!(word("data/squat_1.mp4"), "data/squat_1.mp4");
        assert_eq!(word("my videos/a.mp4"), "'my videos/a.mp4'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word("-a;b"), "'./-a;b'");
    }

    #[test]
    fn of_a_long_list_the_first_are_named() {
        assert_eq!(named(["a"]), "a");
        assert_eq!(named(1..=5), "1, 2, 3, 4, 5");
        assert_eq!(named(1..=8), "1, 2, 3, 4, 5 and 3 more");
    }
}
