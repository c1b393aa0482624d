//! Texts and flags as messages quote them.

/// A text, cut to the length that a message can hold.
pub(super) fn short(text: &str) -> String {
    const MAX_CHARS: usize = 100;
    let mut short: String = text.chars().take(MAX_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A flag with its value, quoted for a shell.
pub(super) fn flag(flag: &str, key: &str, value: &str) -> String {
    let word = wo_cli::shell_word(format!("{key}={value}").as_ref());
    format!("{flag} {word}")
}
