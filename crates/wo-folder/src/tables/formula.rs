//! Cells that a spreadsheet would run as formulas.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, a tab or a line end gets an apostrophe in front, as OWASP's page on CSV
//! injection advises. Reading takes it away again. A cell that already begins with apostrophes before such a letter gets one
//! more, so that every text comes back as it was.

use std::borrow::Cow;

/// What begins a formula, the full-width forms too, which some spreadsheets take for the same.
const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A cell that no spreadsheet runs.
pub fn quoted(cell: &str) -> Cow<'_, str> {
    if is_dangerous(cell.trim_start_matches('\'')) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The text of a cell.
pub fn unquoted(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_dangerous(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

fn is_dangerous(text: &str) -> bool {
    text.starts_with(STARTS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_quoted_and_nothing_else_is() {
        for (text, cell) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+1", "'+1"),
            ("-knees in", "'-knees in"),
            ("\t=1", "'\t=1"),
            ("'=1", "''=1"),
            ("＝1", "'＝1"),
            ("'quoted'", "'quoted'"),
            ("knees = in", "knees = in"),
            ("", ""),
        ] {
            assert_eq!(quoted(text), cell);
            assert_eq!(unquoted(cell), text);
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "['=+@\\-\t a-zé＝]{0,6}") {
            let cell = quoted(&text);
            prop_assert_eq!(unquoted(&cell), text.as_str());
            prop_assert!(!is_dangerous(&cell));
        }
    }
}
